/** CLIP and SigLIP as their exports lie on the hub, through the library that runs them, in a process of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { timePack } from '#inference';
import { writeFiles } from '../models/hub-layout.ts';
import { columns, type Hosted, hosted } from './hosted.ts';
import { inferenceWith } from './references.ts';
import { clipFiles, type TinyClip } from './tiny-clip.ts';
import { writePack } from './tiny-onnx.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const RED = columns(64, 36, [255, 0, 0]);
const BLUE = columns(20, 60, [0, 0, 255]);
const TEXTS = ['a red square', 'a green square', 'a blue square'];

let model: Hosted;
beforeAll(async () => {
  model = await hosted(clipFiles());
});
afterAll(() => model[Symbol.asyncDispose]());

const KINDS: [string, TinyClip][] = [
  ['CLIP of two towers', { family: 'clip', logitScale: 100 }],
  ['CLIP in one piece', { family: 'clip', whole: true, logitScale: 100 }],
  ['SigLIP of two towers', { family: 'siglip', logitScale: 10 }],
  ['SigLIP in one piece', { family: 'siglip', whole: true, logitScale: 10 }],
];

it.each(KINDS)('%s tells what a picture shows', async (_name, facts) => {
  await using other = await hosted(clipFiles(facts));
  const red = await other.ask('image-text', { picture: RED, texts: TEXTS });
  expect(red.likeness[0]).toBeGreaterThan(0.9);
  expect(Math.max(...red.likeness.slice(1))).toBeLessThan(0.1);
  const blue = await other.ask('image-text', { picture: BLUE, texts: [...TEXTS].reverse() });
  expect(blue.likeness[0]).toBeGreaterThan(0.9);
  for (const vector of [...red.texts, red.picture ?? []]) expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
  expect(blue.texts[2]).toEqual(red.texts[0]);
});

it('loads each tower in the precision that it has', async () => {
  const { 'onnx/text_model.onnx': text = '', 'onnx/vision_model.onnx': vision = '', ...others } = clipFiles();
  const mixed = { ...others, 'onnx/text_model_quantized.onnx': text, 'onnx/vision_model_q4.onnx': vision };
  await using other = await hosted(mixed);
  const { likeness } = await other.ask('image-text', { picture: RED, texts: TEXTS });
  expect(likeness[0]).toBeGreaterThan(0.9);
});

it('sees what is at the sides of a wide picture too', async () => {
  const wide = columns(160, 40, [255, 0, 0], [0, 0, 255], [0, 0, 255], [255, 0, 0]);
  const { picture } = await model.ask('image-text', { picture: wide, texts: [] });
  expect(picture?.[0]).toBeCloseTo(picture?.[2] ?? 9, 1);
});

it('reads no more of a text than it was taught to, and answers without a picture', async () => {
  const long = `${'red '.repeat(8)}${'blue '.repeat(50)}`;
  const { picture, texts, likeness } = await model.ask('image-text', { picture: undefined, texts: [long, 'red'] });
  expect(texts[0]?.map((value) => Math.round(value * 1000))).toEqual(
    texts[1]?.map((value) => Math.round(value * 1000)),
  );
  expect({ picture, likeness }).toEqual({ picture: undefined, likeness: [] });
});

it('keeps answering rightly when it has read more texts than it remembers', async () => {
  const many = Array.from({ length: 450 }, (_, i) => `${['red', 'green', 'blue'][i % 3]} ${i}`);
  const { likeness } = await model.ask('image-text', { picture: RED, texts: ['a red square', ...many] });
  expect(likeness).toHaveLength(451);
  expect(likeness.map((one) => one > 0.5).slice(1, 7)).toEqual([true, false, false, true, false, false]);
  // While one reads what makes it forget, the other uses what it knows.
  const [again, others] = await Promise.all([
    model.ask('image-text', { picture: RED, texts: ['a red square', ...many] }),
    model.ask('image-text', { picture: RED, texts: many.slice(-150) }),
  ]);
  expect(again.likeness).toEqual(likeness);
  expect(others.likeness).toEqual(likeness.slice(-150));
});

it.each([
  ['an input that is called otherwise', { pixels: 'images' }, 'pixel_values'],
  ['no projection', { output: 'last_hidden_state' }, 'projection'],
  ['towers of two models', { longer: 2 }, 'not one model'],
])('is refused with %s, saying so', async (_what, facts, said) => {
  await expect(hosted(clipFiles(facts))).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining(said),
  });
});

it('turns down what is no number', async () => {
  await expect(model.ask('image-text', { picture: undefined, texts: [''] })).rejects.toMatchObject({
    kind: 'internal',
  });
  expect((await model.ask('image-text', { picture: RED, texts: ['red'] })).likeness[0]).toBeGreaterThan(0.9);
});

describe('in the process that sees', () => {
  const about = { streamId: 'yard', priority: 'index' } as const;
  const { signal } = new AbortController();
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wp-image-text-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('answers beside the detector, and can be timed', async () => {
    const clip = await writeFiles(join(dir, 'clip'), clipFiles());
    await using at = await inferenceWith(await writePack(dir), undefined, undefined, [clip]);
    const frame = { ...RED, atMs: 0, sceneScore: 0 };
    const [objects, seen] = await Promise.all([
      at.inference.detect(frame, about, signal),
      at.inference.ask('image-text', { picture: frame, texts: TEXTS }, about, signal),
    ]);
    expect(objects).toBeInstanceOf(Array);
    expect(seen).toMatchObject({ likeness: [expect.closeTo(1, 0), expect.closeTo(0, 0), expect.closeTo(0, 0)] });
    const [pack] = at.models.forTask('image-text');
    const timing = pack && (await timePack(pack, signal));
    expect(timing).toMatchObject({ provider: 'cpu', rssMb: expect.any(Number) });
    expect(timing).not.toHaveProperty('problem');
  });

  it('costs only what it is for when it is broken', async () => {
    const clip = await writeFiles(join(dir, 'clip'), clipFiles({ longer: 2 }));
    await using at = await inferenceWith(await writePack(dir), undefined, undefined, [clip]);
    const frame = { ...RED, atMs: 0, sceneScore: 0 };
    expect(await at.inference.detect(frame, about, signal)).toBeInstanceOf(Array);
    expect(await at.inference.ask('image-text', { picture: frame, texts: TEXTS }, about, signal)).toBe('none');
    expect(at.inference.status().problems?.['image-text']).toContain('not one model');
  });
});
