import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Listening, type ListeningLimits } from '#inference';
import { ModelLibrary } from '#models';
import { systemClock } from '#runtime';

const quiet = pino({ level: 'silent' });

export interface Ears extends AsyncDisposable {
  listening: Listening;
  models: ModelLibrary;
}

/** A `Listening` over a fresh library with the packs of those folders in it. */
export async function earsWith(packDirs: readonly string[], limits?: Partial<ListeningLimits>): Promise<Ears> {
  const dir = await mkdtemp(join(tmpdir(), 'watchpost-ears-'));
  const models = await ModelLibrary.open(dir, quiet);
  for (const pack of packDirs) await models.importPack(pack);
  const options = { models, log: quiet, clock: systemClock, ...(limits ? { limits } : {}) };
  const listening = await Listening.start(options, new AbortController().signal);
  return {
    listening,
    models,
    [Symbol.asyncDispose]: async () => {
      await listening[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
}

/** The samples of a WAV file of 16-bit mono at 16 kHz. */
export async function samplesOf(file: string): Promise<Int16Array> {
  const bytes = await readFile(file);
  for (let at = 12; at + 8 <= bytes.length; at += 8 + bytes.readUInt32LE(at + 4)) {
    if (bytes.toString('latin1', at, at + 4) !== 'data') continue;
    const data = bytes.subarray(at + 8, at + 8 + bytes.readUInt32LE(at + 4));
    return new Int16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length - (data.length % 2)));
  }
  throw new Error(`${file} holds no sound`);
}

/** Noise of this amplitude, the same each time. */
export function noise(samples: number, amplitude: number): Int16Array {
  let seed = 1;
  return Int16Array.from({ length: samples }, () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (seed / 0x40000000 - 1) * amplitude;
  });
}
