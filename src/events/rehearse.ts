import { setImmediate } from 'node:timers/promises';
import type { Rule, Scene, SceneIndex, Transcript } from '#domain';
import type { Store } from '#store';
import { type Happening, ownRule } from './attend.ts';
import { Listener } from './listener.ts';
import { type Meanings, withSimilar } from './meanings.ts';
import { knownEnds, type Piece, piecesOf } from './pieces.ts';
import { look } from './seen.ts';
import type { Fired } from './step.ts';
import { SHOWN_THRESHOLDS } from './tally.ts';

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

/** One time that the rule would have fired. */
export interface Rehearsed extends Fired {
  sceneId?: number;
  /** The journal entry for which it fires, where the journal still has it. */
  seq?: number;
}

/** How far it has come, and what was found since the step before. */
export interface RehearsalStep {
  /** Up to this time all has been looked at. */
  reachedMs: number;
  /** When what was looked at first began; undefined as long as there is nothing. */
  sinceMs: number | undefined;
  /** Scenes, or stretches of speech, since the step before. */
  looked: number;
  /** Of those: in which the rule's subject could not have been told. */
  mute: number;
  /** Of those: told anew since, so that their first words are not known any more. */
  retold: number;
  fired: Rehearsed[];
  /** For each time that something was told: by alerts with which thresholds, of those that are shown. */
  told: (readonly number[])[];
}

type Past = Pick<Store, 'replay' | 'journal' | 'streams'>;

/** Rows that are read at once; looks before everything else has its turn. */
const BATCH = 128;
const SLICE = 512;

/**
 * Has a rule look at what was stored as if it had been armed then: the same steps as the evaluator's, in the same order,
 * over the same pieces in which scenes grew: exactly those where the journal still knows them, else on the index's own
 * grid. What was never stored it can't know: windows that were dropped, the first words of scenes told anew, zones drawn
 * since. Ends when `signal` aborts. Writes nothing, and gives way to everything else after every few hundred looks.
 */
export async function* rehearse(
  store: Past,
  query: RehearsalQuery,
  signal: AbortSignal,
): AsyncGenerator<RehearsalStep, void> {
  const rule = ownRule(query.rule, store.streams.get(query.streamId)?.zones ?? []);
  const course = new Course(rule, query);
  let step = course.begin();
  let slice = 0;
  for await (const happening of past(store, { ...query, rule }, signal)) {
    if (signal.aborted) return;
    course.look(happening, step);
    slice += course.width;
    if (slice < SLICE) continue;
    slice = 0;
    yield step;
    step = course.begin();
    await setImmediate();
  }
  if (!signal.aborted) yield { ...step, reachedMs: query.toMs };
}

/** Something that happened, as it was known then. */
interface Remembered extends Happening {
  seq?: number;
  /** It is the first that is looked at of a scene. */
  isFirst: boolean;
  isToldAnew: boolean;
}

/** Counts what is looked at, and what fires. */
class Course {
  readonly #rule: Rule;
  readonly #threshold: number;
  readonly #meanings: RehearsalQuery['meanings'];
  readonly #listener: Listener;
  #reachedMs = 0;
  #sinceMs: number | undefined;

  constructor(rule: Rule, { threshold = 0, meanings }: RehearsalQuery) {
    this.#rule = rule;
    this.#threshold = threshold;
    this.#meanings = meanings;
    this.#listener = new Listener(rule, [threshold, ...SHOWN_THRESHOLDS]);
  }

  /** How much work one look is. */
  get width(): number {
    return this.#listener.size;
  }

  begin(): RehearsalStep {
    return { reachedMs: this.#reachedMs, sinceMs: this.#sinceMs, looked: 0, mute: 0, retold: 0, fired: [], told: [] };
  }

  look(past: Remembered, step: RehearsalStep): void {
    if (past.isFirst) {
      step.looked += 1;
      if (look(this.#rule, past) === 'mute') step.mute += 1;
      if (past.isToldAnew) step.retold += 1;
    }
    step.sinceMs = this.#sinceMs ??= past.startMs;
    this.#reachedMs = Math.max(this.#reachedMs, past.endMs);
    step.reachedMs = this.#reachedMs;
    const { sceneId, seq } = past;
    const scene = { ...(sceneId === undefined ? {} : { sceneId }), ...(seq === undefined ? {} : { seq }) };
    for (const { thresholds, fired } of this.#listener.look(withSimilar(this.#rule, past, this.#meanings))) {
      step.told.push(thresholds);
      if (thresholds.includes(this.#threshold)) step.fired.push({ ...fired, ...scene });
    }
  }
}

function past(store: Past, query: RehearsalQuery, signal: AbortSignal): AsyncIterable<Remembered> {
  const { rule, index } = query;
  return rule.subject.kind === 'speech' || !index ? said(store, query, signal) : seen(store, query, index, signal);
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
