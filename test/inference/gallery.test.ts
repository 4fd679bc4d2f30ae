import { describe, expect, it } from 'vitest';
import { addView, Gallery, likenessTo } from '../../src/inference/gallery.ts';
import { leaning } from './vectors.ts';

const nobody = new Set<number>();

describe('who was seen', () => {
  it('has the same number whenever they come again, somebody else another one', () => {
    const gallery = new Gallery();
    expect(gallery.know([leaning(0)], 0)).toBe(1);
    expect(gallery.know([leaning(1)], 1000)).toBe(2);
    expect(gallery.know([leaning(0, 0.85)], 500_000)).toBe(1);
    expect(gallery.know([leaning(1, 0.9)], 501_000)).toBe(2);
    expect(gallery.size).toBe(2);
  });

  it('is not told of whoever is neither like nor unlike, until they were looked at for long', () => {
    const gallery = new Gallery();
    gallery.know([leaning(0)], 0);
    expect(gallery.know([leaning(0, 0.7)], 1000)).toBe(undefined);
    expect(gallery.size).toBe(1);
    expect(gallery.know([leaning(0, 0.7)], 2000, nobody, true)).toBe(2);
    expect(gallery.know([leaning(0, 0.7)], 9000)).toBe(2);
    expect(gallery.know([], 0)).toBe(undefined);
  });

  it('is known from several sides', () => {
    const gallery = new Gallery();
    expect(gallery.know([leaning(0)], 0)).toBe(1);
    gallery.remember(1, leaning(0, 0.7, 3), 1000);
    expect(gallery.know([leaning(3, 0.95, 0)], 60_000)).toBe(1);
  });

  it('does not take on looks that are not theirs', () => {
    const gallery = new Gallery();
    gallery.know([leaning(0)], 0);
    gallery.remember(1, leaning(4), 1000);
    expect(gallery.know([leaning(4)], 2000)).toBe(2);
  });

  it('is nobody who is in the picture at the same time', () => {
    const gallery = new Gallery();
    gallery.know([leaning(0)], 0);
    expect(gallery.know([leaning(0, 0.97)], 0, new Set([1]))).toBe(2);
  });

  it('is forgotten when two hundred others were seen since; numbers are never given twice', () => {
    const gallery = new Gallery();
    const one = (n: number) => {
      const vector = new Float32Array(256);
      vector[n] = 1;
      return vector;
    };
    for (let n = 0; n < 200; n++) gallery.know([one(n)], n);
    gallery.know([one(0)], 1000);
    expect(gallery.know([one(200)], 1001)).toBe(201);
    expect(gallery.size).toBe(200);
    expect(gallery.know([one(0)], 1002)).toBe(1);
    expect(gallery.know([one(1)], 1003)).toBe(202);
  });

  it('is never recognised by vectors of another pack', () => {
    const gallery = new Gallery();
    gallery.know([leaning(0)], 0);
    const longer = new Float32Array(32);
    longer[0] = 1;
    expect(gallery.know([longer], 1000)).toBe(2);
  });
});

describe('views', () => {
  it('are few and differ; the first and the newest stay', () => {
    const views: Float32Array[] = [];
    for (const axis of [0, 1, 2, 3, 4]) addView(views, leaning(axis), 3);
    expect(views.map((view) => view.indexOf(1))).toEqual([0, 3, 4]);
    const again = leaning(3, 0.99);
    addView(views, again, 3);
    expect(views).toHaveLength(3);
    expect(views[2]).toBe(again);
    expect(likenessTo(views, leaning(0))).toBe(1);
    expect(likenessTo([], leaning(0))).toBe(-1);
  });
});
