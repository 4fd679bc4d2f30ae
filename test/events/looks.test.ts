import { describe, expect, it } from 'vitest';
import type { Rule } from '#domain';
import { anObject, EMPTY, moved, type Told, times, undetected, watch, withObjects } from './scenes.ts';

const car = (colours?: string[], track = 1) =>
  withObjects(anObject('car', { track, zones: ['yard'], ...(colours ? { colours } : {}) }));
const through = (...tracks: number[]) =>
  withObjects(...tracks.map((track) => anObject('person', { track, crossed: ['loading'] })));

describe('a colour', () => {
  it('is that of the thing itself', () => {
    const scenes: Told[] = [
      [0, 5, car(['blue', 'black'])],
      [5, 10, car(['grey', 'red'], 2)],
    ];
    const fired = watch('a red car in the yard', scenes);
    expect(times(fired)).toEqual([10]);
    expect(fired[0]?.explanation).toMatch(/^A red car was in the zone "yard"/);
  });

  it('counts only those that have it', () => {
    const two = withObjects(anObject('car', { colours: ['red'] }), anObject('car', { track: 2, colours: ['white'] }));
    expect(watch('at least two red cars', [[0, 5, two]])).toEqual([]);
    expect(times(watch('at least two cars', [[0, 5, two]]))).toEqual([5]);
  });

  it('may be absent though the thing is there', () => {
    expect(times(watch('no red car for 10 seconds', [[0, [5, 10, 15], car(['blue'])]]))).toEqual([10]);
  });

  it('is not told where nobody looked for any', () => {
    expect(watch('no red car for 10 seconds', [[0, [5, 10, 15], car()]])).toEqual([]);
    expect(watch('a red car', [[0, 5, undetected(moved(0.2))]])).toEqual([]);
  });
});

describe('crossing', () => {
  const PROMPT = 'someone crosses the loading zone';

  it('fires for each who comes through, though nobody stays in the zone', () => {
    const scenes: Told[] = [
      [0, 5, EMPTY],
      [5, [10, 12], through(1)],
      [12, 17, EMPTY],
      [17, 22, through(2, 3)],
      [22, 27, through(4)],
    ];
    const fired = watch(PROMPT, scenes);
    expect(times(fired)).toEqual([10, 22, 27]);
    expect(fired[0]?.explanation).toMatch(/^A person came through the zone "loading"/);
  });

  it('is told once of one who is still at it in the next window', () => {
    const scenes: Told[] = [
      [0, 5, through(1)],
      [5, 10, through(1)],
    ];
    expect(times(watch(PROMPT, scenes))).toEqual([5]);
  });

  it('is nothing that motion tells', () => {
    expect(watch(PROMPT, [[0, 5, undetected(moved(0.4, ['loading']))]])).toEqual([]);
  });

  it('of the whole picture is to come over its edge', () => {
    const subject = { kind: 'object' as const, name: 'person', labels: ['person'] };
    const rule: Rule = { version: 2, subject, relation: 'crosses', needs: [], understood: '' };
    const by = (appeared: 'left' | 'in') => withObjects(anObject('person', { appeared }));
    expect(times(watch(rule, [[0, 5, by('left')]]))).toEqual([5]);
    expect(watch(rule, [[0, 5, by('in')]])).toEqual([]);
  });
});
