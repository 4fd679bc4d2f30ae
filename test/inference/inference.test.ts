import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Inference } from '#inference';
import { ModelLibrary } from '#models';
import { systemClock } from '#runtime';
import { processTree } from '../e2e/support/processes.ts';
import { frame } from './pictures.ts';
import { inferenceWith } from './references.ts';
import { tinyModel, writePack } from './tiny-onnx.ts';

const about = { streamId: 'rts-1', priority: 'index' } as const;
const never = new AbortController().signal;
const patient = { timeout: 60_000, interval: 20 };

vi.setConfig({ testTimeout: 180_000 });

let dir: string;
let pack: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-sight-'));
  pack = await writePack(dir);
});
afterAll(() => rm(dir, { recursive: true }));

const ready = (inference: Inference) => vi.waitFor(() => expect(inference.status().state).toBe('ready'), patient);

/** A detector's weights where a face model's are wanted. */
async function badFaces(): Promise<string> {
  const folder = join(dir, 'bad-faces');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'faces.onnx'), tinyModel());
  const manifest = { name: 'bad-faces', task: 'face-detection', file: 'faces.onnx', licence: 'MIT' };
  await writeFile(join(folder, 'model.json'), JSON.stringify({ ...manifest, labels: ['face'] }));
  return folder;
}

/** Whoever reads it waits for ever: what could be written to it is held open, and nothing is. */
async function replaceByPipe(file: string): Promise<void> {
  await rm(file);
  spawnSync('mkfifo', [file]);
  const held = openSync(file, constants.O_RDWR);
  onTestFinished(() => closeSync(held));
}

/** Kills the process that reads the pipe, in whose place there are these weights for the next one, if any. */
async function killWhoReads(pipe: string, weights?: Buffer): Promise<void> {
  const pid = await vi.waitFor(async () => {
    const hosts = (await processTree(process.pid)).filter(({ argv }) => argv.join().includes('inference/host.ts'));
    return hosts.find((host) => filesOf(host.pid).includes(pipe))?.pid ?? expect.fail('nobody reads');
  }, patient);
  if (weights) {
    await writeFile(`${pipe}.whole`, weights);
    await rename(`${pipe}.whole`, pipe);
  }
  process.kill(pid, 'SIGKILL');
  await vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), patient);
}

/** What the process has open; nothing when it has ended. */
function filesOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

describe('several models in one process', () => {
  it('do without one that can not be used: only its own task is not answered', async () => {
    await using bench = await inferenceWith(pack);
    const { inference, models } = bench;
    await models.importPack(await badFaces());
    await inference.reload();
    const picture = frame(0, () => 120);
    await vi.waitFor(() => expect(inference.status().problems).toBeDefined(), patient);
    expect(await inference.ask('face-detection', { picture, minScore: 0.5 }, about, never)).toBe('none');
    expect(await inference.detect(picture, about, never)).toHaveLength(1);
    expect([inference.has('object-detection'), inference.has('face-detection')]).toEqual([true, false]);
    expect(inference.status()).toMatchObject({
      state: 'ready',
      packs: { 'object-detection': 'tiny' },
      problems: { 'face-detection': expect.stringMatching('is no UltraFace') },
      lastError: expect.stringMatching('is no UltraFace'),
    });
    expect(inference.status().answerMs).toEqual({ 'object-detection': expect.any(Number) });
    expect(inference.status().answerMs?.['object-detection']).toBeGreaterThan(0);
  });

  it('do without one that the process does not survive', async () => {
    const log = pino({ level: 'silent' });
    const models = await ModelLibrary.open(join(dir, 'models'), log);
    const detector = (await models.importPack(pack)).name;
    const faces = await models.importPack(await badFaces());
    await replaceByPipe(faces.file);
    const limits = { restart: { firstMs: 20, capMs: 50 } };
    const { signal } = new AbortController();
    await using inference = await Inference.start({ models, detector, log, clock: systemClock, limits }, signal);
    for (let lives = 0; lives < 2; lives += 1) await killWhoReads(faces.file);
    await ready(inference);
    expect(inference.status().problems).toEqual({ 'face-detection': expect.stringMatching('SIGKILL') });
    expect(inference.has('face-detection')).toBe(false);
    expect(
      await inference.detect(
        frame(0, () => 120),
        about,
        never,
      ),
    ).toHaveLength(1);
  });

  it('are not left out when the process has survived them since', async () => {
    const log = pino({ level: 'silent' });
    const models = await ModelLibrary.open(join(dir, 'survived'), log);
    const detector = (await models.importPack(pack)).name;
    const faces = await models.importPack(await badFaces());
    const weights = await readFile(faces.file);
    const limits = { restart: { firstMs: 20, capMs: 50 } };
    const { signal } = new AbortController();
    await replaceByPipe(faces.file);
    await using inference = await Inference.start({ models, detector, log, clock: systemClock, limits }, signal);
    for (let times = 0; times < 2; times += 1) {
      await killWhoReads(faces.file, weights);
      await ready(inference);
      expect(inference.status().problems).toEqual({ 'face-detection': expect.stringMatching('is no UltraFace') });
      await replaceByPipe(faces.file);
      if (times === 0) process.kill(inference.status().pid ?? 0, 'SIGKILL');
    }
  });

  it('are asked nothing that no pack is there for', async () => {
    await using bench = await inferenceWith(pack);
    await ready(bench.inference);
    const picture = frame(0, () => 120);
    expect(bench.inference.has('text-detection')).toBe(false);
    expect(await bench.inference.ask('text-detection', { picture }, about, never)).toBe('none');
    expect(bench.inference.status()).toMatchObject({ packs: { 'object-detection': 'tiny' }, dropped: 0 });
    expect(bench.inference.status().problems).toBe(undefined);
  });
});

