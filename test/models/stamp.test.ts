import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { fingerprintOf } from '#models';

const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
const of = (...hashes: string[]) =>
  fingerprintOf({ files: hashes.map((sha256, n) => ({ name: `${n}.onnx`, bytes: 1, sha256 })) });

it('a pack of one file is told by its hash', () => {
  expect(of(a)).toBe(a);
});

it('a pack of several files is told by all of them', () => {
  expect(of(a, b)).toBe(createHash('sha256').update(`0.onnx ${a}\n1.onnx ${b}\n`).digest('hex'));
  expect(of(a, b)).not.toBe(of(a, a));
});

it('what is not stated stays unknown', () => {
  expect([of(), of(''), of(a, '')]).toEqual([undefined, undefined, undefined]);
});
