import { setMaxListeners } from 'node:events';
import type { Question, Verdict } from '#domain';
import { type Clock, deadline, type Log, messageOf, Wake } from '#runtime';
import type { Store } from '#store';
import { picturesOf, questionOf, readVerdict } from './asking.ts';
import { Closer } from './closer.ts';
import type { Tellers } from './telling/tellers.ts';

const LONGEST_WAIT_MS = 60_000;

export interface CheckLimits {
  /** Whoever hasn't answered by then isn't waited for: an alert that comes later is of little use. */
  deadlineMs: number;
  retryMs: number;
  /** Without a picture of its scene, so long is waited until it has been recorded. */
  recordedMs: number;
}
const LIMITS: CheckLimits = { deadlineMs: 45_000, retryMs: 2000, recordedMs: 8000 };

export interface ChecksDeps {
  store: Pick<Store, 'journal' | 'questions' | 'events' | 'alerts' | 'scenes' | 'segments'>;
  tellers: Pick<Tellers, 'hasFollower' | 'follows' | 'tell'>;
  thumbsDir: string;
  mediaDir: string;
  clock: Clock;
  log: Log;
  limits?: Partial<CheckLimits>;
}

export interface ChecksStatus {
  /** Questions without an answer yet, at most one for each alert. */
  waiting: number;
  confirmed: number;
  denied: number;
  /** Nobody could say in time, or the answer was neither yes nor no. */
  undecided: number;
}

/**
 * Asks a model that follows instructions about pictures before alerts fire for which there is no rule. The questions are
 * in the store and survive a crash; one is asked at a time, the oldest first. Each gets an answer within the deadline, even
 * if it is that nobody could say: the evaluator then goes by words and pictures.
 */
export class Checks implements AsyncDisposable {
  readonly #deps: ChecksDeps;
  readonly #limits: CheckLimits;
  readonly #closer: Closer;
  readonly #wake: Wake;
  readonly #stop = new AbortController();
  readonly #counts = { confirmed: 0, denied: 0, undecided: 0 };
  #ended: Promise<void> = Promise.resolve();

  private constructor(deps: ChecksDeps) {
    this.#deps = deps;
    this.#limits = { ...LIMITS, ...deps.limits };
    this.#closer = new Closer({ ...deps, limits: { everyMs: 0, waitMs: this.#limits.recordedMs } });
    this.#wake = new Wake(deps.clock);
    setMaxListeners(0, this.#stop.signal); // Each question's deadline listens.
  }

  static start(deps: ChecksDeps, signal: AbortSignal): Checks {
    const checks = new Checks(deps);
    signal.addEventListener('abort', () => checks.#stop.abort(), { once: true });
    checks.#ended = checks.#run(checks.#stop.signal);
    return checks;
  }

  status(): ChecksStatus {
    return { waiting: this.#deps.store.questions.waiting(), ...this.#counts };
  }

  /** What is being asked is asked again by the next life, unless it is too late then. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { store, log } = this.#deps;
    using _wakes = store.journal.onAppend(this.#wake.ring);
    while (!signal.aborted) {
      let waitMs = this.#limits.retryMs;
      try {
        const question = store.questions.next();
        if (question) waitMs = await this.#settle(question, signal);
        else waitMs = LONGEST_WAIT_MS;
      } catch (error) {
        if (signal.aborted) return;
        log.error({ error: messageOf(error) }, 'a model could not be asked about an alert; trying again');
      }
      await this.#wake.wait(waitMs, signal);
    }
  }

  /** Returns when to come back. */
  async #settle(question: Question, signal: AbortSignal): Promise<number> {
    const { tellers, clock } = this.#deps;
    // Whichever way the clock was set meanwhile.
    const leftMs = this.#limits.deadlineMs - Math.abs(clock.nowMs() - question.askedMs);
    if (leftMs <= 0 || !tellers.hasFollower) return this.#answer(question, undefined);
    // Whoever rests may come back.
    if (!tellers.follows) return Math.min(leftMs, this.#limits.retryMs);
    using limit = deadline(signal, leftMs);
    try {
      const verdict = await this.#ask(question, limit.signal);
      return verdict === 'later' ? Math.min(leftMs, this.#limits.retryMs) : this.#answer(question, verdict);
    } catch (error) {
      if (signal.aborted || !limit.signal.aborted) throw error;
      return this.#answer(question, undefined);
    }
  }

  async #ask(question: Question, signal: AbortSignal): Promise<Verdict | 'later' | undefined> {
    const { store, tellers, clock } = this.#deps;
    const alert = store.alerts.get(question.alertId);
    const prompt = alert && store.events.get(alert.eventId)?.prompt;
    const frames =
      prompt === undefined ? [] : await picturesOf(question, { ...this.#deps, closer: this.#closer }, signal);
    if (prompt === undefined || frames.length === 0) return undefined;
    const wish = { frames, instruction: questionOf(prompt), streamId: question.streamId, about: question.alertId };
    const told = await tellers.tell({ ...wish, strict: true, priority: 'alert' }, signal);
    return told ? { ...readVerdict(told.text), by: told.by, atMs: clock.nowMs() } : 'later';
  }

  #answer(question: Question, verdict: Verdict | undefined): 0 {
    this.#deps.store.questions.answer(question, verdict ? { verdict } : {}, this.#deps.clock.nowMs());
    if (verdict?.confirmed === undefined) this.#counts.undecided += 1;
    else this.#counts[verdict.confirmed ? 'confirmed' : 'denied'] += 1;
    return 0;
  }
}
