/** A model of this box that tells what pictures show, in its own process. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { Telling, type TellingLimits } from '#inference';
import { ModelLibrary } from '#models';
import { createLog, systemClock } from '#runtime';
import { writeFiles } from '../models/hub-layout.ts';
import { columns } from './hosted.ts';

import { type TinyVlm, vlmFiles } from './tiny-vlm.ts';

vi.setConfig({ testTimeout: 180_000 });
const stop = new AbortController().signal;
const ready = { timeout: 60_000, interval: 20 };
const RED = columns(16, 16, [255, 0, 0]);

async function aTeller(facts?: TinyVlm, limits?: Partial<TellingLimits>) {
  const dir = await mkdtemp(join(tmpdir(), 'wp-telling-'));
  const log = createLog('silent');
  const models = await ModelLibrary.open(join(dir, 'models'), log);
  const folder = join(dir, 'tiny');
  if (facts) {
    await writeFiles(folder, vlmFiles(facts));
    await models.importPack(folder);
  }
  const telling = await Telling.start({ models, log, clock: systemClock, ...(limits ? { limits } : {}) }, stop);
  return {
    telling,
    isReady: () => expect.poll(() => telling.status().state, ready).toBe('ready'),
    [Symbol.asyncDispose]: async () => {
      await telling[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
}

it.each([
  ['smolvlm', true, 8],
  ['florence2', false, 1],
] as const)('%s tells what it sees', async (family, follows, mostPictures) => {
  await using at = await aTeller({ family });
  await at.isReady();
  expect(await at.telling.tell([RED], 'What is this?', 20, stop)).toContain('red');
  expect([at.telling.follows, at.telling.mostPictures]).toEqual([follows, mostPictures]);
  expect(at.telling.status()).toMatchObject({ state: 'ready', pack: 'tiny', restarts: 0 });
});

it('comes back when it is killed', async () => {
  await using at = await aTeller({ family: 'smolvlm' }, { restart: { firstMs: 1, capMs: 10 } });
  await at.isReady();
  process.kill(at.telling.status().pid ?? 0, 'SIGKILL');
  await expect.poll(() => at.telling.status(), ready).toMatchObject({ state: 'ready', restarts: 1 });
  expect(await at.telling.tell([RED], 'What is this?', 20, stop)).toContain('red');
});

it('is tried again when it takes too long to load', async () => {
  const limits = { loadMs: 1, restart: { firstMs: 1, capMs: 10 } };
  await using at = await aTeller({ family: 'smolvlm' }, limits);
  await expect
    .poll(() => at.telling.status(), ready)
    .toMatchObject({ lastError: expect.stringContaining('within 1 ms') });
  await expect(at.telling.tell([RED], 'What is this?', 20, stop)).rejects.toMatchObject({ kind: 'unavailable' });
});

it('is ended when it takes too long, and comes back', async () => {
  const limits = { answerMs: 1, restart: { firstMs: 1, capMs: 10 } };
  await using at = await aTeller({ family: 'smolvlm', endless: true }, limits);
  await at.isReady();
  await expect(at.telling.tell([RED], 'What is this?', 400, stop)).rejects.toMatchObject({ kind: 'unavailable' });
  await expect.poll(() => at.telling.status(), ready).toMatchObject({ state: 'ready', restarts: 1 });
});

it('has no process without a pack, and says so', async () => {
  await using at = await aTeller();
  expect(at.telling.status()).toEqual({ state: 'none', restarts: 0 });
  expect([at.telling.follows, at.telling.mostPictures]).toEqual([false, 0]);
  await expect(at.telling.tell([RED], 'x', 5, stop)).rejects.toMatchObject({ kind: 'unavailable' });
});
