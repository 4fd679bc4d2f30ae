/** What becomes of a render beside its pictures: its asset, what ends it early, and how it gives way. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeRoom } from '#assets';
import { type Asset, type Job, newId } from '#domain';
import { beginRender, type Composition, type RenderDeps, type RenderOptions } from '#editor';
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
async function begun(wanted: Composition, options: RenderOptions = {}): Promise<Job> {
  const { store, deps } = box;
  const submit = (kind: Job['kind'], input: Job['input'], more: { callbackUrl?: string; joinKey?: string } = {}) =>
    store.jobs.add({ id: newId('job'), kind, input, createdMs: T0, ...more });
  const started = await beginRender({ store, jobs: { submit }, clock: deps.clock }, wanted, options);
  if (!('job' in started)) throw new Error('it was rendered before');
  return started.job;
}

async function rendered(wanted: Composition, options: RenderOptions = {}): Promise<Asset> {
  const { assetId = '' } = await box.run(await begun(wanted, options));
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
  const jobs = { submit: () => expect.fail('again') };
  expect(await beginRender({ ...box.deps, jobs }, composition())).toMatchObject({ asset: { id: asset.id } });
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
  const job = await begun(composition());
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
    box.run(await begun({ ...composition(), fps: 30 }), cut.signal, () => cut.abort(new Error('enough'))),
  ).rejects.toThrow();
  expect(folders()).toEqual([film.id]);
});

it('fails when what it is made of has been deleted, or there is no room', async () => {
  const job = await begun(composition());
  box.deps.reservePercent = 100;
  await expect(box.run(job)).rejects.toThrow(/there is no room/);
  box.deps.reservePercent = 0;
  box.store.assets.removeMedia(film.id);
  await expect(box.run(job)).rejects.toThrow(`${film.id}: its media was deleted before it could be rendered`);
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

describe('who gives an address', () => {
  const here = 'http://box.local/told';
  const there = 'http://box.local/told-too';

  it('is told there, whoever asked for the same before', async () => {
    const first = await begun(composition());
    const other = await begun(composition(), { callbackUrl: here });
    expect(other).toMatchObject({ status: 'processing', callbackUrl: here });
    expect((await begun(composition(), { callbackUrl: there })).id).not.toBe(other.id);
    expect((await begun(composition())).id).toBe(first.id);
    const { assetId } = await box.run(first);
    expect(await box.run(other)).toEqual({ assetId });
  });

  it('is told there of what was made before, too', async () => {
    const asset = await rendered(composition());
    const jobs = { submit: vi.fn<RenderDeps['jobs']['submit']>() };
    const again = await beginRender({ ...box.deps, jobs }, composition(), { callbackUrl: here });
    expect(again).toMatchObject({ asset: { id: asset.id } });
    const options = { callbackUrl: here, detail: JSON.stringify(composition()) };
    const input = { renderKey: asset.renderKey, keep: false };
    expect(jobs.submit.mock.calls).toMatchObject([['render', input, options]]);
  });
});

it('is made anew when fonts were installed that it may be drawn with', async () => {
  const home = process.env['HOME'];
  const titled = composition();
  const [layer] = titled.layers;
  const font = { family: 'DejaVu Sanz', size: 20, color: '#ffffff', opacity: 1 };
  const alignment = { horizontal: 'center', vertical: 'center' } as const;
  const text = { kind: 'text', text: 'Hello', font, alignment, tabSize: 4, lineSpacing: 0 } as const;
  if (layer) titled.layers = [{ ...layer, content: text }];
  const [plain, before] = [await begun(composition()), await begun(titled)];
  process.env['HOME'] = box.dir;
  try {
    mkdirSync(join(box.dir, '.fonts'));
    const own = readFileSync('/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf');
    const utf16 = (name: string) => Buffer.from(name, 'utf16le').swap16();
    for (let at = own.indexOf(utf16('Sans')); at >= 0; at = own.indexOf(utf16('Sans'), at)) utf16('Sanz').copy(own, at);
    writeFileSync(join(box.dir, '.fonts', 'own.ttf'), own);
    expect((await begun(titled)).id).not.toBe(before.id);
    expect((await begun(composition())).id).toBe(plain.id);
  } finally {
    process.env['HOME'] = home;
  }
});
