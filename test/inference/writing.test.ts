/** A model of this box that writes, in its own process. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { Writing, type WritingLimits } from '#inference';
import { ModelLibrary } from '#models';
import { createLog, systemClock } from '#runtime';
import { type TinyWriter, writeWriter } from './tiny-writer.ts';

vi.setConfig({ testTimeout: 180_000 });
const stop = new AbortController().signal;
const ready = { timeout: 60_000, interval: 20 };

async function aWriter(facts?: TinyWriter, limits?: Partial<WritingLimits>) {
  const dir = await mkdtemp(join(tmpdir(), 'wp-writing-'));
  const log = createLog('silent');
  const models = await ModelLibrary.open(join(dir, 'models'), log);
  if (facts) await models.importPack(await writeWriter(join(dir, 'smol'), facts));
  const writing = await Writing.start({ models, log, clock: systemClock, ...(limits ? { limits } : {}) }, stop);
  return {
    writing,
    isReady: () => expect.poll(() => writing.status().state, ready).toBe('ready'),
    [Symbol.asyncDispose]: async () => {
      await writing[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
}

const SENTENCE = [' the', ' gate', ' is', ' open', '.', '<|end|>'];

it.each([true, false])('writes until it is done, with a template for conversations: %s', async (template) => {
  await using at = await aWriter({ says: SENTENCE, template });
  await at.isReady();
  expect(await at.writing.write('be brief', 'is the gate open?', 50, stop)).toBe('the gate is open.');
  expect(at.writing.status()).toMatchObject({ state: 'ready', pack: 'smol', restarts: 0 });
});

it('writes no more than it is let, and is asked no more than it can look back on', async () => {
  await using at = await aWriter({ says: [' the', ' gate', ' gate'] });
  await at.isReady();
  expect(await at.writing.write('', 'go on', 5, stop)).toBe('the gate gate gate gate');
  await expect(at.writing.write('', 'gate '.repeat(600), 5, stop)).rejects.toMatchObject({
    kind: 'internal',
    message: expect.stringContaining('look back'),
  });
  expect(await at.writing.write('', 'go on', 2, stop)).toBe('the gate');
});

it('is ended when it takes too long, and comes back', async () => {
  await using at = await aWriter(
    { says: [' the', ' gate', ' gate'] },
    { answerMs: 1, restart: { firstMs: 1, capMs: 10 } },
  );
  await at.isReady();
  const { pid } = at.writing.status();
  await expect(at.writing.write('', 'go on', 400, stop)).rejects.toMatchObject({ kind: 'unavailable' });
  await expect.poll(() => at.writing.status(), ready).toMatchObject({ state: 'ready', restarts: 1 });
  expect(at.writing.status().pid).not.toBe(pid);
});

it('comes back when it is killed', async () => {
  await using at = await aWriter({ says: SENTENCE }, { restart: { firstMs: 1, capMs: 10 } });
  await at.isReady();
  process.kill(at.writing.status().pid ?? 0, 'SIGKILL');
  await expect.poll(() => at.writing.status(), ready).toMatchObject({ state: 'ready', restarts: 1 });
  expect(await at.writing.write('', 'is it?', 50, stop)).toBe('the gate is open.');
});

it('has no process without a pack, and says so', async () => {
  await using at = await aWriter();
  expect(at.writing.status()).toEqual({ state: 'none', restarts: 0 });
  await expect(at.writing.write('', 'x', 5, stop)).rejects.toMatchObject({ kind: 'unavailable' });
});
