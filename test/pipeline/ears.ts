import type { PcmChunk } from '#domain';
import type { SoundClass } from '#hearing';
import type { Ears, SpeechRecogniser } from '#pipeline';
import type { Clock } from '#runtime';
import { chunks } from '../hearing/sound.ts';

/** Loud enough to be speech, for those who only listen to loudness. */
const SPEECH_SQUARE = 1000 ** 2;

export interface StandInEars extends Ears {
  asked: { voice: number; sounds: number };
  /** What is heard from now on. */
  classes: SoundClass[];
}

/** Takes what is loud for speech, and hears what it is told to. */
export function standInEars(overrides: Partial<Ears> = {}): StandInEars {
  const ears: StandInEars = {
    asked: { voice: 0, sounds: 0 },
    classes: [],
    speechAvailable: true,
    longestMs: 28_000,
    voice: async (_streamId, samples) => {
      ears.asked.voice += 1;
      return Float32Array.from({ length: samples.length / 512 }, (_, n) => {
        const frame = samples.subarray(n * 512, (n + 1) * 512);
        return frame.reduce((sum, sample) => sum + sample * sample, 0) / 512 > SPEECH_SQUARE ? 0.95 : 0.02;
      });
    },
    sounds: async () => {
      ears.asked.sounds += 1;
      return ears.classes;
    },
    status: () => ({ sounds: { state: 'ready', pack: 'stand-in' } }),
    ...overrides,
  };
  return ears;
}

/** "Recognises" how long the speech is and what its samples sum up to: two that differ by one sample differ in text. */
export function wordsOf(samples: Int16Array): string {
  return `${samples.length} samples worth ${samples.reduce((sum, sample, n) => (sum + sample * (n % 97)) % 1e9, 0)}`;
}

export function standInRecogniser(
  recognise: (samples: Int16Array, signal: AbortSignal) => string | Promise<string> = wordsOf,
): SpeechRecogniser & { speechAvailable: boolean; longestMs: number; calls: number } {
  const recogniser = {
    speechAvailable: true,
    longestMs: 28_000,
    calls: 0,
    async recognise(samples: Int16Array, _options: object, signal: AbortSignal) {
      recogniser.calls += 1;
      const text = await recognise(samples, signal);
      const words = text.split(' ').map((word, n) => ({ text: word, startMs: n * 100, endMs: n * 100 + 80 }));
      return { text, words, confidence: 0.9, language: 'en' };
    },
  };
  return recogniser;
}

export async function* audioOf(...parts: (Iterable<PcmChunk> | Int16Array)[]): AsyncGenerator<PcmChunk> {
  for (const part of parts) yield* part instanceof Int16Array ? chunks(part) : part;
}

/** Time that passes when a test lets it. */
export class TestClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  #sleepers: { untilMs: number; wake: () => void }[] = [];

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** Somebody sets the system's clock. */
  set(ms: number): void {
    this.#nowMs += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const sleeper = { untilMs: this.#monotonicMs + ms, wake };
      this.#sleepers.push(sleeper);
      if (signal?.aborted) stop();
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /** Wakes who is due, in order; between two of them, and at the end, all that can run runs. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await settle();
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) {
      this.#advance(next.untilMs);
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      next.wake();
      await settle();
    }
    this.#advance(endMs);
  }

  #advance(toMs: number): void {
    this.#nowMs += toMs - this.#monotonicMs;
    this.#monotonicMs = toMs;
  }

  #next(endMs: number): { untilMs: number; wake: () => void } | undefined {
    const due = this.#sleepers.filter(({ untilMs }) => untilMs <= endMs);
    return due.sort((a, b) => a.untilMs - b.untilMs)[0];
  }
}

/** Lets all that can run without time run: until no file is being read or written, and nothing follows from it. */
async function settle(): Promise<void> {
  for (let idle = 0; idle < 4; ) {
    await new Promise((resolve) => setImmediate(resolve));
    idle = process.getActiveResourcesInfo().some((name) => /^FSReq|CloseReq$/.test(name)) ? 0 : idle + 1;
  }
}
