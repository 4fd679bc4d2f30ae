/** What each index of a camera tells, in a line, and what of it the box can't. */
import { el } from '../dom.ts';
import type { IndexStatusJson } from '../wire.ts';

export function indexLines(indexes: readonly IndexStatusJson[]): HTMLElement[] {
  return indexes.map((index) => {
    const line = el('li', {}, el('strong', {}, index.name), ` ${indexWords(index)}`);
    const missing = (index.missing ?? []).map((what) => el('span', { class: 'camera-missing' }, `Not told: ${what}`));
    line.append(...missing, ...backfillBar(index));
    return line;
  });
}

/** How far it has come with older recordings, while it is at it. */
function backfillBar({ backfill }: IndexStatusJson): HTMLElement[] {
  if (!backfill || !['waiting', 'running'].includes(backfill.status)) return [];
  const percent = Math.floor(backfill.progress * 100);
  const bar = el('progress', { value: String(percent), max: '100' });
  return [el('span', { class: 'camera-backfill' }, 'Older recordings ', bar, ` ${percent} %`)];
}

/** "tells of people and cars."; a stopped one says so first. */
export function indexWords({ status, understood = '' }: IndexStatusJson): string {
  const words = understood.charAt(0).toLowerCase() + understood.slice(1);
  return status === 'running' ? words : `is ${status}${words === '' ? '.' : `; when it runs it ${words}`}`;
}
