/** Searches in the process that is there for them. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '#runtime';
import type { Store } from '#store';
import { until } from '../e2e/support/waiting.ts';
import { aCamera, anAsset, anAssetIndex, aScene, axis, NOON, openStore, quiet } from './fixture.ts';

// A process takes its time to start on a machine that is busy with other things.
vi.setConfig({ testTimeout: 60_000 });

const MODEL = 'axes';
const NOWHERE = axis(7);

async function yard(options: Partial<Parameters<Store['search']['start']>[0]> = {}) {
  const opened = await openStore(systemClock);
  const { store } = opened;
  const camera = aCamera(store);
  const add = (text: string, n: number) => store.scenes.add(aScene(camera.index, { text }), axis(n), MODEL);
  add('A person at the gate.', 0);
  add('A dog in the garden.', 1);
  add('A person in the yard.', 0);
  const restart = { firstMs: 50, capMs: 100 };
  const search = store.search.start(
    { clock: systemClock, log: quiet, fromScenes: 1, restart, ...options },
    new AbortController().signal,
  );
  const apart = () =>
    until('the process has its codes', () => {
      const { state, pid, codes } = store.search.status();
      return state === 'apart' && codes?.complete ? pid : undefined;
    });
  const texts = async (query: { text: string; vector?: Float32Array; signal?: AbortSignal }) => {
    const hits = await store.scenes.search({ vector: NOWHERE, model: MODEL, limit: 9, ...query });
    return hits.map(({ scene }) => scene.text);
  };
  onTestFinished(async () => {
    await search[Symbol.asyncDispose]();
    await opened[Symbol.asyncDispose]();
  });
  return { store, ...camera, add, apart, texts, search };
}

it('answers as this process does, for scenes, for what was said and for assets', async () => {
  const at = await yard();
  const asset = anAsset();
  at.store.assets.create(asset, []);
  const index = anAssetIndex(asset.id);
  at.store.assetIndexes.create(index);
  at.store.assetIndexes.addRecords(index.id, [
    { startMs: 0, endMs: 5, text: 'A forklift.', metadata: {}, vector: axis(2), model: MODEL },
  ]);
  const said = { streamId: at.stream.id, startMs: NOON, endMs: NOON + 5000, text: 'open the gate', words: [] };
  at.store.transcripts.add(said, axis(3), MODEL);
  const ask = async () => ({
    words: await at.texts({ text: 'person' }),
    meaning: await at.texts({ text: 'zzz', vector: axis(1) }),
    none: await at.texts({ text: 'bonjour' }),
    said: (await at.store.transcripts.search({ text: 'gate', vector: NOWHERE, model: MODEL, limit: 9 })).map(
      ({ transcript, score }) => [transcript.text, score],
    ),
    assets: (
      await at.store.assetIndexes.search({ text: 'zz', vector: axis(2), model: MODEL, limit: 9, mode: 'hybrid' })
    ).map(({ record, score }) => [record.text, score]),
  });
  const here = await ask();
  expect(here.meaning).toEqual(['A dog in the garden.']);
  expect(here.said).toHaveLength(1);
  expect(here.assets).toHaveLength(1);
  await at.apart();
  expect(await ask()).toEqual(here);
  expect(at.store.search.status().lastError).toBeUndefined();
});

it('knows at once what was stored, told anew, and deleted', async () => {
  const at = await yard();
  await at.apart();
  const { id } = at.add('A horse.', 4);
  expect(await at.texts({ text: 'zzz', vector: axis(4) })).toEqual(['A horse.']);
  const facts = at.store.scenes.get(id)?.facts;
  if (!facts) throw new Error('the scene is gone');
  at.store.scenes.retell(id, { text: 'A cow.', facts }, axis(5), MODEL);
  expect(await at.texts({ text: 'zzz', vector: axis(5) })).toEqual(['A cow.']);
  expect(await at.texts({ text: 'zzz', vector: axis(4) })).toEqual([]);
  at.store.streams.delete(at.stream.id);
  expect(await at.texts({ text: 'person', vector: axis(0) })).toEqual([]);
  expect(at.store.search.status()).toMatchObject({ state: 'apart', restarts: 0 });
});

it('when it is killed searches go on here, and another follows', async () => {
  const at = await yard();
  const pid = await at.apart();
  const asked = at.texts({ text: 'person' });
  process.kill(pid, 'SIGKILL');
  expect(await asked).toHaveLength(2);
  expect(await at.texts({ text: 'person' })).toHaveLength(2);
  await until('another process', () => (at.store.search.status().restarts === 1 ? true : undefined));
  expect(await at.apart()).not.toBe(pid);
  expect(await at.texts({ text: 'person' })).toHaveLength(2);
});

it('when it hangs the search is done here after the deadline, and another process follows', async () => {
  const at = await yard({ deadlineMs: 300 });
  const pid = await at.apart();
  process.kill(pid, 'SIGSTOP');
  expect(await at.texts({ text: 'person' })).toHaveLength(2);
  await until('the process has ended', () => !lives(pid));
  expect(at.store.search.status().lastError).toMatch(/no answer within 300 ms|search process ended/);
  await until('another process', () => at.store.search.status().restarts >= 1);
});

it('a search that nobody waits for any more is cancelled, and the next one answered', async () => {
  const at = await yard();
  for (const wait of [async () => undefined, at.apart]) {
    await wait();
    const stop = new AbortController();
    const asked = at.texts({ text: 'person', signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    expect(await at.texts({ text: 'person' })).toHaveLength(2);
    await expect(at.texts({ text: 'person', signal: stop.signal })).rejects.toThrow('enough');
  }
  expect(at.store.search.status()).toMatchObject({ underWay: 0 });
});

it('more at once than there may be are refused', async () => {
  const at = await yard();
  await at.apart();
  const asked = await Promise.allSettled(Array.from({ length: 40 }, () => at.texts({ text: 'person' })));
  const refused = asked.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(8);
  expect(refused[0]).toMatchObject({ reason: { kind: 'unavailable', message: expect.stringContaining('try again') } });
  expect(await at.texts({ text: 'person' })).toHaveLength(2);
});

it('is not there for few scenes, and ends when it is told to', async () => {
  const at = await yard({ fromScenes: 1000 });
  expect(await at.texts({ text: 'person' })).toHaveLength(2);
  expect(at.store.search.status()).toEqual({ state: 'in_process', underWay: 0, restarts: 0 });
  await at.search[Symbol.asyncDispose]();
  const many = await yard();
  const pid = await many.apart();
  await many.search[Symbol.asyncDispose]();
  expect(lives(pid)).toBe(false);
});

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
