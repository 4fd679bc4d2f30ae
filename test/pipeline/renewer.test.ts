/** Older scenes get vectors of a model that has come. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { expect, it, vi } from 'vitest';
import type { Scene } from '#domain';
import { type Eyes, embedText, TEXT_EMBEDDING } from '#inference';
import { Renewer } from '#pipeline';
import { systemClock } from '#runtime';
import { until } from '../e2e/support/waiting.ts';
import { aCamera, aScene, openStore, quiet } from '../store/fixture.ts';

// Many stretches with a rest after each, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const COLOURS = { red: { r: 250, g: 0, b: 0 }, green: { r: 0, g: 250, b: 0 }, blue: { r: 0, g: 0, b: 250 } };
const NOWHERE = new Float32Array(TEXT_EMBEDDING.dim);
/** A picture at cosine 0.5 is as likely as not of the colour. */
const LIKENESS = { slope: 20, offset: -10 };

/** A model that tells pictures by how red, green and blue they are. */
class ColourModel {
  asked = 0;
  name: string | undefined = 'colours-1';
  /** After so many questions it goes away. */
  lasts = Number.POSITIVE_INFINITY;

  readonly eyes: Eyes = {
    has: () => this.name !== undefined,
    status: () => ({
      state: 'ready',
      packs: this.name === undefined ? {} : { 'image-text': this.name },
      restarts: 0,
      queued: 0,
      dropped: 0,
    }),
    detect: async () => 'none',
    // Nothing else is asked of it here.
    ask: (async (_task: string, { picture }: { picture: { rgb: Uint8Array } }) => {
      if (this.asked >= this.lasts) return 'none';
      this.asked += 1;
      const sums = [0, 0, 0];
      for (const [i, value] of picture.rgb.entries()) sums[i % 3] = (sums[i % 3] ?? 0) + value / picture.rgb.length;
      return { picture: Float32Array.from(sums), texts: [], likeness: [], queries: [] };
    }) as Eyes['ask'],
  };
}

async function yard() {
  const opened = await openStore(systemClock);
  const { store, dir } = opened;
  const { index } = aCamera(store);
  const thumbsDir = join(dir, 'thumbs');
  const add = async (text: string, colour?: keyof typeof COLOURS): Promise<Scene> => {
    const thumbPath = `cam/${text.replaceAll(' ', '-')}.jpg`;
    if (colour) {
      const create = { width: 16, height: 16, channels: 3, background: COLOURS[colour] } as const;
      mkdirSync(dirname(join(thumbsDir, thumbPath)), { recursive: true });
      writeFileSync(join(thumbsDir, thumbPath), await sharp({ create }).jpeg().toBuffer());
    }
    const scene = aScene(index, { text, ...(colour ? { thumbPath } : {}) });
    return store.scenes.add(scene, Float32Array.from([1, 2, 3]), 'older');
  };
  const model = new ColourModel();
  const start = () =>
    Renewer.start({ store, thumbsDir, eyes: model.eyes, clock: systemClock, log: quiet }, new AbortController().signal);
  const looksLike = async (colour: keyof typeof COLOURS, name = 'colours-1') => {
    const { r, g, b } = COLOURS[colour];
    const pictures = { ...LIKENESS, model: name, vector: Float32Array.from([r, g, b]) };
    const hits = await store.scenes.search({ text: '', vector: NOWHERE, model: 'none', limit: 500, pictures });
    return hits.map(({ scene }) => scene.text);
  };
  const means = async (text: string) => {
    const query = { text: 'zzz', vector: embedText(text), model: TEXT_EMBEDDING.model, limit: 9, scoreThreshold: 0.5 };
    return (await store.scenes.search(query)).map(({ scene }) => scene.text);
  };
  const done = () =>
    until('all is renewed', () => (Object.keys(store.renewal.status()).length === 0 ? true : undefined));
  return {
    ...opened,
    [Symbol.asyncDispose]: opened[Symbol.asyncDispose],
    thumbsDir,
    add,
    model,
    start,
    looksLike,
    means,
    done,
  };
}

it('texts and pictures of an older model, and those that none has looked at, are found by the new one', async () => {
  await using at = await yard();
  await at.add('a person at the gate', 'red');
  await at.add('a dog in the garden', 'green');
  await at.add('a car');
  expect(await at.looksLike('red')).toEqual([]);
  expect(await at.means('a person at the gate')).toEqual([]);
  {
    await using _renewer = at.start();
    await until('the dog is found by its colour', async () => (await at.looksLike('green')).length > 0);
    await at.done();
  }
  expect(await at.looksLike('red')).toEqual(['a person at the gate']);
  expect(await at.looksLike('green')).toEqual(['a dog in the garden']);
  expect(await at.means('a person at the gate')).toEqual(['a person at the gate']);
  expect(at.model.asked).toBe(2);
  at.model.name = 'colours-2';
  {
    await using _renewer = at.start();
    await until('another model has looked', async () => (await at.looksLike('red', 'colours-2')).length > 0);
    await at.done();
  }
  expect(at.model.asked).toBe(4);
  expect(await at.looksLike('red')).toEqual([]);
});

it('goes on after an end where it was, the newest first, and does nothing twice', async () => {
  await using at = await yard();
  for (let n = 0; n < 300; n++) await at.add(`scene ${n}`, 'blue');
  {
    await using _renewer = at.start();
    await until('some are renewed', () => (at.store.renewal.status().pictures?.share ?? 0) > 0.3);
  }
  const { pictures } = at.store.renewal.status();
  expect(pictures?.model).toBe('colours-1');
  expect(pictures?.share).toBeLessThan(1);
  const found = await at.looksLike('blue');
  expect(found).toContain('scene 299');
  expect(found).not.toContain('scene 0');
  const before = at.model.asked;
  expect(before).toBeLessThan(300);
  {
    await using _renewer = at.start();
    await at.done();
  }
  expect(await at.looksLike('blue')).toHaveLength(300);
  // What was looked at but not stored before the end is looked at again: one stretch at most.
  expect(at.model.asked).toBeLessThanOrEqual(300 + 128);
});

it('a model that goes away is waited for; pictures and scenes that went are passed over', async () => {
  await using at = await yard();
  const gone = await at.add('gone', 'red');
  await at.add('without its picture', 'red');
  await at.add('there', 'red');
  rmSync(join(at.thumbsDir, 'cam/without-its-picture.jpg'));
  writeFileSync(join(at.thumbsDir, gone.thumbPath ?? ''), 'no picture');
  at.model.lasts = 0;
  {
    await using _renewer = at.start();
    await until('it has been tried', () => at.store.renewal.status().pictures !== undefined);
  }
  expect(at.store.renewal.status().pictures?.share).toBe(0);
  expect(await at.looksLike('red')).toEqual([]);
  at.model.lasts = 9;
  {
    await using _renewer = at.start();
    await at.done();
  }
  expect(await at.looksLike('red')).toEqual(['there']);
});
