import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Frame } from '#domain';
import type { Inference } from '#inference';
import { frame } from './pictures.ts';
import { inferenceWith } from './references.ts';
import { tinyModel, writePack } from './tiny-onnx.ts';

const request = { streamId: 'rts-1', priority: 'index' } as const;
const never = new AbortController().signal;
const patient = { timeout: 60_000, interval: 20 };
const restart = { firstMs: 20, capMs: 50 };

vi.setConfig({ testTimeout: 180_000 });

let dir: string;
let pack: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-host-'));
  pack = await writePack(dir);
});
afterAll(() => rm(dir, { recursive: true }));

const bright = (): Frame => frame(0, () => 120);

async function ready(inference: Inference): Promise<number> {
  await vi.waitFor(() => expect(inference.status().state).toBe('ready'), patient);
  return inference.status().pid ?? expect.fail('no process');
}

describe('the model process', () => {
  it('answers in fractions of the picture, once per frame', async () => {
    await using bench = await inferenceWith(pack);
    const picture = bright();
    const [first, second] = await Promise.all([
      bench.inference.detect(picture, request, never),
      bench.inference.detect(picture, { ...request, streamId: 'rts-2' }, never),
    ]);
    expect(second).toBe(first);
    if (!Array.isArray(first)) throw new Error(first);
    expect(first).toHaveLength(1);
    expect(first[0]?.label).toBe('person');
    // Brightness 120 above and the letterbox's 114 below.
    expect(first[0]?.score).toBeCloseTo((4 * ((120 * 18) / 32 + (114 * 14) / 32)) / 255 - 1.2, 2);
    // 8…24 pixels of the input, of which the picture fills 32 × 18.
    expect(first[0]?.box.x1).toBeCloseTo(0.25, 2);
    expect(first[0]?.box.y2).toBe(1);
  });

  it('begins when somebody needs it, and has the first picture wait for it', async () => {
    await using bench = await inferenceWith(pack, undefined, undefined, [], true);
    const { inference } = bench;
    await inference.reload(); // A pack that comes is no need.
    expect(inference.status()).toMatchObject({ state: 'idle', pack: 'tiny', restarts: 0 });
    expect(inference.status().pid).toBeUndefined();
    expect(inference.has('object-detection')).toBe(true);
    expect(await inference.detect(bright(), request, never)).toHaveLength(1);
    expect(inference.status()).toMatchObject({ state: 'ready', dropped: 0, restarts: 0 });
  });

  it('is loaded before the first question where one is to come', async () => {
    await using bench = await inferenceWith(pack, undefined, undefined, [], true);
    bench.inference.prepare();
    const pid = await ready(bench.inference);
    bench.inference.prepare();
    expect(await bench.inference.detect(bright(), request, never)).toHaveLength(1);
    expect(bench.inference.status()).toMatchObject({ pid, restarts: 0 });
  });

  it('that is not needed takes up packs that come', async () => {
    await using bench = await inferenceWith(undefined, undefined, undefined, [], true);
    bench.inference.prepare(); // There is none: nothing begins.
    await bench.models.importPack(await writePack(join(dir, 'later'), tinyModel(), 'yolox-nano'));
    await bench.inference.reload();
    await ready(bench.inference);
  });

  it('gets nothing of the environment that it has no use for', async () => {
    vi.stubEnv('WATCHPOST_CANARY', 'planted-secret');
    await using bench = await inferenceWith(pack);
    const pid = await ready(bench.inference);
    vi.unstubAllEnvs();
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('planted-secret');
  });

  it('is started anew when it is killed; what it was at is dropped and counted', async () => {
    await using bench = await inferenceWith(pack, { restart });
    const pid = await ready(bench.inference);
    process.kill(pid, 'SIGSTOP');
    const pending = bench.inference.detect(bright(), request, never);
    const waiting = bench.inference.detect(bright(), request, never);
    process.kill(pid, 'SIGKILL');
    expect(await pending).toBe('dropped');
    expect(await waiting).toBe('dropped');
    expect(await ready(bench.inference)).not.toBe(pid);
    expect(bench.inference.status()).toMatchObject({
      restarts: 1,
      dropped: 2,
      lastError: expect.stringMatching('SIGKILL'),
    });
    expect(await bench.inference.detect(bright(), request, never)).toHaveLength(1);
  });

  it('is killed when it hangs', async () => {
    await using bench = await inferenceWith(pack, { restart, deadlineMs: 300 });
    const pid = await ready(bench.inference);
    process.kill(pid, 'SIGSTOP');
    expect(await bench.inference.detect(bright(), request, never)).toBe('dropped');
    expect(await ready(bench.inference)).not.toBe(pid);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(bench.inference.status().lastError).toMatch('no answer within 300 ms');
  });

  it('is replaced when it has grown too large', async () => {
    await using bench = await inferenceWith(pack, { restart, rssMb: 1 });
    const pid = await ready(bench.inference);
    expect(await bench.inference.detect(bright(), request, never)).toHaveLength(1);
    await vi.waitFor(() => expect(bench.inference.status().restarts).toBe(1), patient);
    expect(await ready(bench.inference)).not.toBe(pid);
  });

  it('ends with its parent', async () => {
    const execArgv = ['--import', 'tsx'];
    const parent = fork(join(import.meta.dirname, 'parent.ts'), [pack], {
      execArgv,
      env: { ...process.env, TMPDIR: dir },
    });
    const pid = await new Promise<number>((resolve) => parent.once('message', resolve));
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), patient);
  });
});

describe('packs that can not be used', () => {
  it('says that there is none, and takes one up when it comes', async () => {
    await using bench = await inferenceWith();
    expect(await bench.inference.detect(bright(), request, never)).toBe('none');
    expect(bench.inference.status().state).toBe('none');
    await bench.models.importPack(await writePack(join(dir, 'late'), tinyModel(), 'yolox-nano'));
    await bench.inference.reload();
    await ready(bench.inference);
    expect(await bench.inference.detect(bright(), request, never)).toHaveLength(1);
  });

  it.each([
    ['no ONNX at all', Buffer.from('not a model'), /can't be loaded/],
    ['a model of another shape', tinyModel(9), /is no yolox: needs an output "output" \[1,21,7\]/],
  ])('names what is wrong with %s, and works on without', async (name, weights, problem) => {
    const bad = await writePack(join(dir, `bad-${weights.length}`), weights);
    await using bench = await inferenceWith(bad);
    await vi.waitFor(() => expect(bench.inference.status().state, name).toBe('failed'), patient);
    expect(bench.inference.status().lastError).toMatch(problem);
    expect(await bench.inference.detect(bright(), request, never)).toBe('none');
  });
});

describe('giving up', () => {
  it('rejects for the one who gave up, not for the others', async () => {
    await using bench = await inferenceWith(pack);
    const picture = bright();
    const stop = new AbortController();
    const mine = bench.inference.detect(picture, request, stop.signal);
    const theirs = bench.inference.detect(picture, request, never);
    stop.abort();
    await expect(mine).rejects.toThrow('abort');
    expect(await theirs).toHaveLength(1);
  });

  it('ends while a model is loading', async () => {
    const bench = await inferenceWith(pack);
    const waiting = bench.inference.detect(bright(), request, never);
    await bench[Symbol.asyncDispose]();
    expect(bench.inference.status().state).toBe('none');
    expect(await waiting).not.toBe(undefined);
  });
});
