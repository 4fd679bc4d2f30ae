/** What becomes of a render beside its pictures: its asset, what ends it early, and how it gives way. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeRoom } from '#assets';
import { type Asset, type Job, newId } from '#domain';
import { beginRender, type Composition, type RenderOptions } from '#editor';
import { type Box, openBox, T0 } from '../assets/box.ts';

let box: Box;
let film: Asset;

beforeEach(async () => {
  box = await openBox();
  box.record(T0, 4);
  film = await box.exportAll(newId('video'));
});
afterEach(() => box[Symbol.asyncDispose]());

function composition(scale = 1): Composition {
  const content = { kind: 'video', assetId: film.id, fromMs: 0, volume: 1 } as const;
  const look = { scale, opacity: 1, fit: 'crop', position: 'center', offset: { x: 0, y: 0 } } as const;
  const layers = [{ startMs: 0, durationMs: 1000, content, ...look }];
  return { width: 64, height: 36, fps: 10, background: '#000000', durationMs: 1000, layers };
}

/** The job as the runner would put it down. */
function begun(wanted: Composition, options: RenderOptions = {}): Job {
  const { store, deps } = box;
  const submit = (kind: Job['kind'], input: Job['input'], more: object = {}) =>
    store.jobs.add({ id: newId('job'), kind, input, createdMs: T0, ...more });
  const started = beginRender({ store, jobs: { submit }, clock: deps.clock }, wanted, options);
  if (!('job' in started)) throw new Error('it was rendered before');
  return started.job;
}

async function rendered(wanted: Composition, options: RenderOptions = {}): Promise<Asset> {
  const { assetId = '' } = await box.run(begun(wanted, options));
  return box.asset(assetId);
}

const folders = () => readdirSync(box.deps.assetsDir).sort();
const listed = () => box.store.assets.list().map(({ id }) => id);

it('is an asset that is in no list and knows what it was made of', async () => {
  const asset = await rendered(composition());
  expect(asset).toMatchObject({
    kind: 'video',
    origin: { kind: 'edit', assetIds: [film.id] },
    ...{ width: 64, height: 36, lengthMs: 1000 },
    codecs: expect.stringMatching(/^avc1\..*mp4a/),
    thumbPath: `${asset.id}/thumb.jpg`,
  });
  expect(listed()).toEqual([film.id]);
  expect(beginRender({ ...box.deps, jobs: { submit: () => expect.fail('again') } }, composition())).toEqual({ asset });
  box.store.assets.delete(film.id);
  expect(box.store.renders.get(asset.renderKey ?? '')).toMatchObject({ id: asset.id });
});

it('is listed, and stays, when it is to be kept', async () => {
  const keep = { collectionId: box.store.defaultCollection.id, name: 'Upright' };
  const asset = await rendered(composition(), { keep });
  expect(asset).toMatchObject({ name: 'Upright' });
  expect(asset.usedMs).toBeUndefined();
  expect(listed().sort()).toEqual([asset.id, film.id].sort());
  expect((await rendered(composition())).id).not.toBe(asset.id);
});

it('is the one that was made before a crash, and begins anew over what a crash left of it', async () => {
  const job = begun(composition());
  const { assetId } = job.input as { assetId: string };
  const left = join(box.deps.assetsDir, `${assetId}.part`);
  mkdirSync(left);
  writeFileSync(join(left, '000009.m4s'), 'half');
  expect(await box.run(job)).toMatchObject({ assetId });
  expect(readdirSync(join(box.deps.assetsDir, assetId))).not.toContain('000009.m4s');
  expect(await box.run(job)).toEqual({ assetId });
  expect(folders()).toEqual([assetId, film.id].sort());
});

it('leaves nothing when it is cut short', async () => {
  const cut = new AbortController();
  await expect(
    box.run(begun({ ...composition(), fps: 30 }), cut.signal, () => cut.abort(new Error('enough'))),
  ).rejects.toThrow();
  expect(folders()).toEqual([film.id]);
});

it('fails when what it is made of has been deleted, or there is no room', async () => {
  const job = begun(composition());
  box.deps.reservePercent = 100;
  await expect(box.run(job)).rejects.toThrow(/there is no room/);
  box.deps.reservePercent = 0;
  box.store.assets.delete(film.id);
  await expect(box.run(job)).rejects.toThrow(`${film.id} was deleted before it could be rendered`);
});

it('gives way when room is needed, the least recently asked for first, if that helps', async () => {
  const [first, second] = [await rendered(composition(1)), await rendered(composition(2))];
  const kept = await rendered(composition(3), { keep: { collectionId: film.collectionId, name: 'Kept' } });
  box.store.renders.touch(first.id, (second.usedMs ?? 0) + 1000);
  box.deps.reservePercent = 100; // No room but what gives way.
  await makeRoom(box.deps, first.bytes + second.bytes + 1);
  expect(folders()).toHaveLength(4);
  await makeRoom(box.deps, first.bytes + 1);
  expect(folders()).toEqual([film.id, first.id, kept.id].sort());
  expect(box.store.assets.get(second.id)).toBeUndefined();
});
