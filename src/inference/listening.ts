import type { ModelLibrary, ModelPack } from '#models';
import type { Clock, Log } from '#runtime';
import { Line } from './line.ts';
import type { LifeLimits } from './lives.ts';
import { loadRequest } from './loads.ts';
import type { LoadRequest, Recognition, Task, VoiceState } from './protocol.ts';
import { type PackState, SpeechEar, type SpeechLimits } from './speech-ear.ts';

export interface ListeningOptions {
  models: ModelLibrary;
  /** Name of the pack that writes down speech; without one the best that is installed. */
  speech?: string;
  log: Log;
  clock: Clock;
  limits?: Partial<ListeningLimits>;
}

export interface ListeningLimits extends LifeLimits {
  /** An answer about voices or sounds that takes longer ends the process that owes it. */
  quickMs: number;
  speech: SpeechLimits;
}
const LIMITS: ListeningLimits = {
  quickMs: 10_000,
  speech: { leastMs: 15_000, timesLength: 12, rssMb: 900 },
  rssMb: 500,
  restart: { firstMs: 500, capMs: 60_000 },
};

export interface ListeningStatus {
  voice: PackState;
  sounds: PackState;
  speech: PackState;
}

/** Samples of which one probability tells. */
const CHUNK = 512;
/** Below this a class of sound isn't worth naming. */
const MIN_SCORE = 0.1;
/** What may wait for the quick process: some seconds of as many cameras as a box can have. */
const MOST_WAITING = 64;
/** Streams whose voices are remembered; the one that was silent longest is forgotten first. */
const MOST_STREAMS = 128;

/**
 * What models hear. Voices and sounds are told by one process, quickly; nothing here waits for it longer than its
 * deadline, and without it, or without a pack, the answer is `undefined`: whoever asks must do without. Speech is written
 * down by another, slowly; without that one whoever asks must keep the samples.
 */
export class Listening implements AsyncDisposable {
  readonly #options: ListeningOptions;
  readonly #limits: ListeningLimits;
  readonly #quick: Line;
  readonly #speech: SpeechEar;
  readonly #voices = new Map<string, VoiceState>();
  #packs: readonly ModelPack[] = [];

  private constructor(options: ListeningOptions, signal: AbortSignal) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    const { log, clock } = options;
    this.#quick = Line.start(
      {
        what: 'ear for voices and sounds',
        loads: () => this.#quickLoads(),
        limits: this.#limits,
        most: MOST_WAITING,
        log,
        clock,
      },
      signal,
    );
    this.#speech = new SpeechEar({ ...options, limits: this.#limits }, signal);
  }

  /** Returns at once, while the models are loaded. */
  static async start(options: ListeningOptions, signal: AbortSignal): Promise<Listening> {
    return new Listening(options, signal);
  }

  /**
   * The probability of speech in each 512 samples (32 ms), of one stream in the order in which they are said; samples
   * beyond the last whole 512 are left out. Undefined without a pack or while it is away. Rejects only when `signal` aborts.
   */
  async voice(streamId: string, samples: Int16Array, signal: AbortSignal): Promise<Float32Array | undefined> {
    signal.throwIfAborted();
    const whole = samples.subarray(0, samples.length - (samples.length % CHUNK));
    if (!this.#hears('voice-activity')) return undefined;
    const answer = await this.#ask(
      {
        task: 'voice-activity' as const,
        ask: () => ({ samples: whole, state: this.#voices.get(streamId) }),
        deadlineMs: this.#limits.quickMs,
        took: ({ state }) => this.#remember(streamId, state),
      },
      signal,
    );
    return answer?.probabilities;
  }

  /**
   * Classes of at least 0.1 that are heard anywhere in the samples (15 600 or more; fewer are heard with silence after
   * them), best first. Undefined without a pack or while it is away. Rejects only when `signal` aborts.
   */
  async sounds(samples: Int16Array, signal: AbortSignal): Promise<{ label: string; score: number }[] | undefined> {
    signal.throwIfAborted();
    const pack = this.#packs.find(({ task }) => task === 'audio-classification');
    if (!pack || !this.#hears('audio-classification')) return undefined;
    const answer = await this.#ask(
      {
        task: 'audio-classification' as const,
        ask: () => ({ samples, minScore: MIN_SCORE }),
        deadlineMs: this.#limits.quickMs,
      },
      signal,
    );
    return answer?.map(({ label, score }) => ({ label: pack.labels[label] ?? `class ${label}`, score }));
  }

  /** Whether there is a pack that writes down speech; it may be away for the moment. */
  get speechAvailable(): boolean {
    return this.#speech.available;
  }

  /** The longest stretch of speech that is best taken at once, ms; up to 2 s more are accepted. */
  get longestMs(): number {
    return this.#speech.longestMs;
  }

  /**
   * What is said in the samples. Throws `unavailable` without a pack, or when its process is away, dies over it or
   * hangs: the same samples may be tried again; `internal` when the model fails at these samples and would again;
   * `invalid` when they are longer than the model hears at once; or the signal's reason.
   */
  async recognise(samples: Int16Array, options: { language?: string }, signal: AbortSignal): Promise<Recognition> {
    return this.#speech.recognise(samples, options, signal);
  }

  status(): ListeningStatus {
    return {
      speech: this.#speech.status(),
      voice: this.#stateOf('voice-activity'),
      sounds: this.#stateOf('audio-classification'),
    };
  }

  /** Looks for packs again and starts anew with what is there. */
  async reload(): Promise<void> {
    await this.#options.models.refresh();
    this.#quick.renew();
    this.#speech.renew();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#quick[Symbol.asyncDispose](), this.#speech[Symbol.asyncDispose]()]);
  }

  #quickLoads(): LoadRequest[] {
    const { models } = this.#options;
    const packs = [
      ...models.forTask('voice-activity').slice(0, 1),
      ...models.forTask('audio-classification').slice(0, 1),
    ];
    this.#packs = packs;
    return packs.map(loadRequest);
  }

  #hears(task: Task): boolean {
    return this.#stateOf(task).state === 'ready';
  }

  async #ask<T extends Task>(...[question, signal]: Parameters<typeof Line.prototype.ask<T>>) {
    try {
      return await this.#quick.ask(question, signal);
    } catch {
      signal.throwIfAborted();
      // `status` tells what was wrong.
      return undefined;
    }
  }

  #remember(streamId: string, state: VoiceState): void {
    this.#voices.delete(streamId);
    this.#voices.set(streamId, state);
    const [oldest] = this.#voices.keys();
    if (this.#voices.size > MOST_STREAMS && oldest !== undefined) this.#voices.delete(oldest);
  }

  #stateOf(task: Task): PackState {
    const pack = this.#packs.find((candidate) => candidate.task === task);
    if (!pack) return { state: 'none', restarts: 0 };
    const problem = this.#quick.problem(task);
    const life = { pack: pack.name, ...this.#quick.status() };
    if (problem !== undefined) return { ...life, state: 'failed', lastError: problem };
    return { ...life, state: this.#quick.state };
  }
}
