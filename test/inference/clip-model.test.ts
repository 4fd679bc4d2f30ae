/** The tests' own CLIP really sees: measured on pictures of things that it was not taught, by captions that it was not taught as wholes. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Picture } from '../../src/inference/protocol.ts';
import { type Hosted, hosted } from './hosted.ts';
import { CLIP_MODEL, captionOf, draw, elsewhere, recoloured, type Untold, untaughtScenes } from './shapes.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
const LEAST_RECALL = 0.9;

let model: Hosted;
beforeAll(async () => {
  model = await hosted(CLIP_MODEL);
});
afterAll(() => model[Symbol.asyncDispose]());

async function pictureOf(scene: Untold, seed: number): Promise<Picture> {
  const { data, info } = await (await draw(scene, seed)).raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgb: data };
}

const likeness = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
const bestOf = (scores: readonly number[]) => scores.indexOf(Math.max(...scores));

it('finds the picture that a caption is about among 120 that it was not taught', async () => {
  const scenes = untaughtScenes(120, 7);
  const { texts } = await model.ask('image-text', { picture: undefined, texts: scenes.map(({ caption }) => caption) });
  const pictures: Float32Array[] = [];
  for (const [i, scene] of scenes.entries()) {
    const { picture } = await model.ask('image-text', { picture: await pictureOf(scene, i), texts: [] });
    pictures.push(picture ?? new Float32Array());
  }
  const found = texts.map((text) => bestOf(pictures.map((picture) => likeness(text, picture))));
  const named = pictures.map((picture) => bestOf(texts.map((text) => likeness(text, picture))));
  const share = (right: readonly number[]) => right.filter((best, i) => best === i).length / scenes.length;
  console.info(
    `recall@1 on ${scenes.length} held-out pictures: ${share(found)} by their captions, ${share(named)} of captions`,
  );
  expect(share(found)).toBeGreaterThanOrEqual(LEAST_RECALL);
  expect(share(named)).toBeGreaterThanOrEqual(LEAST_RECALL);
});

it('is surer of what a picture shows than of what is nearly so, and not sure of what is not there at all', async () => {
  const scenes = untaughtScenes(60, 11);
  const captions = scenes.map((scene) => captionOf(scene));
  let first = 0;
  const absent: number[] = [];
  for (const [i, scene] of scenes.entries()) {
    const nearly = [elsewhere(scene), recoloured(scene)].map((other) => captionOf(other));
    const picture = await pictureOf(scene, 100 + i);
    const { likeness: sure } = await model.ask('image-text', { picture, texts: [captionOf(scene), ...nearly] });
    if (bestOf(sure) === 0) first += 1;
    const nothing = await pictureOf({ things: [], ground: scene.ground }, 200 + i);
    absent.push(...(await model.ask('image-text', { picture: nothing, texts: captions })).likeness);
  }
  const mistaken = absent.filter((sure) => sure > 0.5).length / absent.length;
  console.info(`the true caption is surest: ${first} of ${scenes.length}; of an empty picture believed: ${mistaken}`);
  expect(first / scenes.length).toBeGreaterThanOrEqual(LEAST_RECALL);
  expect(mistaken).toBeLessThanOrEqual(1 - LEAST_RECALL);
});
