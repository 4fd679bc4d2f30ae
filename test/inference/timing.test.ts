import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { timePack } from '#inference';
import { tryOut } from '../../src/inference/timing.ts';
import { describePack } from '../../src/models/pack.ts';
import { writePack } from './tiny-onnx.ts';

const never = new AbortController().signal;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-timing-'));
});
afterAll(() => rm(dir, { recursive: true }));

describe('what a pack takes on this box', () => {
  it('is measured in a process of its own', async () => {
    const timing = await timePack(await describePack(await writePack(dir)), never);
    expect(timing).toMatchObject({ provider: 'cpu' });
    expect(timing.problem).toBe(undefined);
    expect(timing.medianMs).toBeGreaterThan(0);
    expect(timing.loadMs).toBeGreaterThan(0);
    expect(timing.rssMb).toBeGreaterThan(20);
    expect(timing.threads).toBeGreaterThan(0);
  });

  it('is a problem where it can not be used', async () => {
    const bad = await describePack(await writePack(dir, Buffer.from('not a model'), 'bad'));
    expect(await timePack(bad, never)).toMatchObject({
      medianMs: 0,
      problem: expect.stringMatching("can't be loaded"),
    });
  });

  it('is given up when nobody wants it any more', async () => {
    const pack = await describePack(await writePack(dir));
    await expect(timePack(pack, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});

describe('a trial', () => {
  it('that hangs is ended', async () => {
    const file = join(dir, 'hangs.onnx');
    spawnSync('mkfifo', [file]);
    const load = { kind: 'load', task: 'audio-classification', file, threads: 1, labels: 1 } as const;
    await expect(tryOut(load, never, { wholeMs: 1500 })).rejects.toThrow('longer than 1500 ms');
  });
});
