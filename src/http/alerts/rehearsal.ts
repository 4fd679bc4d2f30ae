import { listens, type Rule, type SceneIndex, type Stream, toldByAudio } from '#domain';
import { type Rehearsed, rehearse, Tally } from '#events';
import type { HttpDeps } from '../deps.ts';
import { muteReasons } from './mute-reasons.ts';

export interface Rehearsal {
  rule: Rule;
  streams: readonly Stream[];
  /** Of the only stream; undefined: one that suits, of each. */
  index: SceneIndex | undefined;
  fromMs: number;
  toMs: number;
  /** As the alert would have it. */
  threshold?: number;
}

/** What came of one camera. */
export interface RehearsedPart {
  stream: Stream;
  index: SceneIndex | undefined;
  tally: Tally;
  /** From where there is something to look at, to the end. */
  spanMs: number;
  looked: number;
  mute: number;
  retold: number;
  /** Why such an alert can't fire there now. */
  missing: string[];
}

export interface RehearsalNews {
  /** 0–1. */
  done: number;
  fired: (Rehearsed & { stream: Stream })[];
  /** Comes at last. */
  parts?: RehearsedPart[];
}

type Deps = Pick<HttpDeps, 'store' | 'inference' | 'listening' | 'supervisor' | 'tellers' | 'meanings'>;

/** Camera after camera; ends early, without parts, when `signal` aborts. */
export async function* rehearseAll(
  query: Rehearsal,
  deps: Deps,
  signal: AbortSignal,
): AsyncGenerator<RehearsalNews, void> {
  const { streams, fromMs, toMs } = query;
  const parts: RehearsedPart[] = [];
  const { meanings } = deps;
  await meanings?.prepare(query.rule, signal);
  for (const [n, stream] of streams.entries()) {
    const part = partOf(query, stream, deps);
    parts.push(part);
    if (!part.index && query.rule.subject.kind !== 'speech') continue;
    for await (const step of rehearse(
      deps.store,
      { ...query, meanings, streamId: stream.id, index: part.index },
      signal,
    )) {
      part.looked += step.looked;
      part.mute += step.mute;
      part.retold += step.retold;
      if (step.sinceMs !== undefined) part.spanMs = toMs - Math.max(fromMs, step.sinceMs);
      for (const thresholds of step.told) part.tally.add(thresholds);
      const share = Math.min(1, Math.max(0, (step.reachedMs - fromMs) / (toMs - fromMs)));
      yield { done: (n + share) / streams.length, fired: step.fired.map((one) => ({ ...one, stream })) };
    }
    if (signal.aborted) return;
  }
  yield { done: 1, fired: [], parts };
}

function partOf({ rule, index: wanted }: Rehearsal, stream: Stream, deps: Deps): RehearsedPart {
  const index = wanted ?? fittingIndex(rule, stream, deps);
  const missing = index
    ? muteReasons(rule, index, stream, deps)
    : [`no index of the camera ${listens(rule) ? 'hears' : 'sees'}: make one to arm it on`];
  return { stream, index, tally: new Tally(), spanMs: 0, looked: 0, mute: 0, retold: 0, missing };
}

/** The one on which it would be armed: that tells such things, running ones first. */
export function fittingIndex(rule: Rule, { id }: Stream, { store }: Pick<Deps, 'store'>): SceneIndex | undefined {
  const byAudio = toldByAudio(rule);
  const fitting = store.indexes
    .listByStream(id)
    .filter(({ extraction }) => (extraction.type === 'transcript') === byAudio);
  return fitting.find(({ status }) => status === 'running') ?? fitting[0];
}
