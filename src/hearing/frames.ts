import { PCM_RATE, type PcmChunk } from '#domain';

/** What every detector here looks at: 512 samples, as many as the voice models take. */
export const FRAME_SAMPLES = 512;
export const FRAME_MS = (FRAME_SAMPLES * 1000) / PCM_RATE;
export const SAMPLES_PER_MS = PCM_RATE / 1000;

/** More than this between what was expected and what came is a jump: sound is missing, or the clock was set. */
const JUMP_MS = 500;

/** 32 ms of sound. */
export interface SoundFrame {
  /** Of its first sample, Unix milliseconds. */
  atMs: number;
  samples: Int16Array;
}

/** The frames of one chunk; with `jump`, they don't follow on what came before. */
export interface Framed {
  jump?: { fromMs: number; toMs: number };
  frames: SoundFrame[];
}

/** Cuts chunks of any length into frames. What is left over waits for the next chunk; a jump in time drops it. */
export class Framer {
  #rest = new Int16Array(0);
  /** When the next chunk should begin. */
  #expectedMs: number | undefined;

  push(chunk: PcmChunk): Framed {
    const expectedMs = this.#expectedMs;
    const jumped = expectedMs !== undefined && Math.abs(chunk.atMs - expectedMs) > JUMP_MS;
    if (jumped) this.#rest = new Int16Array(0);
    this.#expectedMs = chunk.atMs + chunk.samples.length / SAMPLES_PER_MS;
    const frames = this.#cut(chunk);
    return jumped ? { jump: { fromMs: expectedMs, toMs: chunk.atMs }, frames } : { frames };
  }

  /** What comes next follows on nothing. */
  reset(): void {
    this.#rest = new Int16Array(0);
    this.#expectedMs = undefined;
  }

  #cut({ atMs, samples }: PcmChunk): SoundFrame[] {
    const all = this.#rest.length === 0 ? samples : joined([this.#rest, samples]);
    const firstMs = atMs - this.#rest.length / SAMPLES_PER_MS;
    const count = Math.floor(all.length / FRAME_SAMPLES);
    this.#rest = all.slice(count * FRAME_SAMPLES);
    return Array.from({ length: count }, (_, n) => ({
      atMs: firstMs + n * FRAME_MS,
      samples: all.subarray(n * FRAME_SAMPLES, (n + 1) * FRAME_SAMPLES),
    }));
  }
}

export function joined(parts: readonly Int16Array[]): Int16Array<ArrayBuffer> {
  const all = new Int16Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