describe('the number of cameras', () => {
  it('that can not be told costs no answer, and no process', async () => {
    const log = pino({ level: 'silent' });
    const models = await ModelLibrary.open(join(dir, 'counted'), log);
    const detector = (await models.importPack(pack)).name;
    let asked = 0;
    const cameras = () => {
      asked += 1;
      if (isReady) throw new Error('the database is busy');
      return 1;
    };
    let isReady = false;
    const { signal } = new AbortController();
    await using inference = await Inference.start({ models, detector, log, clock: systemClock, cameras }, signal);
    await ready(inference);
    isReady = true;
    const before = asked;
    for (const shade of [110, 120, 130]) {
      expect(
        await inference.detect(
          frame(0, () => shade),
          about,
          never,
        ),
      ).toHaveLength(1);
    }
    expect(asked).toBeGreaterThan(before);
    expect(inference.status()).toMatchObject({ state: 'ready', restarts: 0 });
  });
});

describe('questions', () => {
  it('that are the same about the same picture get the same answer, others their own', async () => {
    await using bench = await inferenceWith(pack);
    const picture = frame(0, () => 120);
    const ask = (minScore: number) => bench.inference.ask('object-detection', { picture, minScore }, about, never);
    const [one, same, other, none] = await Promise.all([ask(0.5), ask(0.5), ask(0.6), ask(0.9)]);
    expect(same).toBe(one);
    expect(other).not.toBe(one);
    expect(other).toEqual(one);
    expect(none).toEqual([]);
  });

  it('about many pictures at once get the answer to their own', async () => {
    await using bench = await inferenceWith(pack);
    const shades = [105, 110, 115, 120, 125, 130, 135, 140];
    const answers = await Promise.all(
      shades.map((shade) =>
        bench.inference.detect(
          frame(0, () => shade),
          about,
          never,
        ),
      ),
    );
    const scores = answers.map((found) => (Array.isArray(found) ? (found[0]?.score ?? 0) : 0));
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    expect(new Set(scores).size).toBe(shades.length);
  });
});

describe('the detector', () => {
  it('is the best that is there where the wanted one is not', async () => {
    await using bench = await inferenceWith();
    await bench.models.importPack(pack);
    await bench.inference.reload();
    await ready(bench.inference);
    expect(bench.inference.status().pack).toBe('tiny');
    expect(
      await bench.inference.detect(
        frame(0, () => 120),
        about,
        never,
      ),
    ).toHaveLength(1);
  });

  it('that is changed over a question leaves no complaint behind', async () => {
    await using bench = await inferenceWith(pack);
    await ready(bench.inference);
    const shades = [60, 90, 120, 150];
    const asked = shades.map((shade, i) =>
      bench.inference.detect(
        frame(i, () => shade),
        about,
        never,
      ),
    );
    await bench.inference.reload();
    await Promise.all(asked);
    await ready(bench.inference);
    expect(bench.inference.status()).not.toHaveProperty('lastError');
  });
});
