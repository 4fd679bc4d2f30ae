/** Of what size, where to, who is new, and in how many windows. */
import { describe, expect, it } from 'vitest';
import type { Box, Rule } from '#domain';
import { compileRule, step } from '#events';
import { ownRule } from '../../src/events/attend.ts';
import { anObject, EMPTY, moved, T0, type Told, times, undetected, watch, withObjects } from './scenes.ts';

const boxAt = (x: number, y: number, size = 0.1): Box => ({
  x1: x - size / 2,
  y1: y - size / 2,
  x2: x + size / 2,
  y2: y + size / 2,
});
/** One person, or so, in windows of a second at these places. */
const path = (boxes: readonly Box[], label = 'person'): Told[] =>
  boxes.map((box, i) => [i, i + 1, withObjects(anObject(label, { box }))]);
const across = (...xs: number[]) => path(xs.map((x) => boxAt(x, 0.5)));
const sized = (...sizes: number[]) => path(sizes.map((size) => boxAt(0.5, 0.5, size)));

describe('moves', () => {
  it.each([
    ['someone walks to the left', [0.9, 0.8, 0.7, 0.6], 3],
    ['someone walks to the right', [0.1, 0.2, 0.3, 0.4], 3],
    ['someone walks to the left', [0.1, 0.2, 0.3, 0.4], undefined],
    ['someone walks to the right', [0.5, 0.45, 0.55, 0.5], undefined],
  ])('%s: %j', (prompt, xs, atS) => {
    expect(times(watch(prompt, across(...xs)))).toEqual(atS === undefined ? [] : [atS]);
  });

  it('goes up and down, and to and from the camera', () => {
    const down = path([0.2, 0.3, 0.4].map((y) => boxAt(0.5, y)));
    expect(times(watch('a person moves downwards', down))).toEqual([3]);
    expect(watch('a person moves upwards', down)).toEqual([]);
    const near = sized(0.1, 0.12, 0.15, 0.2);
    expect(times(watch('a person walks towards the camera', near))).toEqual([3]);
    expect(watch('a person walks away from the camera', near)).toEqual([]);
    expect(times(watch('a person walks away from the camera', sized(0.2, 0.15, 0.1)))).toEqual([2]);
  });

  it('tells once of one who goes on, and again when they come back and go again', () => {
    const there = [0.9, 0.7, 0.5, 0.3, 0.1];
    const back = [...there].reverse();
    expect(times(watch('someone walks to the left', across(...there, ...there.map(() => 0.1))))).toEqual([2]);
    expect(times(watch('someone walks to the left', across(...there, ...back, ...there)))).toEqual([2, 12]);
  });

  it('knows where one came from who came over an edge in the window', () => {
    const one = (box: Box) => withObjects(anObject('person', { box, appeared: 'right' }));
    expect(times(watch('someone walks to the left', [[0, 5, one(boxAt(0.5, 0.5))]]))).toEqual([5]);
    expect(watch('someone walks to the left', [[0, 5, one(boxAt(0.95, 0.5))]])).toEqual([]);
    expect(watch('someone walks to the right', [[0, 5, one(boxAt(0.5, 0.5))]])).toEqual([]);
  });

  it('is about those in the zone only, who may come from elsewhere', () => {
    const prompt = 'someone crosses the yard to the left';
    const at = (x: number, zones: string[]): Told[2] => withObjects(anObject('person', { box: boxAt(x, 0.5), zones }));
    const scenes: Told[] = [
      [0, 1, at(0.9, [])],
      [1, 2, at(0.7, [])],
      [2, 3, at(0.5, ['yard'])],
    ];
    expect(times(watch(prompt, scenes))).toEqual([3]);
    expect(watch(prompt, scenes.slice(0, 2))).toEqual([]);
  });

  it('tells each of two, and needs a detector', () => {
    const both = [0.9, 0.7, 0.5].map((x, i): Told => {
      const first = anObject('person', { box: boxAt(x, 0.3) });
      const second = anObject('person', { track: 2, box: boxAt(i < 2 ? 0.9 : 0.7, 0.7) });
      return [i, i + 1, withObjects(first, second)];
    });
    expect(times(watch('someone walks to the left', both))).toEqual([2, 3]);
    expect(watch('someone walks to the left', [[0, 5, undetected(moved(0.4))]])).toEqual([]);
  });
});

describe('approaches', () => {
  const gate = {
    name: 'yard',
    polygon: [
      [0.8, 0],
      [1, 0],
      [1, 1],
      [0.8, 1],
    ],
  } as const;
  const nearing = (...xs: number[]) => {
    const rule = ownRule(compileRule('a person approaches the yard', { zones: ['yard'] }), [
      { name: gate.name, polygon: [...gate.polygon] },
    ]);
    return times(watch(rule, across(...xs)));
  };

  it('gets nearer to the zone, wherever that is, once until it has gone back', () => {
    expect(nearing(0.2, 0.25, 0.35, 0.5, 0.75)).toEqual([3]);
    expect(nearing(0.5, 0.4, 0.3)).toEqual([]);
    expect(nearing(0.75, 0.85)).toEqual([2]);
    expect(nearing(0.9, 0.9)).toEqual([]);
    expect(nearing(0.2, 0.5, 0.2, 0.5)).toEqual([2, 4]);
  });

  it('without a zone is towards the camera', () => {
    expect(times(watch('a person approaches', sized(0.1, 0.12, 0.2)))).toEqual([3]);
  });
});

