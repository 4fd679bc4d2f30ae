import { setImmediate } from 'node:timers/promises';
import type { Rule, Scene, SceneIndex, Transcript } from '#domain';
import type { Store } from '#store';
import type { Happening } from './attend.ts';
import type { Meanings } from './meanings.ts';
import { knownEnds, type Piece, piecesOf } from './pieces.ts';
import { companion, hears } from './sources.ts';

/** What is gone through: one index, or for rules about speech what was said on the stream. */
export interface RehearsalQuery {
  rule: Rule;
  streamId: string;
  /** Undefined where nothing but speech matters. */
  index: SceneIndex | undefined;
  /** As if it had been armed then. */
  fromMs: number;
  toMs: number;
  /** As the alert would have it. */
  threshold?: number;
  /** Absent where nothing compares pictures with texts. */
  meanings?: Pick<Meanings, 'similar'> | undefined;
}

/** Something that happened, as it was known then. */
export interface Remembered extends Happening {
  seq?: number;
  /** It is the first that is looked at of a scene. */
  isFirst: boolean;
  isToldAnew: boolean;
}

export type Past = Pick<Store, 'replay' | 'journal' | 'streams' | 'indexes'>;

/** Rows that are read at once. */
const BATCH = 128;

/** Everything that the rule would have been told, by when it had happened; ends when `signal` aborts. */
export function past(store: Past, query: RehearsalQuery, signal: AbortSignal): AsyncIterable<Remembered> {
  const { rule, index } = query;
  if (rule.subject.kind === 'parts' && index) return joined(store, query, index, signal);
  return rule.subject.kind === 'speech' || !index ? said(store, query, signal) : seen(store, query, index, signal);
}

/** Of rules with parts: what the index tells, and beside it what the other one does. */
function joined(
  store: Past,
  query: RehearsalQuery,
  index: SceneIndex,
  signal: AbortSignal,
): AsyncGenerator<Remembered, void> {
  const all = store.indexes.listByStream(query.streamId);
  const other = companion(store.indexes.listRunning(query.streamId), index) ?? companion(all, index);
  const both = [index, ...(other ? [other] : [])];
  const sources = both.map((one) => seen(store, query, one, signal));
  return interleaved(both.some(hears) ? [...sources, said(store, query, signal)] : sources);
}

/** By when each had happened. */
async function* interleaved(sources: readonly AsyncGenerator<Remembered, void>[]): AsyncGenerator<Remembered, void> {
  const next = await Promise.all(sources.map((source) => source.next()));
  for (;;) {
    let first = -1;
    for (const [i, { value }] of next.entries()) {
      const best = next[first]?.value;
      if (value && (!best || value.endMs < best.endMs)) first = i;
    }
    const [source, found] = [sources[first], next[first]?.value];
    if (!source || !found) return;
    yield found;
    next[first] = await source.next();
  }
}

/** What was said, by when it was said; written down it may have been in another order. */
async function* said(store: Past, query: RehearsalQuery, signal: AbortSignal): AsyncGenerator<Remembered, void> {
  const { streamId, index } = query;
  const batches = batchesOf<Transcript>((after) =>
    store.replay.transcripts(streamId, { ...query, after, limit: BATCH }),
  );
  for await (const transcripts of batches) {
    for (const { startMs, endMs, text } of transcripts) {
      if (signal.aborted) return;
      if (endMs <= query.fromMs || endMs > query.toMs) continue;
      const what = { streamId, indexId: index?.id ?? '', startMs, endMs, text, isTranscript: true };
      yield { ...what, isFirst: true, isToldAnew: false };
    }
  }
}

async function* seen(
  store: Past,
  query: RehearsalQuery,
  index: SceneIndex,
  signal: AbortSignal,
): AsyncGenerator<Remembered, void> {
  const ends = await knownEnds(store.journal, query.streamId);
  let waiting: Piece[] = [];
  const batches = batchesOf<Scene>((after) => store.replay.scenes(index.id, { ...query, after, limit: BATCH }));
  for await (const scenes of batches) {
    for (const scene of scenes) {
      // A piece of a scene comes before whatever begins behind its end.
      const due = waiting.filter(({ endMs }) => endMs <= scene.startMs);
      if (due.length > 0) waiting = waiting.filter(({ endMs }) => endMs > scene.startMs);
      yield* inOrder(due, signal);
      waiting.push(...piecesOf(scene, index, ends, query));
    }
  }
  yield* inOrder(waiting, signal);
}

function* inOrder(pieces: Piece[], signal: AbortSignal): Generator<Remembered, void> {
  pieces.sort((a, b) => a.endMs - b.endMs || a.scene.id - b.scene.id);
  for (const { scene, endMs, seq, isFirst } of pieces) {
    if (signal.aborted) return;
    const isToldAnew = scene.facts?.told !== undefined;
    yield { ...scene, sceneId: scene.id, endMs, isFirst, isToldAnew, ...(seq === undefined ? {} : { seq }) };
  }
}

interface Row {
  id: number;
  startMs: number;
}

/** Batch after batch until there is none; everything else has its turn in between. */
async function* batchesOf<T extends Row>(read: (after: Row | undefined) => T[]): AsyncGenerator<T[], void> {
  let after: Row | undefined;
  for (;;) {
    const batch = read(after);
    if (batch.length > 0) yield batch;
    after = batch.at(-1);
    if (after === undefined || batch.length < BATCH) return;
    await setImmediate();
  }
}
