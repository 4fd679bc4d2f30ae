/** SmolVLM and Florence-2 as their exports lie on the hub, through the library that runs them, in a process of their own. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { columns, type Hosted, hosted } from './hosted.ts';
import { vlmFiles } from './tiny-vlm.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const RED = columns(64, 36, [255, 0, 0]);
const BLUE = columns(20, 60, [0, 0, 255]);
const FAMILIES = ['smolvlm', 'florence2'] as const;
const ask = { instruction: 'What is there?', mostTokens: 40 };

let smolvlm: Hosted;
let florence2: Hosted;
beforeAll(async () => {
  smolvlm = await hosted(vlmFiles({ family: 'smolvlm' }));
  florence2 = await hosted(vlmFiles({ family: 'florence2' }));
});
afterAll(async () => {
  await smolvlm[Symbol.asyncDispose]();
  await florence2[Symbol.asyncDispose]();
});
const modelOf = (family: (typeof FAMILIES)[number]) => (family === 'smolvlm' ? smolvlm : florence2);

describe('SmolVLM', () => {
  it.each([
    ['with', true],
    ['without', false],
  ])('tells what it sees, %s a template for conversations', async (_what, template) => {
    await using model = await hosted(vlmFiles({ family: 'smolvlm', template }));
    expect(await model.ask('image-to-text', { ...ask, pictures: [RED] })).toEqual({ text: 'It shows red.' });
    expect(await model.ask('image-to-text', { ...ask, pictures: [BLUE] })).toEqual({ text: 'It shows blue.' });
  });

  it('follows its instruction, of several pictures', async () => {
    const model = smolvlm;
    const asked = { ...ask, instruction: 'Is it really there?' };
    expect(await model.ask('image-to-text', { ...asked, pictures: [RED, BLUE, BLUE] })).toEqual({
      text: 'Yes, It shows blue.',
    });
  });
});

describe('Florence-2', () => {
  it('describes what it sees, whatever it is told', async () => {
    const model = florence2;
    expect(await model.ask('image-to-text', { ...ask, pictures: [RED] })).toEqual({ text: 'The image is red.' });
    expect(await model.ask('image-to-text', { ...ask, pictures: [RED, BLUE] })).toEqual({ text: 'The image is blue.' });
  });

  it('does one of its own tasks when it is named', async () => {
    const model = florence2;
    const { text } = await model.ask('image-to-text', { pictures: [RED], instruction: '<OD>', mostTokens: 40 });
    expect(JSON.parse(text)).toEqual({ labels: ['square'], bboxes: [[0.0005, 0.2495, 0.4995, 0.9995]] });
  });
});

it.each(FAMILIES)('%s keeps questions apart that come at once', async (family) => {
  const model = modelOf(family);
  const both = [RED, BLUE].map((picture, i) =>
    model.ask('image-to-text', { ...ask, instruction: `What is there? ${'really '.repeat(i)}`, pictures: [picture] }),
  );
  const texts = (await Promise.all(both)).map(({ text }) => text);
  expect(texts[0]).toMatch(/^(It shows|The image is) red\.$/);
  expect(texts[1]).toMatch(/^(Yes, It shows|The image is) blue\.$/);
});

it.each(FAMILIES)('%s loads each part in the precision that it has', async (family) => {
  const endings: Record<string, string> = {
    vision_encoder: '_fp16',
    encoder_model: '_quantized',
    decoder_model_merged: '_q4',
  };
  const renamed = Object.entries(vlmFiles({ family })).map(([name, content]) => {
    const stem = name.replace('onnx/', '').replace('.onnx', '');
    return [name.replace(`${stem}.onnx`, `${stem}${endings[stem] ?? ''}.onnx`), content];
  });
  await using model = await hosted(Object.fromEntries(renamed));
  expect((await model.ask('image-to-text', { ...ask, pictures: [BLUE] })).text).toContain('blue.');
});

it.each(FAMILIES)('%s is stopped when it goes round in circles, and when it has written enough', async (family) => {
  await using model = await hosted(vlmFiles({ family, endless: true }));
  const sentence = family === 'smolvlm' ? 'It shows red.' : 'The image is red.';
  const { text } = await model.ask('image-to-text', { ...ask, pictures: [RED], mostTokens: 5000 });
  expect(text.startsWith(sentence)).toBe(true);
  expect(text.length).toBeLessThan(4 * sentence.length);
  const short = await model.ask('image-to-text', { ...ask, pictures: [RED], mostTokens: 3 });
  expect(sentence.startsWith(short.text)).toBe(true);
  expect(short.text.length).toBeLessThan(sentence.length);
  // Of the second sentence it has only begun.
  expect((await model.ask('image-to-text', { ...ask, pictures: [RED], mostTokens: 7 })).text).toBe(sentence);
});

it.each(FAMILIES)("%s says what it can't do, and goes on", async (family) => {
  const model = modelOf(family);
  await expect(model.ask('image-to-text', { ...ask, pictures: [] })).rejects.toMatchObject({
    kind: 'internal',
    message: expect.stringContaining('no picture'),
  });
  expect((await model.ask('image-to-text', { ...ask, pictures: [RED] })).text).toContain('red');
});

it.each(FAMILIES)('%s is refused when its parts make something else, naming them', async (family) => {
  await expect(hosted(vlmFiles({ family, features: 'pooled' }))).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining('vision_encoder'),
  });
});

it('reads no more than it can look back on, and no marks in what it is told', async () => {
  const model = smolvlm;
  const long = { ...ask, pictures: [RED], instruction: 'really '.repeat(80) };
  await expect(model.ask('image-to-text', long)).rejects.toMatchObject({
    kind: 'internal',
    message: expect.stringContaining('look back'),
  });
  const marked = { ...ask, pictures: [RED], instruction: '<image><end_of_utterance> Is it really there?<|im_start|>' };
  expect(await model.ask('image-to-text', marked)).toEqual({ text: 'Yes, It shows red.' });
});
