import { setImmediate } from 'node:timers/promises';
import type { SegmentRow } from '#store';
import type { AssetDeps } from './deps.ts';

/** What was recorded in the range, by start, a page at a time: a day has tens of thousands of segments. */
export async function* pagesRecorded(
  { store }: Pick<AssetDeps, 'store'>,
  streamId: string,
  startMs: number,
  endMs: number,
): AsyncGenerator<SegmentRow[]> {
  for (const page of store.segments.pages(streamId, startMs, endMs)) {
    yield page;
    await setImmediate(); // Everything else has its turn.
  }
}

/** All of it. */
export async function recordedIn(
  deps: Pick<AssetDeps, 'store'>,
  streamId: string,
  startMs: number,
  endMs: number,
): Promise<SegmentRow[]> {
  const rows: SegmentRow[] = [];
  for await (const page of pagesRecorded(deps, streamId, startMs, endMs)) rows.push(...page);
  return rows;
}
