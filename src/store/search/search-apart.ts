import { once } from 'node:events';
import { type Clock, Fault, type Log, messageOf, type RetrySchedule, retryDelays, Wake } from '#runtime';
import type { Finders } from './finders.ts';
import type { Found } from './search.ts';
import { SearchProcess } from './search-process.ts';
import { type CodesStatus, runOn, type SearchAsk } from './search-protocol.ts';
import type { VectorKind } from './vector-tables.ts';
import type { VectorChange } from './vectors.ts';

export interface SearchOptions {
  clock: Clock;
  log: Log;
  /** With fewer scenes than this a process of its own is not worth its memory. */
  fromScenes?: number;
  /** For codes of vectors. */
  codeBytes?: number;
  deadlineMs?: number;
  restart?: RetrySchedule;
}

const DEFAULTS = {
  fromScenes: 20_000,
  codeBytes: 256 * 1024 * 1024,
  deadlineMs: 20_000,
  restart: { firstMs: 1000, capMs: 60_000 },
};
/** So many searches may be under way at once. */
const MOST = 32;
/** Whether there are enough scenes is looked at so often. */
const LOOK_MS = 60_000;

export interface SearchStatus {
  /** `in_process` there is no other process yet · `apart` · `restarting` between two lives; others do its work. */
  state: 'in_process' | 'apart' | 'restarting';
  underWay: number;
  restarts: number;
  pid?: number;
  codes?: CodesStatus;
  lastError?: string;
}

/**
 * Searches in a process of their own, once there is much to search; before that, and while that process is away, here.
 * A bounded number at once.
 */
export class SearchApart {
  readonly finders: Finders = {
    scenes: { run: (query, filter, signal) => this.#run({ what: 'scenes', query, filter }, signal) },
    transcripts: { run: (query, filter, signal) => this.#run({ what: 'transcripts', query, filter }, signal) },
    assets: { run: (query, filter, signal) => this.#run({ what: 'assets', query, filter }, signal) },
  };
  readonly #file: string;
  readonly #here: Finders;
  readonly #scenes: () => number;
  #process: SearchProcess | undefined;
  #deadlineMs = DEFAULTS.deadlineMs;
  #underWay = 0;
  #starts = 0;
  #isAway = false;
  #lastError: string | undefined;

  /** `here` searches in this process; `scenes` tells how many there are, roughly. */
  constructor(file: string, here: Finders, scenes: () => number) {
    this.#file = file;
    this.#here = here;
    this.#scenes = scenes;
  }

  /** Until the answer is disposed, or `signal` aborts, a process is there when it is worth it. */
  start(options: SearchOptions, signal: AbortSignal): AsyncDisposable {
    const stop = new AbortController();
    const ended = this.#live({ ...DEFAULTS, ...options }, AbortSignal.any([signal, stop.signal]));
    return {
      [Symbol.asyncDispose]: () => {
        stop.abort();
        return ended;
      },
    };
  }

  /** What the process knows of these vectors is no longer so. */
  tell(vectors: VectorKind, change: VectorChange): void {
    this.#process?.tell(vectors, change);
  }

  status(): SearchStatus {
    const { pid, codes } = this.#process ?? {};
    return {
      state: this.#isAway ? 'restarting' : this.#process ? 'apart' : 'in_process',
      underWay: this.#underWay,
      restarts: Math.max(0, this.#starts - 1),
      ...(pid === undefined ? {} : { pid }),
      ...(codes === undefined ? {} : { codes }),
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    };
  }

  async #run(ask: SearchAsk, signal: AbortSignal | undefined): Promise<Found[]> {
    signal?.throwIfAborted();
    if (this.#underWay >= MOST) throw new Fault('unavailable', `${MOST} searches are under way: try again in a moment`);
    this.#underWay += 1;
    try {
      await Promise.resolve(); // What was committed just now is told to the process first.
      signal?.throwIfAborted();
      return (await this.#apart(ask, signal)) ?? (await runOn(this.#here, ask, signal));
    } finally {
      this.#underWay -= 1;
    }
  }

  async #apart(ask: SearchAsk, signal: AbortSignal | undefined): Promise<Found[] | undefined> {
    try {
      return await this.#process?.search(ask, this.#deadlineMs, signal);
    } catch (error) {
      signal?.throwIfAborted();
      this.#lastError = messageOf(error);
      return undefined;
    }
  }

  async #live(options: Required<SearchOptions>, signal: AbortSignal): Promise<void> {
    const { clock, log, fromScenes, restart } = options;
    this.#deadlineMs = options.deadlineMs;
    const wake = new Wake(clock);
    let delays = retryDelays(restart);
    while (!signal.aborted) {
      if (this.#scenes() < fromScenes) {
        await wake.wait(LOOK_MS, signal);
        continue;
      }
      const beganMs = clock.monotonicMs();
      await this.#once(options, signal);
      if (signal.aborted) return;
      if (clock.monotonicMs() - beganMs > restart.capMs) delays = retryDelays(restart);
      const retryInMs = delays.next().value;
      log.warn({ error: this.#lastError, retryInMs }, 'the search process is away; searches go on without it');
      await wake.wait(retryInMs, signal);
    }
  }

  /** One life of the process. Doesn't throw. */
  async #once({ codeBytes, log }: Required<SearchOptions>, signal: AbortSignal): Promise<void> {
    try {
      this.#starts += 1;
      await using process = await SearchProcess.start(this.#file, codeBytes, signal);
      this.#process = process;
      this.#isAway = false;
      log.info({ pid: process.pid }, 'searching in a process of its own');
      const end = AbortSignal.any([signal, process.gone]);
      if (!end.aborted) await once(end, 'abort');
      if (!signal.aborted) process.gone.throwIfAborted();
    } catch (error) {
      this.#isAway = !signal.aborted;
      if (!signal.aborted) this.#lastError = messageOf(error);
    } finally {
      this.#process = undefined;
    }
  }
}
