import { expect, it, vi } from 'vitest';
import { prepareTextLine, readTextLine } from '../../../src/inference/families/text-line.ts';
import { columns, hosted } from '../hosted.ts';
import { lineModel, packFiles } from '../tiny-eyes.ts';

// Each starts processes of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const RED = [255, 0, 0] as const;
const GREEN = [0, 255, 0] as const;
const BLUE = [0, 0, 255] as const;
const BLACK = [0, 0, 0] as const;
const whole = { x1: 0, y1: 0, x2: 1, y2: 1 };

const files = (labels: readonly string[] = ['r', 'g', 'b'], weights = lineModel()) =>
  packFiles({ task: 'text-recognition', labels }, weights);

it('reads what is in each box, from the left', async () => {
  await using model = await hosted(files());
  const picture = columns(160, 32, RED, BLACK, RED, GREEN, BLUE);
  const boxes = [whole, { x1: 0.6, y1: 0.2, x2: 1, y2: 0.8 }, { x1: 0.2, y1: 0, x2: 0.4, y2: 1 }];
  const lines = await model.ask('text-recognition', { picture, boxes });
  expect(lines.map(({ text }) => text)).toEqual(['rrgb', 'gb', '']);
  expect(lines[0]?.score).toBeGreaterThan(0.9);
  expect(lines[2]?.score).toBe(0);
});

it('reads a line of any size, the same', async () => {
  await using model = await hosted(files());
  for (const [width, height] of [
    [80, 16],
    [640, 120],
  ] as const) {
    const picture = columns(width, height, RED, BLACK, GREEN, BLACK, BLUE);
    const [line] = await model.ask('text-recognition', { picture, boxes: [whole] });
    expect(line?.text).toBe('rgb');
  }
});

it('may know a space beyond its alphabet', async () => {
  await using model = await hosted(files(['r', 'g', 'b'], lineModel(5)));
  const picture = columns(160, 32, RED, BLACK);
  expect((await model.ask('text-recognition', { picture, boxes: [whole] }))[0]?.text).toBe('r');
});

it('fills up what is short and squeezes what is long', () => {
  const dims = (width: number, height: number) => {
    const picture = { width, height, rgb: new Uint8Array(width * height * 3).fill(255) };
    return prepareTextLine(picture, whole, 32);
  };
  const short = dims(32, 32);
  expect(short.dims).toEqual([1, 3, 32, 100]);
  expect([short.data[0], short.data[31], short.data[32], short.data[99]]).toEqual([1, 1, 0, 0]);
  expect(dims(320, 64).dims).toEqual([1, 3, 32, 160]);
  expect(dims(2000, 10).dims).toEqual([1, 3, 32, 1280]);
});

it('says a character once however long it is seen, and again after a gap', () => {
  const steps = [1, 1, 0, 1, 2, 2, 0, 3, 0].flatMap((best) =>
    Array.from({ length: 4 }, (_, i) => (i === best ? 0.8 : 0.1)),
  );
  const { text, score } = readTextLine(Float32Array.from(steps), 4, ['a', 'b']);
  expect(text).toBe('aab');
  expect(score).toBeCloseTo(0.8, 5);
  expect(readTextLine(new Float32Array(0), 4, ['a', 'b'])).toEqual({ text: '', score: 0 });
});

it.each([
  ['another alphabet', files(['a', 'b', 'c', 'd']), /4 classes apart where the pack has 4 characters/],
  ['a fixed width', files(undefined, lineModel(4, 96)), /needs an input \[1,3,height,width\] of any width/],
])('is refused with %s', async (_what, pack, problem) => {
  await expect(hosted(pack)).rejects.toMatchObject({ kind: 'invalid', message: expect.stringMatching(problem) });
});
