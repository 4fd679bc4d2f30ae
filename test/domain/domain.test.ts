import { describe, expect, it } from 'vitest';
import { insidePolygon, intersectionOverUnion, labelsFor, newId, type Point, singular, wordsFor } from '#domain';

describe('ids', () => {
  it('have the prefixes clients rely on, and stream ids sort by time', () => {
    expect(newId('collection')).toMatch(/^c-[0-9a-f-]{36}$/);
    expect(newId('index')).toMatch(/^[0-9a-f]{16}$/);
    expect(newId('event')).toMatch(/^event-[0-9a-f]{16}$/);
    expect(newId('key')).toMatch(/^sk-[\w-]{32}$/);
    expect(newId('stream', 1_700_000_000_000)).toMatch(
      /^rts-[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(newId('stream', 1_700_000_000_000) < newId('stream', 1_700_000_000_001)).toBe(true);
  });
});

describe('geometry', () => {
  const square: Point[] = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ];
  it('tells inside from outside', () => {
    expect(insidePolygon([0.5, 0.5], square)).toBe(true);
    expect(insidePolygon([1.5, 0.5], square)).toBe(false);
    expect(
      insidePolygon(
        [0.5, 0.9],
        [
          [0, 0],
          [1, 0],
          [0.5, 0.8],
        ],
      ),
    ).toBe(false);
  });
  it('measures overlap, also of empty boxes', () => {
    const box = { x1: 0, y1: 0, x2: 0.5, y2: 0.5 };
    expect(intersectionOverUnion(box, box)).toBe(1);
    expect(intersectionOverUnion(box, { x1: 0.25, y1: 0, x2: 0.75, y2: 0.5 })).toBeCloseTo(1 / 3);
    expect(intersectionOverUnion({ x1: 0, y1: 0, x2: 0, y2: 0 }, { x1: 0, y1: 0, x2: 0, y2: 0 })).toBe(0);
  });
});

describe('lexicon', () => {
  it.each([
    ['someone', ['person']],
    ['People', ['person']],
    ['buses', ['bus']],
    ['benches', ['bench']],
    ['dogs', ['dog']],
    ['vehicles', ['car', 'truck', 'bus', 'motorcycle']],
    ['traffic light', ['traffic light']],
    ['happiness', []],
  ])('%s', (word, labels) => expect(labelsFor(word)).toEqual(labels));
  it('leaves unknown plurals alone and gives every word for a label', () => {
    expect(singular('gases')).toBe('gases');
    expect(wordsFor('person')).toContain('someone');
  });
});
