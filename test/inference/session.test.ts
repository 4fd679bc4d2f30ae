import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { floatsOf, openSession, openSessionHere, runSession, shapeOf } from '../../src/inference/engines/session.ts';
import { tinyModel } from './tiny-onnx.ts';

const SIDE = 32;
let dir: string;
let file: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-session-'));
  file = join(dir, 'tiny.onnx');
  await writeFile(file, tinyModel());
});
afterAll(() => rm(dir, { recursive: true }));

const picture = (brightness: number) => ({
  images: { data: new Float32Array(3 * SIDE * SIDE).fill(brightness), dims: [1, 3, SIDE, SIDE] },
});
const score = (brightness: number): number => (4 * brightness) / 255 - 1.2;

describe.each([
  ['aside', openSession],
  ['here', openSessionHere],
])('a model that runs %s', (_, open) => {
  it('says its shape, and gives each of several questions its own answer', async () => {
    const session = await open({ file, threads: 1 });
    expect(shapeOf(session)).toEqual({ inputs: { images: [1, 3, SIDE, SIDE] }, outputs: { output: [1, 21, 7] } });
    const shades = [10, 120, 200, 60];
    const answers = await Promise.all(shades.map((shade) => runSession(session, picture(shade))));
    const scores = answers.map((outputs) => floatsOf(outputs, 'output')[20 * 7 + 4] ?? Number.NaN);
    for (const [i, shade] of shades.entries()) expect(scores[i]).toBeCloseTo(score(shade), 4);
  });

  it('says what it can not read, and what it can not run; then goes on', async () => {
    const other = join(dir, 'other.onnx');
    await writeFile(other, 'not a model');
    await expect(open({ file: other, threads: 1 })).rejects.toThrow(/protobuf/i);
    const session = await open({ file, threads: 1 });
    const wrong = { images: { data: new Float32Array(12), dims: [1, 3, 2, 2] } };
    await expect(runSession(session, wrong)).rejects.toThrow('images');
    expect(Object.keys(await runSession(session, picture(9)))).toEqual(['output']);
  });
});

describe('what goes to a model aside', () => {
  it('is moved, not copied', async () => {
    const session = await openSession({ file, threads: 1 });
    const given = picture(100);
    const { output } = await runSession(session, given);
    expect(given.images.data.buffer.byteLength).toBe(0);
    expect(output?.dims).toEqual([1, 21, 7]);
  });

  it('is copied where it is part of something larger', async () => {
    const session = await openSession({ file, threads: 1 });
    const two = new Float32Array(2 * 3 * SIDE * SIDE).fill(150);
    const data = two.subarray(3 * SIDE * SIDE);
    const outputs = await runSession(session, { images: { data, dims: [1, 3, SIDE, SIDE] } });
    expect(floatsOf(outputs, 'output')[20 * 7 + 4]).toBeCloseTo(score(150), 4);
    expect(data).toHaveLength(3 * SIDE * SIDE);
  });
});

describe('answers', () => {
  it('are refused when they are no numbers, or not there', () => {
    const dims = [2];
    expect(() => floatsOf({ a: { data: Float32Array.of(1, Number.NaN), dims } }, 'a')).toThrow('not a number');
    expect(() => floatsOf({ a: { data: Float32Array.of(1, 2), dims } }, 'b')).toThrow('gave no "b"');
  });
});
