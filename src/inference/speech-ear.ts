import type { ModelLibrary, SpeechPack } from '#models';
import { type Clock, Fault, type Log } from '#runtime';
import { Line } from './line.ts';
import type { LifeLimits, LifeState } from './lives.ts';
import { loadRequest } from './loads.ts';
import type { LoadRequest, Recognition } from './protocol.ts';

export interface SpeechLimits {
  /** As long may an answer take at least, and so many times the length of the speech more, before its process counts as hung. */
  leastMs: number;
  timesLength: number;
  /** A process that has grown beyond this, besides what its model takes, is replaced between two questions. */
  rssMb: number;
}

/** How one model stands. */
export interface PackState {
  state: LifeState;
  pack?: string;
  lastError?: string;
  /** Of the process that the model may share with others. */
  restarts: number;
  pid?: number;
  rssMb?: number;
}

interface SpeechEarOptions {
  models: ModelLibrary;
  /** Name of the pack; without one the best that is installed. */
  speech?: string;
  log: Log;
  clock: Clock;
  limits: Pick<LifeLimits, 'restart'> & { speech: SpeechLimits };
}

/** What may wait for the process: whoever asks keeps the rest. */
const MOST_WAITING = 4;
/** Memory that a model may take, of the size of its files. */
const MODEL_MEMORY = 3;
const RATE = 16_000;
/** Speech is cut a little shorter than the model's window: what is padded must fit in, too. */
const WINDOW = { usualMs: 30_000, spareMs: 2000 };

/** The process that writes down speech, with the best pack that can be used. See `Listening`. */
export class SpeechEar implements AsyncDisposable {
  readonly #options: SpeechEarOptions;
  readonly #line: Line;
  /** Names of packs that were tried in vain. */
  readonly #unusable = new Set<string>();
  #pack: SpeechPack | undefined;

  /** The model is loaded in the background, until `signal` aborts. */
  constructor(options: SpeechEarOptions, signal: AbortSignal) {
    this.#options = options;
    const { log, clock, limits } = options;
    this.#line = Line.start(
      {
        what: 'ear for speech',
        loads: () => this.#loads(),
        limits: { restart: limits.restart, rssMb: () => this.#memoryMb() },
        most: MOST_WAITING,
        onUnusable: () => this.#pack && this.#unusable.add(this.#pack.name),
        log,
        clock,
      },
      signal,
    );
  }

  get available(): boolean {
    return this.#pack !== undefined;
  }

  get longestMs(): number {
    return (this.#pack?.windowMs ?? WINDOW.usualMs) - WINDOW.spareMs;
  }

  async recognise(samples: Int16Array, options: { language?: string }, signal: AbortSignal): Promise<Recognition> {
    if (!this.#pack) {
      throw new Fault('unavailable', 'no pack that writes down speech is here: run `watchpost models list`');
    }
    const lengthMs = (samples.length * 1000) / RATE;
    if (lengthMs > this.#pack.windowMs) {
      throw new Fault('invalid', `samples: ${lengthMs} ms are more than ${this.#pack.name} hears at once; cut them`);
    }
    const { leastMs, timesLength } = this.#options.limits.speech;
    const ask = () => ({ samples, language: options.language });
    const deadlineMs = Math.round(leastMs + timesLength * lengthMs);
    return this.#line.ask({ task: 'speech-recognition' as const, ask, deadlineMs }, signal);
  }

  status(): PackState {
    const { state } = this.#line;
    return { state, ...(this.#pack ? { pack: this.#pack.name } : {}), ...this.#line.status() };
  }

  /** Begins anew with the best of what is there now. */
  renew(): void {
    this.#unusable.clear();
    this.#line.renew();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#line[Symbol.asyncDispose]();
  }

  /** The pack that is named, or the best that is here; of those the best that wasn't found unusable. */
  #loads(): LoadRequest[] {
    const { models, speech } = this.#options;
    const named = ({ name }: SpeechPack) => Number(name === speech);
    const packs = models.forTask('speech-recognition').sort((a, b) => named(b) - named(a));
    if (packs.every(({ name }) => this.#unusable.has(name))) this.#unusable.clear();
    this.#pack = packs.find(({ name }) => !this.#unusable.has(name));
    return this.#pack ? [loadRequest(this.#pack)] : [];
  }

  #memoryMb(): number {
    return this.#options.limits.speech.rssMb + (MODEL_MEMORY * (this.#pack?.bytes ?? 0)) / 1_048_576;
  }
}
