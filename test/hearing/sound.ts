import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PCM_RATE, type PcmChunk } from '#domain';
import { FRAME_MS, FRAME_SAMPLES, type SoundFrame } from '#hearing';

export const T0 = Date.UTC(2026, 0, 15, 12);

export function silence(ms: number): Int16Array {
  return new Int16Array(Math.round((ms * PCM_RATE) / 1000));
}

/** The same noise each time; `db` is its root mean square. */
export function noise(ms: number, db: number): Int16Array {
  const peak = 32_768 * 10 ** (db / 20) * Math.sqrt(3);
  let seed = 12_345;
  return silence(ms).map(() => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.round((seed / 2 ** 30 - 1) * peak);
  });
}

export function tone(ms: number, hz: number, db: number): Int16Array {
  const peak = 32_768 * 10 ** (db / 20) * Math.SQRT2;
  return silence(ms).map((_, n) => Math.round(peak * Math.sin((2 * Math.PI * hz * n) / PCM_RATE)));
}

export function mixed(a: Int16Array, b: Int16Array): Int16Array {
  return a.map((sample, n) => Math.max(-32_768, Math.min(32_767, sample + (b[n] ?? 0))));
}

/** Synthesised speech, without the silence before and after it. */
export function speech(text: string, voice = 'en-us'): Int16Array {
  const dir = mkdtempSync(join(tmpdir(), 'wp-speech-'));
  try {
    const file = join(dir, 'speech.wav');
    execFileSync('espeak-ng', ['-v', voice, '-s', '150', '-w', file, text]);
    return trimmed(decoded(file));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Any sound file. */
export function decoded(file: string): Int16Array {
  const raw = ['-f', 's16le', '-ar', String(PCM_RATE), '-ac', '1', '-'];
  const bytes = execFileSync('ffmpeg', ['-loglevel', 'error', '-i', file, ...raw], { maxBuffer: 2 ** 26 });
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function trimmed(samples: Int16Array): Int16Array {
  const isSound = (sample: number) => Math.abs(sample) > 200;
  return samples.slice(samples.findIndex(isSound), samples.findLastIndex(isSound) + 1);
}

export function* chunks(samples: Int16Array, startMs = T0, chunkMs = 200): Generator<PcmChunk> {
  const size = (chunkMs * PCM_RATE) / 1000;
  for (let n = 0; n < samples.length; n += size) {
    yield { atMs: startMs + (n * 1000) / PCM_RATE, samples: samples.slice(n, n + size) };
  }
}

export function frames(samples: Int16Array, startMs = T0): SoundFrame[] {
  return Array.from({ length: Math.floor(samples.length / FRAME_SAMPLES) }, (_, n) => ({
    atMs: startMs + n * FRAME_MS,
    samples: samples.subarray(n * FRAME_SAMPLES, (n + 1) * FRAME_SAMPLES),
  }));
}
