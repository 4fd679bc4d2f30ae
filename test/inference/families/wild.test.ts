import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deim } from '../../../src/inference/families/deim.ts';
import { detr } from '../../../src/inference/families/detr.ts';
import { fastestdet } from '../../../src/inference/families/fastestdet.ts';
import { readNames } from '../../../src/inference/families/picture.ts';
import { readTextLine } from '../../../src/inference/families/text-line.ts';
import { readTextPlaces } from '../../../src/inference/families/text-places.ts';
import { ultraface } from '../../../src/inference/families/ultraface.ts';
import { yolox } from '../../../src/inference/families/yolox.ts';
import type { Picture, TensorData } from '../../../src/inference/protocol.ts';

const SIZE = { width: 64, height: 32 };
const LEAST = 0.3;
const picture: Picture = { width: 100, height: 40, rgb: new Uint8Array(12_000) };
const noBoxes = detr({ scale: 1, mean: [0, 0, 0], deviation: [1, 1, 1] });

/** What a broken model may say: any floats, those that are none included, mostly near to what is plausible. */
const floats = (length: number) =>
  fc.float32Array({ minLength: length, maxLength: length }).chain((wild) =>
    fc
      .array(fc.oneof(fc.float({ min: 0, max: 1 }), fc.constant(Number.NaN)), {
        minLength: length,
        maxLength: length,
      })
      .map((tame) => wild.map((value, i) => (i % 3 === 0 ? value : (tame[i] ?? 0)))),
  );
const tensor = (data: Float32Array, ...dims: number[]): TensorData => ({ data, dims });

interface Found {
  score: number;
  box: { x1: number; y1: number; x2: number; y2: number };
}

function isPlausible(found: readonly Found[]): void {
  for (const { score, box } of found) {
    expect(score).toBeGreaterThanOrEqual(LEAST);
    expect(score).toBeLessThanOrEqual(1);
    expect(box.x1).toBeGreaterThanOrEqual(0);
    expect(box.y1).toBeGreaterThanOrEqual(0);
    expect(box.x2).toBeLessThanOrEqual(1);
    expect(box.y2).toBeLessThanOrEqual(1);
    expect(box.x2).toBeGreaterThan(box.x1);
    expect(box.y2).toBeGreaterThan(box.y1);
  }
  const scores = found.map(({ score }) => score);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
}

const READERS: [string, number, (data: Float32Array) => readonly Found[]][] = [
  ['yolox', 42 * 7, (data) => yolox.read({ output: tensor(data, 1, 42, 7) }, picture, SIZE, LEAST)],
  ['fastestdet', 7 * 8, (data) => fastestdet.read({ any: tensor(data, 1, 7, 2, 4) }, picture, SIZE, LEAST)],
  [
    'deim',
    50,
    (data) => {
      const labels = { data: new BigInt64Array(10), dims: [1, 10] };
      const scores = tensor(data.subarray(0, 10), 1, 10);
      return deim.read({ labels, scores, boxes: tensor(data.subarray(10), 1, 10, 4) }, picture, SIZE, LEAST);
    },
  ],
  [
    'detr',
    70,
    (data) => {
      const logits = tensor(data.subarray(0, 30), 1, 10, 3);
      return noBoxes.read({ logits, pred_boxes: tensor(data.subarray(30), 1, 10, 4) }, picture, SIZE, LEAST);
    },
  ],
  ['ultraface', 60, (data) => ultraface.read(data.subarray(0, 20), data.subarray(20), LEAST)],
];

describe('whatever a model says', () => {
  it.each(READERS)('%s finds only what can be', (_name, length, read) => {
    fc.assert(
      fc.property(floats(length), (data) => isPlausible(read(data))),
      { numRuns: 300 },
    );
  });

  it('places of text are within the picture', () => {
    const size = { width: 16, height: 8 };
    fc.assert(
      fc.property(floats(128), (data) =>
        isPlausible(
          readTextPlaces(
            data.map((one) => Math.min(1, one)),
            size,
          ),
        ),
      ),
    );
  });

  it('a line of text is a text with a score', () => {
    fc.assert(
      fc.property(floats(40), (data) => {
        const { text, score } = readTextLine(data, 4, ['a', 'b', 'c']);
        expect(text).toMatch(/^[abc]*$/);
        expect(score >= 0 && score <= 1).toBe(true);
      }),
    );
  });

  it('names are those that the pack has', () => {
    fc.assert(
      fc.property(floats(6), (data) => {
        const names = readNames(data, ['a', 'b', 'background', 'c, d']);
        for (const { label } of names) expect(['a', 'b', 'c']).toContain(label);
      }),
    );
  });
});
