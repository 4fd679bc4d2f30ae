import { expect, it } from 'vitest';
import { codeQuery, encode, nearnessOfCentre, wordsOf } from '../../src/store/search/coding.ts';
import { Finalists } from '../../src/store/search/finalists.ts';
import { Slabs } from '../../src/store/search/slabs.ts';
import { numbers } from './numbers.ts';

const MEGABYTE = 1 << 20;

it.each([3, 64, 65, 256, 512, 1000])('the kernel picks what plain adding picks, of %i dimensions', (dimensions) => {
  const random = numbers(dimensions);
  const vector = () => Int8Array.from({ length: dimensions }, () => Math.round(random() * 254 - 127));
  const centre = Float32Array.from({ length: dimensions }, () => (random() - 0.5) / 50);
  const slabs = new Slabs(MEGABYTE);
  const slab = slabs.take(wordsOf(dimensions));
  if (!slab) throw new Error('there is no room');
  const vectors = Array.from({ length: Math.min(50, slab.ids.length) }, vector);
  for (const one of vectors) slabs.encode(slab, slab.count++, one, centre);
  const query = codeQuery(vector());
  const ofCentre = nearnessOfCentre(query, centre);
  const expected = vectors.map((one) => plainly(one, centre, query));
  slabs.ask(query);
  const { which, near: nears } = slabs.picked;
  expect(slabs.pick(slab, ofCentre, -9)).toBe(vectors.length);
  expect(vectors.map((_, i) => which[i * 2])).toEqual(vectors.map((_, i) => i));
  for (const [i, near] of expected.entries()) expect(nears[i * 2 + 1]).toBeCloseTo(near, 4);
  const middle = ([...expected].sort((a, b) => a - b)[25] ?? 0) - 1e-5;
  expect(slabs.pick(slab, ofCentre, middle)).toBe(expected.filter((near) => near >= middle).length);
  expect(slabs.pick(slab, ofCentre, 9)).toBe(0);
});

it('codes tell about how near vectors are that are much alike', () => {
  const random = numbers(7);
  const [dimensions, centre] = [256, Float32Array.from({ length: 256 }, () => random() - 0.5)];
  const unit = (vector: Float32Array) => vector.map((value) => value / Math.hypot(...vector));
  const middle = unit(centre);
  const near = () => unit(middle.map((value) => value + (random() - 0.5) * 0.04));
  const query = near();
  const coded = codeQuery(Int8Array.from(query, (value) => Math.round(value * 500)));
  for (let n = 0; n < 50; n++) {
    const vector = near();
    const exact = vector.reduce((sum, value, i) => sum + value * (query[i] ?? 0), 0);
    const signed = Int8Array.from(vector, (value) => Math.round(value * 500));
    expect(Math.abs(plainly(signed, middle, coded) - exact)).toBeLessThan(0.05);
  }
  expect(coded.shares).toHaveLength(wordsOf(dimensions) * 8 * 32);
});

it('memory is bounded, and what is given back is taken again', () => {
  const slabs = new Slabs(MEGABYTE);
  const taken = [];
  for (let slab = slabs.take(8); slab; slab = slabs.take(8)) taken.push(slab);
  expect(taken.length).toBeGreaterThan(20);
  expect(slabs.bytes).toBeLessThanOrEqual(MEGABYTE);
  expect(new Set(taken.map(({ address }) => address)).size).toBe(taken.length);
  const [first] = taken;
  if (!first) throw new Error('nothing was taken');
  slabs.give(first);
  expect(slabs.take(8)?.address).toBe(first.address);
  expect(slabs.take(8)).toBeUndefined();
});

it('finalists are the nearest; of those as good as equal the first offered', () => {
  const random = numbers(3);
  const finalists = new Finalists<'a' | 'b'>(20);
  const offered = Array.from({ length: 5000 }, (_, i) => ({ near: Math.floor(random() * 100) / 100, id: 5000 - i }));
  for (const { near, id } of offered) finalists.offer(near, id, id % 2 === 0 ? 'a' : 'b');
  const by = finalists.by();
  const best = [...offered].sort((x, y) => y.near - x.near || y.id - x.id).slice(0, 20);
  expect([...(by.get('a') ?? []), ...(by.get('b') ?? [])].sort()).toEqual(best.map(({ id }) => id).sort());
  expect(by.get('a')?.every((id) => id % 2 === 0)).toBe(true);
});

/** As the kernel's documentation says it. */
function plainly(vector: Int8Array, centre: Float32Array, query: ReturnType<typeof codeQuery>): number {
  const code = new Uint8Array(wordsOf(vector.length) * 8);
  const scale = encode(vector, centre, code);
  let sum = 0;
  for (const [at, byte] of code.entries()) {
    sum += (query.shares[at * 32 + (byte & 15)] ?? 0) + (query.shares[at * 32 + 16 + (byte >> 4)] ?? 0);
  }
  return nearnessOfCentre(query, centre) + scale * (query.low + query.step * sum);
}
