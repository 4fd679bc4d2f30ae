import { Fault } from '#runtime';
import type { Host } from './host-process.ts';
import { type LifeState, Lives, type LivesOptions } from './lives.ts';
import type { Answers, Asks, Task } from './protocol.ts';

export interface LineOptions extends Omit<LivesOptions, 'onAway'> {
  /** Questions that may wait; further ones are turned away. */
  most: number;
}

export interface Question<T extends Task> {
  task: T;
  /** Made when its turn comes: what it says may depend on the answer before it. */
  ask: () => Asks[T];
  deadlineMs: number;
  /** Gets the answer before the next question is made. */
  took?: (answer: Answers[T]) => void;
}

interface Waiting {
  go(host: Host): Promise<void>;
  fail(error: unknown): void;
}

/** Questions to one model process, in the order in which they come. What waits when the process goes is turned away. */
export class Line implements AsyncDisposable {
  readonly #options: LineOptions;
  readonly #lives: Lives;
  readonly #stop = new AbortController();
  #waiting: Waiting[] = [];
  #wake: (() => void) | undefined;
  #ended: Promise<void> = Promise.resolve();

  private constructor(options: LineOptions) {
    this.#options = options;
    this.#lives = new Lives({ ...options, onAway: () => this.#turnAway() });
  }

  /** Returns at once; until the models are loaded questions are turned away. */
  static start(options: LineOptions, signal: AbortSignal): Line {
    const line = new Line(options);
    const whole = AbortSignal.any([signal, line.#stop.signal]);
    line.#ended = line.#lives.run((host, leave) => line.#serve(host, leave), whole);
    return line;
  }

  get state(): LifeState {
    return this.#lives.state;
  }

  status(): ReturnType<Lives['status']> {
    return this.#lives.status();
  }

  /** Why the model for this task can't be used, although the process lives. */
  problem(task: Task): string | undefined {
    return this.#lives.host?.unusable.get(task);
  }

  renew(): void {
    this.#lives.renew();
  }

  /** Throws `unavailable` when the process is away, dies over it, or too many wait; `internal` when the model fails at it; or the signal's reason. */
  async ask<T extends Task>(question: Question<T>, signal: AbortSignal): Promise<Answers[T]> {
    signal.throwIfAborted();
    if (this.state !== 'ready') throw new Fault('unavailable', `the ${this.#options.what} is ${this.state}`);
    if (this.#waiting.length >= this.#options.most) {
      throw new Fault('unavailable', `the ${this.#options.what} is busy: ${this.#waiting.length} questions wait`);
    }
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(signal.reason);
      };
      const end = () => signal.removeEventListener('abort', giveUp);
      const waiting: Waiting = {
        go: async (host) => {
          const answer = await host.ask(question.task, question.ask(), question.deadlineMs);
          question.took?.(answer);
          end();
          resolve(answer);
        },
        fail: (error) => {
          end();
          reject(error);
        },
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(waiting);
      this.#wake?.();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #serve(host: Host, leave: AbortSignal): Promise<void> {
    try {
      while (!leave.aborted && !this.#lives.spent(host)) {
        const next = this.#waiting.shift();
        if (next) await this.#answer(next, host);
        else await this.#asked(leave);
      }
    } finally {
      this.#turnAway();
    }
  }

  async #answer(next: Waiting, host: Host): Promise<void> {
    try {
      await next.go(host);
      this.#lives.succeeded();
    } catch (error) {
      next.fail(error);
      this.#lives.failed(error);
      // Whatever the model made of this one: a process that lives takes the next.
      host.gone.throwIfAborted();
    }
  }

  #asked(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#wake = undefined;
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #turnAway(): void {
    const error = new Fault('unavailable', `the ${this.#options.what} went away`);
    for (const waiting of this.#waiting.splice(0)) waiting.fail(error);
  }
}