describe('size', () => {
  it('is a share of the picture', () => {
    const scenes = path(
      [0.05, 0.2, 0.4].map((size) => boxAt(0.5, 0.5, size)),
      'dog',
    );
    expect(times(watch('a large dog', scenes))).toEqual([3]);
    expect(times(watch('a small dog', scenes))).toEqual([1]);
    expect(watch('a large dog', [[0, 5, undetected(moved(0.4))]])).toEqual([]);
  });
});

describe('who comes while another one goes', () => {
  const inside = (track: number, x: number, more: Parameters<typeof anObject>[1] = {}) =>
    anObject('person', { track, zones: ['loading'], sinceMs: T0 - 60_000, box: boxAt(x, 0.5), ...more });
  const outside = (track: number, x: number) => inside(track, x, { zones: [] });
  const comes = { entered: ['loading'] };
  const swap: Told[] = [
    [0, 5, withObjects(inside(1, 0.2), outside(2, 0.9))],
    [5, 10, withObjects(outside(1, 0.05), inside(2, 0.7, comes))],
    [10, 15, withObjects(outside(1, 0.05), inside(2, 0.7))],
  ];

  it('is told of, and so is the other', () => {
    expect(times(watch('someone enters the loading zone', swap))).toEqual([10]);
    expect(times(watch('someone leaves the loading zone', swap))).toEqual([10]);
  });

  it('is told of when the windows are short, too', () => {
    const short: Told[] = [
      [0, 1, withObjects(inside(1, 0.2), outside(2, 0.9))],
      [1, [2, 3, 4], withObjects(inside(2, 0.7, comes))],
    ];
    expect(times(watch('someone enters the loading zone', short))).toEqual([2]);
    expect(times(watch('someone leaves the loading zone', short))).toEqual([3]);
  });

  it('is nobody new when the other is only hidden and seen again', () => {
    const hidden: Told[] = [
      [0, 1, withObjects(inside(1, 0.2), outside(2, 0.9))],
      [1, 2, withObjects(inside(2, 0.7, comes))],
      [2, 5, withObjects(inside(1, 0.2), inside(2, 0.7))],
    ];
    expect(times(watch('someone enters the loading zone', hidden))).toEqual([2]);
    expect(watch('someone leaves the loading zone', hidden)).toEqual([]);
  });

  it('is nobody new when the tracker numbers somebody anew where they were', () => {
    const renumbered: Told[] = [
      [0, 5, withObjects(inside(1, 0.5))],
      [5, 10, withObjects(inside(2, 0.52, { ...comes, appeared: 'left', sinceMs: T0 }))],
    ];
    expect(watch('someone enters the loading zone', renumbered)).toEqual([]);
  });

  it('is told of within three seconds of another one; who is seen again is not', () => {
    const scenes: Told[] = [
      [0, 1, EMPTY],
      [1, 2, withObjects(inside(1, 0.2, comes))],
      [2, 3, withObjects(inside(1, 0.2), inside(2, 0.7, comes))],
    ];
    expect(times(watch('someone enters the loading zone', scenes))).toEqual([2, 3]);
  });
});

describe('windows', () => {
  it('fires when it was so in as many of the last windows as asked', () => {
    const seen = [1, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1];
    const scenes = seen.map((one, i): Told => [i, i + 1, one ? withObjects(anObject('person')) : EMPTY]);
    expect(times(watch('a person in at least 3 of 5 windows', scenes))).toEqual([9, 17]);
    expect(times(watch('a person', scenes))).toEqual([1, 6, 15]);
  });
});

describe('an old scene that is told again', () => {
  const rule: Rule = compileRule('a person', { zones: [] });
  const play = (ids: readonly number[]) => {
    let state: Parameters<typeof step>[1];
    const fired: number[] = [];
    for (const sceneId of ids) {
      const startMs = T0 + sceneId * 120_000;
      const facts = sceneId % 2 === 1 ? withObjects(anObject('person')) : EMPTY;
      const result = step(rule, state, { startMs, endMs: startMs + 5000, text: '', facts, sceneId });
      state = result.state;
      if (result.fired) fired.push(sceneId);
    }
    return fired;
  };

  it('is no step of the clock, and changes nothing', () => {
    expect(play([1, 2, 3, 4])).toEqual([1, 3]);
    expect(play([1, 2, 3, 4, 1, 2, 3, 4, 5])).toEqual([1, 3, 5]);
    expect(play([1, 2, 3, 1, 3, 2])).toEqual([1, 3]);
  });
});
