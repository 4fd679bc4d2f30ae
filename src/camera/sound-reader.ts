import { PCM_RATE, type PcmChunk } from '#domain';
import type { Clock } from '#runtime';
import type { StreamClock } from './stream-clock.ts';

/**
 * What has piled up while ffmpeg looked at its input comes in one burst: by how much it is late shows only with what
 * follows. So long it is held.
 */
const HOLD_MS = 1000;

interface Held {
  startMs: number;
  samples: Int16Array;
}

/** Makes chunks of one session's raw sound, each with the time of its first sample on the common clock. */
export class SoundReader {
  readonly #times: StreamClock;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #emit: (chunk: PcmChunk) => void;
  #odd = Buffer.alloc(0);
  #samples = 0;
  #firstMs: number | undefined;
  #held: Held[] | undefined = [];

  constructor(times: StreamClock, clock: Pick<Clock, 'monotonicMs'>, emit: (chunk: PcmChunk) => void) {
    this.#times = times;
    this.#clock = clock;
    this.#emit = emit;
  }

  read(chunk: Buffer): void {
    const bytes = this.#odd.length > 0 ? Buffer.concat([this.#odd, chunk]) : chunk;
    const count = bytes.length >> 1;
    this.#odd = Buffer.from(bytes.subarray(count * 2));
    // ffmpeg writes little-endian, as every machine that we run on is.
    const samples = new Int16Array(Uint8Array.prototype.slice.call(bytes, 0, count * 2).buffer);
    const startMs = (this.#samples * 1000) / PCM_RATE;
    this.#samples += count;
    this.#times.arrived((this.#samples * 1000) / PCM_RATE);
    const nowMs = this.#clock.monotonicMs();
    this.#firstMs ??= nowMs;
    if (!this.#held) this.#hand({ startMs, samples });
    else {
      this.#held.push({ startMs, samples });
      if (nowMs - this.#firstMs >= HOLD_MS) this.flush();
    }
  }

  /** Nothing follows: what is held is handed on. */
  flush(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const one of held) this.#hand(one);
  }

  #hand({ startMs, samples }: Held): void {
    this.#emit({ atMs: this.#times.toUtcMs(startMs), samples });
  }
}
