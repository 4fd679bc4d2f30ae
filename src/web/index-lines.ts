/** What each index of a camera tells, in a line, and what of it the box can't. */
import { el } from './dom.ts';
import type { IndexStatusJson } from './wire.ts';

export function indexLines(indexes: readonly IndexStatusJson[]): HTMLElement[] {
  return indexes.map((index) => {
    const line = el('li', {}, el('strong', {}, index.name), ` ${indexWords(index)}`);
    const missing = (index.missing ?? []).map((what) => el('span', { class: 'camera-missing' }, `Not told: ${what}`));
    line.append(...missing);
    return line;
  });
}

/** "tells of people and cars."; a stopped one says so first. */
export function indexWords({ status, understood = '' }: IndexStatusJson): string {
  const words = understood.charAt(0).toLowerCase() + understood.slice(1);
  return status === 'running' ? words : `is ${status}${words === '' ? '.' : `; when it runs it ${words}`}`;
}
