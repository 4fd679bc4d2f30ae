import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import type { Frame } from '#domain';
import { decodeImage, Inference, type InferenceLimits, type Providers } from '#inference';
import { ModelLibrary } from '#models';
import { systemClock } from '#runtime';

/** Weights and media that aren't part of the repository lie beside it; tests that need them are skipped without. */
const references = resolve(import.meta.dirname, '../../../shared');
export const haveReferences = existsSync(join(references, 'models')) && existsSync(join(references, 'media'));
export const skipNote = haveReferences ? '' : ' (skipped: no reference models and media beside the repository)';
const quiet = pino({ level: 'silent' });

export const modelDir = (name: string): string => join(references, 'models', name);
export const mediaFile = (path: string): string => join(references, 'media', path);

export async function still(name: string): Promise<Frame> {
  return decodeImage(await readFile(mediaFile(join('images', name))), 0);
}

export interface Bench extends AsyncDisposable {
  inference: Inference;
  models: ModelLibrary;
}

/** An `Inference` over a fresh library with the detector of that folder in it, or with none, and the packs of others. */
export async function inferenceWith(
  packDir?: string,
  limits?: Partial<InferenceLimits>,
  providers?: Providers,
  others: readonly string[] = [],
  whenNeeded = false,
): Promise<Bench> {
  const dir = await mkdtemp(join(tmpdir(), 'watchpost-models-'));
  const models = await ModelLibrary.open(dir, quiet);
  for (const other of others) await models.importPack(other);
  const detector = packDir ? (await models.importPack(packDir)).name : 'yolox-nano';
  const stop = new AbortController();
  const given = { ...(limits ? { limits } : {}), ...(providers ? { providers } : {}) };
  const options = { models, detector, log: quiet, clock: systemClock, whenNeeded, ...given };
  const inference = await Inference.start(options, stop.signal);
  return {
    inference,
    models,
    [Symbol.asyncDispose]: async () => {
      await inference[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
}

/** Frames of a video as packed RGB, so many a second, 640 pixels wide. */
export async function* framesOf(file: string, fps: number, height: number): AsyncGenerator<Frame> {
  const filter = `fps=${fps},scale=640:${height}`;
  const args = ['-v', 'error', '-i', file, '-vf', filter, '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'];
  const ffmpeg = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const size = 640 * height * 3;
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  for await (const chunk of ffmpeg.stdout) {
    rest = Buffer.concat([rest, chunk]);
    for (; rest.length >= size; rest = rest.subarray(size)) {
      const rgb = new Uint8Array(rest.subarray(0, size));
      yield { atMs: (number++ * 1000) / fps, width: 640, height, rgb, sceneScore: 0 };
    }
  }
}
