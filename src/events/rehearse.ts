import { setImmediate } from 'node:timers/promises';
import { partsOf, type Rule } from '#domain';
import { ownRule } from './attend.ts';
import type { Fired } from './decide.ts';
import { Listener } from './listener.ts';
import { withSimilar } from './meanings.ts';
import { type Past, past, type RehearsalQuery, type Remembered } from './past.ts';
import { look } from './seen.ts';
import { SHOWN_THRESHOLDS } from './tally.ts';

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

/** After so long everything else has its turn, on whatever machine. */
const SLICE_MS = 8;

/**
 * Has a rule look at what was stored as if it had been armed then: the same steps as the evaluator's, in the same order,
 * over the same pieces in which scenes grew: exactly those where the journal still knows them, else on the index's own
 * grid. What was never stored it can't know: windows that were dropped, the first words of scenes told anew, zones drawn
 * since. Ends when `signal` aborts. Writes nothing, and gives way to everything else every few milliseconds.
 */
export async function* rehearse(
  store: Past,
  query: RehearsalQuery,
  signal: AbortSignal,
): AsyncGenerator<RehearsalStep, void> {
  const rule = ownRule(query.rule, store.streams.get(query.streamId)?.zones ?? []);
  const course = new Course(rule, query);
  let step = course.begin();
  let begunMs = performance.now();
  for await (const happening of past(store, { ...query, rule }, signal)) {
    if (signal.aborted) return;
    course.look(happening, step);
    if (performance.now() - begunMs < SLICE_MS) continue;
    yield step;
    step = course.begin();
    await setImmediate();
    begunMs = performance.now();
  }
  if (!signal.aborted) yield { ...step, reachedMs: query.toMs };
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

  begin(): RehearsalStep {
    return { reachedMs: this.#reachedMs, sinceMs: this.#sinceMs, looked: 0, mute: 0, retold: 0, fired: [], told: [] };
  }

  look(past: Remembered, step: RehearsalStep): void {
    if (past.isFirst) {
      step.looked += 1;
      if (partsOf(this.#rule).every((part) => look(part, past) === 'mute')) step.mute += 1;
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
