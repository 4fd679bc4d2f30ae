import { type Firing, type Frame, type JournalEntry, listens } from '#domain';
import { type Clock, type Log, messageOf, Wake } from '#runtime';
import type { Store } from '#store';
import { picturesOf, questionOf, readVerdict } from './asking.ts';
import { Closer } from './closer.ts';
import type { Tellers } from './telling/tellers.ts';

const CURSOR = 'verdicts';
const BATCH = 100;
/** Alerts that wait; what is told of more comes too late to be of use. */
const MOST_WAITING = 20;
/** A cursor that stands still keeps the journal from being pruned. */
const STRIDE = 500;
const LONGEST_WAIT_MS = 60_000;

export interface VerdictLimits {
  /** An alert that happened longer ago is no longer looked at. */
  giveUpMs: number;
  /** Times that all who could look may fail at one alert. */
  tries: number;
  retryMs: number;
  /** Without a picture of its scene, so long is waited until it has been recorded. */
  recordedMs: number;
}
const LIMITS: VerdictLimits = { giveUpMs: 300_000, tries: 3, retryMs: 5000, recordedMs: 8000 };

export interface VerdictsDeps {
  store: Pick<Store, 'journal' | 'firings' | 'alerts' | 'events' | 'scenes' | 'segments'>;
  tellers: Pick<Tellers, 'hasFollower' | 'follows' | 'tell'>;
  thumbsDir: string;
  mediaDir: string;
  clock: Clock;
  log: Log;
  limits?: Partial<VerdictLimits>;
}

export interface VerdictsStatus {
  given: number;
  /** Alerts that were too old, or at which all failed, or that had nothing to be seen. */
  gaveUp: number;
}

type Waiting = JournalEntry & { firing: Firing };

/**
 * Looks at alerts again, after they have gone out, where something follows instructions: whether the picture shows what
 * the event's prompt says. The verdict goes to everybody who gets the alert; it neither takes the alert back nor makes it
 * anew. Firings are read from the journal by a cursor of its own, so that a restart loses none; one that can't be looked
 * at within minutes is passed over.
 */
export class Verdicts implements AsyncDisposable {
  readonly #deps: VerdictsDeps;
  readonly #limits: VerdictLimits;
  readonly #closer: Closer;
  readonly #wake: Wake;
  readonly #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  /** The alert that is being looked at, since when, how often in vain, and when it is tried again. */
  #trying = { seq: 0, sinceMs: 0, failures: 0, nextMs: 0 };
  #given = 0;
  #gaveUp = 0;

  private constructor(deps: VerdictsDeps) {
    this.#deps = deps;
    this.#limits = { ...LIMITS, ...deps.limits };
    this.#closer = new Closer({ ...deps, limits: { everyMs: 0, waitMs: this.#limits.recordedMs } });
    this.#wake = new Wake(deps.clock);
  }

  static start(deps: VerdictsDeps, signal: AbortSignal): Verdicts {
    const verdicts = new Verdicts(deps);
    signal.addEventListener('abort', () => verdicts.#stop.abort(), { once: true });
    verdicts.#ended = verdicts.#run(verdicts.#stop.signal);
    return verdicts;
  }

  status(): VerdictsStatus {
    return { given: this.#given, gaveUp: this.#gaveUp };
  }

  /** What is being looked at is looked at again by the next life. */
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
        waitMs = await this.#next(signal);
      } catch (error) {
        if (signal.aborted) return;
        log.error({ error: messageOf(error) }, 'an alert could not be looked at again; trying again');
      }
      await this.#wake.wait(waitMs, signal);
    }
  }

  /** One alert, if there is one; returns how long nothing more is to be done, unless something happens. */
  async #next(signal: AbortSignal): Promise<number> {
    const { clock, tellers } = this.#deps;
    const waiting = this.#waiting();
    if (!waiting) return LONGEST_WAIT_MS;
    const nowMs = clock.monotonicMs();
    if (this.#trying.seq !== waiting.seq) this.#trying = { seq: waiting.seq, sinceMs: nowMs, failures: 0, nextMs: 0 };
    const { sinceMs, failures, nextMs } = this.#trying;
    if (failures >= this.#limits.tries || nowMs - sinceMs > this.#limits.giveUpMs) return this.#passOver(waiting, 1);
    // Whoever rests may come back.
    if (!tellers.follows || nowMs < nextMs) return Math.max(nextMs - nowMs, this.#limits.retryMs / 5);
    const prompt = this.#deps.store.events.get(waiting.firing.eventId)?.prompt;
    const frames =
      prompt === undefined ? [] : await picturesOf(waiting.firing, { ...this.#deps, closer: this.#closer }, signal);
    if (prompt === undefined || frames.length === 0) return this.#passOver(waiting, 1);
    await this.#ask(waiting, prompt, frames, signal);
    return 0;
  }

  async #ask({ seq, firing }: Waiting, prompt: string, frames: Frame[], signal: AbortSignal): Promise<void> {
    const { tellers, store, clock } = this.#deps;
    const wish = { frames, instruction: questionOf(prompt), streamId: firing.streamId, strict: true } as const;
    const told = await tellers.tell({ ...wish, priority: 'alert' }, signal);
    if (told) {
      store.firings.setVerdict(firing.id, { ...readVerdict(told.text), by: told.by, atMs: clock.nowMs() }, reader(seq));
      this.#given += 1;
    } else {
      this.#trying.failures += 1;
      this.#trying.nextMs = clock.monotonicMs() + this.#limits.retryMs * this.#trying.failures;
    }
  }

  /** The oldest alert that is worth a look; the cursor goes past those that aren't. */
  #waiting(): Waiting | undefined {
    const { store, tellers } = this.#deps;
    const head = store.journal.head();
    const from = store.journal.cursor(CURSOR);
    const entries = store.journal.after(from, BATCH, ['firing']);
    if (entries.length === 0) {
      if (head - from >= STRIDE) store.firings.passOver(reader(head));
      return undefined;
    }
    const worthy = tellers.hasFollower ? entries.flatMap((entry) => this.#worthy(entry) ?? []) : [];
    const next = worthy[Math.max(0, worthy.length - MOST_WAITING)];
    const passed = entries.filter(({ seq }) => next === undefined || seq < next.seq);
    const last = passed.at(-1);
    if (last) this.#passOver(last, tellers.hasFollower ? passed.length : 0);
    return next;
  }

  /** What is seen, has just happened and hasn't been looked at. Other boxes' alerts they look at themselves. */
  #worthy(entry: JournalEntry): Waiting | undefined {
    const { store } = this.#deps;
    const firing = store.firings.get(entry.ref);
    if (!firing || store.alerts.get(firing.alertId)?.boxId !== undefined) return undefined;
    if (firing.verdict || listens(firing.evidence.rule)) return undefined;
    const agoMs = this.#deps.clock.nowMs() - firing.atMs;
    return agoMs <= this.#limits.giveUpMs ? { ...entry, firing } : undefined;
  }

  #passOver({ seq }: JournalEntry, gaveUp: number): 0 {
    this.#deps.store.firings.passOver(reader(seq));
    this.#gaveUp += gaveUp;
    this.#wake.ring();
    return 0;
  }
}

function reader(seq: number): { name: string; seq: number } {
  return { name: CURSOR, seq };
}
