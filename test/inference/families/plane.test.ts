import { describe, expect, it } from 'vitest';
import {
  AS_IS,
  BGR,
  type Layout,
  normalised,
  pictureInput,
  planes,
  RGB,
} from '../../../src/inference/families/plane.ts';
import type { Picture } from '../../../src/inference/protocol.ts';

const plain: Omit<Layout, 'filled'> = { channels: RGB, ...AS_IS, pad: 0, antialias: false, interleaved: false };

/** Each pixel is its own: 1, 2, 3, then 4, 5, 6 and so on. */
function counted(width: number, height: number): Picture {
  return { width, height, rgb: Uint8Array.from({ length: width * height * 3 }, (_, i) => i + 1) };
}

/** Every pixel of these columns has one value in all channels. */
function greys(...columns: number[]): Picture {
  const rgb = Uint8Array.from(columns.flatMap((value) => [value, value, value]));
  return { width: columns.length, height: 1, rgb };
}

/** `torch.nn.functional.interpolate` of the same picture. */
const AVERAGED = [
  17.952, 43.526, 104.246, 181.381, 72.429, 115.12, 126.676, 97.995, 126.905, 186.714, 103.594, 143.286,
];
const NEAREST = [13.083, 38.417, 95.0, 182.833, 69.125, 114.875, 191.875, 44.125, 125.167, 191.333, 64.75, 161.417];

const row = (picture: Picture, width: number, antialias: boolean) => {
  const size = { width, height: 1 };
  return [...planes(picture, size, { ...plain, antialias, filled: size }).subarray(0, width)].map(
    (one) => +one.toFixed(3),
  );
};

describe('a picture in a model’s input', () => {
  it('of its own size is as it was, plane after plane', () => {
    const size = { width: 2, height: 2 };
    const data = planes(counted(2, 2), size, { ...plain, filled: size });
    expect([...data]).toEqual([1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12]);
  });

  it('may be blue first, and pixel by pixel', () => {
    const size = { width: 2, height: 1 };
    const data = planes(counted(2, 1), size, { ...plain, channels: BGR, interleaved: true, filled: size });
    expect([...data]).toEqual([3, 2, 1, 6, 5, 4]);
  });

  it('may be a part', () => {
    const from = { left: 1, top: 1, width: 2, height: 1 };
    const size = { width: 2, height: 1 };
    const data = planes(counted(3, 3), size, { ...plain, from, filled: size });
    expect([...data.subarray(0, 2)]).toEqual([13, 16]);
  });

  it('has each plane normalised by its own numbers', () => {
    const size = { width: 1, height: 1 };
    const look = normalised(1 / 255, [0.5, 0.25, 0], [0.5, 0.25, 2]);
    const data = planes({ ...size, rgb: Uint8Array.of(255, 0, 255) }, size, { ...plain, ...look, filled: size });
    expect([...data]).toEqual([1, -1, 0.5]);
  });

  it('is padded to the right and below, with the value as the model sees it', () => {
    const data = planes(
      counted(1, 1),
      { width: 2, height: 2 },
      { ...plain, pad: 114, filled: { width: 1, height: 1 } },
    );
    expect([...data.subarray(0, 4)]).toEqual([1, 114, 114, 114]);
  });

  it('is mixed from the two nearest pixels when it grows', () => {
    expect(row(greys(0, 100), 4, false)).toEqual([0, 25, 75, 100]);
    expect(row(greys(0, 100), 4, true)).toEqual([0, 25, 75, 100]);
  });

  it('shrinks by the two nearest pixels, or by all of them', () => {
    const spike = greys(0, 0, 0, 0, 0, 240, 0, 0);
    expect(row(spike, 2, false)).toEqual([0, 120]);
    // As PIL has it: 0.125 and 0.875 of a tent of which 3.5 lie within the picture.
    expect(row(spike, 2, true)).toEqual([8.571, 60]);
    expect(row(greys(7, 7, 7, 7, 7, 7, 7), 3, true)).toEqual([7, 7, 7]);
  });

  it.each([
    [true, 3, 2, [43.429, 94.861, 144.649, 117.429, 147.524, 104.104]],
    [false, 3, 2, [30.083, 84, 194.583, 119.25, 214, 109.417]],
    [true, 4, 3, AVERAGED],
    [false, 4, 3, NEAREST],
  ])('is what torch makes of it (antialias: %s, %i × %i)', (antialias, width, height, expected) => {
    const rgb = new Uint8Array(7 * 5 * 3);
    for (let i = 0; i < 35; i++) {
      const [x, y] = [i % 7, Math.floor(i / 7)];
      rgb.fill((x * x * 5 + y * 31 + x * y * 7) % 256, i * 3, i * 3 + 3);
    }
    const size = { width, height };
    const data = planes({ width: 7, height: 5, rgb }, size, { ...plain, antialias, filled: size });
    expected.forEach((one, i) => {
      expect(data[i]).toBeCloseTo(one, 2);
    });
  });

  it('of a single pixel fills whatever it must', () => {
    expect(row(greys(9), 3, true)).toEqual([9, 9, 9]);
    expect(row(greys(9, 9), 1, false)).toEqual([9]);
  });

  it('keeps its mean, whatever the sizes', () => {
    for (const [width, height, across, down] of [
      [97, 31, 13, 50],
      [640, 12, 416, 7],
      [5, 5, 96, 3],
    ] as const) {
      const size = { width: across, height: down };
      const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i % 3) * 100);
      const data = planes({ width, height, rgb }, size, { ...plain, antialias: true, filled: size });
      const area = across * down;
      for (const plane of [0, 1, 2]) {
        const part = data.subarray(plane * area, (plane + 1) * area);
        for (const one of part) expect(one).toBeCloseTo(plane * 100, 3);
      }
    }
  });
});

describe('the picture that a model takes', () => {
  const takes = (...inputs: (readonly (number | string)[])[]) =>
    pictureInput({ inputs: Object.fromEntries(inputs.map((dims, i) => [`in${i}`, dims])), outputs: {} });

  it('is found by its three colours', () => {
    expect(takes(['N', 3, 24, 32])).toEqual({ name: 'in0', size: { width: 32, height: 24 }, interleaved: false });
    expect(takes([1, 24, 32, 3])).toEqual({ name: 'in0', size: { width: 32, height: 24 }, interleaved: true });
  });

  it.each([
    [[[1, 1, 24, 32]]],
    [[[1, 3, 'H', 'W']]],
    [[[3, 24, 32]]],
    [
      [
        [1, 3, 8, 8],
        [1, 2],
      ],
    ],
    [[]],
  ])('is not in %j', (inputs) => {
    expect(takes(...inputs)).toBe(undefined);
  });
});
