import { describe, expect, it } from 'vitest';
import { anObject, EMPTY, moved, T0, type Told, times, undetected, watch, withObjects } from './scenes.ts';

const person = withObjects(anObject('person'));
const inZone = (track: number, overrides: Parameters<typeof anObject>[1] = {}) =>
  anObject('person', { track, zones: ['loading'], sinceMs: T0 + track, ...overrides });

describe('present and appears', () => {
  it.each(['a person is in the room', 'a person appears'])('%s: one alert for one presence', (prompt) => {
    const scenes: Told[] = [
      [0, 5, EMPTY],
      [5, [10, 15, 20, 300], person],
      [300, 305, withObjects(anObject('person', { score: 0.7 }))],
    ];
    expect(times(watch(prompt, scenes))).toEqual([10]);
  });

  it('fires for each of two presences four seconds apart with an empty window between', () => {
    const scenes: Told[] = [
      [0, 2, person],
      [2, 4, EMPTY],
      [4, 6, person],
    ];
    expect(times(watch('a person', scenes))).toEqual([2, 6]);
  });

  it('fires again when one-second windows have been empty for two seconds, not before', () => {
    const blink: Told[] = [
      [0, 1, person],
      [1, 2, EMPTY],
      [2, 3, person],
      [3, 4, EMPTY],
      [4, 5, EMPTY],
      [5, 6, person],
    ];
    expect(times(watch('a person', blink))).toEqual([1, 6]);
  });

  it('re-arms when the empty scene has grown long enough', () => {
    const scenes: Told[] = [
      [0, 1, person],
      [1, [2, 3], EMPTY],
      [4, 5, person],
    ];
    expect(times(watch('a person', scenes))).toEqual([1, 5]);
  });

  it('does not take a stretch that nobody saw for an absence, unless it is long', () => {
    const awayUntil = (startS: number): Told[] => [
      [0, 5, person],
      [startS, startS + 5, person],
    ];
    expect(times(watch('a person', awayUntil(30)))).toEqual([5]);
    expect(times(watch('a person', awayUntil(300)))).toEqual([5, 305]);
  });

  it('ignores what it has seen before', () => {
    const scenes: Told[] = [
      [0, [5, 10], person],
      [0, [5, 10], person],
    ];
    expect(times(watch('a person', scenes))).toEqual([5]);
  });

  it('looks at the zone only', () => {
    const scenes: Told[] = [
      [0, 5, withObjects(anObject('person', { zones: ['yard'] }))],
      [5, 10, withObjects(anObject('person', { zones: ['yard', 'loading'] }))],
    ];
    expect(times(watch('a person is in the loading zone', scenes))).toEqual([10]);
  });

  it('says what, where, when and how sure', () => {
    const [fired] = watch('someone is in the loading zone', [[0, 5, withObjects(inZone(1, { score: 0.873 }))]]);
    expect(fired).toEqual({
      atS: 5,
      startMs: T0,
      endMs: T0 + 5000,
      confidence: 0.873,
      explanation: 'A person was in the zone "loading" around 12:00:00 UTC (score 0.87).',
    });
  });
});

describe('enters', () => {
  const prompt = 'someone enters the loading zone';

  it('fires for each who comes, once', () => {
    const scenes: Told[] = [
      [0, 5, EMPTY],
      [5, [10, 15], withObjects(inZone(1))],
      [15, 20, withObjects(inZone(1), inZone(2))],
      [20, 25, withObjects(inZone(1), inZone(2))],
    ];
    expect(times(watch(prompt, scenes))).toEqual([10, 20]);
  });

  it('does not fire again when the tracker loses someone and numbers them anew', () => {
    const scenes: Told[] = [
      [0, 5, EMPTY],
      [5, 10, withObjects(inZone(1))],
      [10, 15, withObjects(inZone(2, { entered: ['loading'], appeared: 'in' }))],
    ];
    expect(times(watch(prompt, scenes))).toEqual([10]);
  });

  it('does not fire for who was there when it was armed', () => {
    expect(watch(prompt, [[0, 5, withObjects(inZone(1))]])).toEqual([]);
    expect(watch(prompt, [[0, 5, withObjects(inZone(1, { entered: ['loading'] }))]])).toHaveLength(1);
  });

  it('without a zone is about the picture', () => {
    const scenes: Told[] = [
      [0, 5, withObjects(anObject('car'))],
      [5, 10, withObjects(anObject('car'), anObject('person', { track: 2, appeared: 'left' }))],
    ];
    expect(times(watch('a person enters', scenes))).toEqual([10]);
  });
});

describe('leaves', () => {
  it('fires when fewer are certainly there', () => {
    const scenes: Told[] = [
      [0, 5, withObjects(inZone(1), inZone(2))],
      [5, 10, withObjects(inZone(1), anObject('person', { track: 2 }))],
      [12, 13, EMPTY],
      [13, 14, EMPTY],
    ];
    expect(times(watch('someone leaves the loading zone', scenes))).toEqual([10, 14]);
  });

  it('stays silent for who was never there and for one missed second', () => {
    expect(watch('a person leaves', [[0, 5, EMPTY]])).toEqual([]);
    const missed: Told[] = [
      [0, 1, person],
      [1, 2, EMPTY],
      [2, 3, person],
    ];
    expect(watch('a person leaves', missed)).toEqual([]);
  });
});

describe('stays', () => {
  const prompt = 'a car stays in the loading zone for more than 30 seconds';
  const car = (track: number, overrides: Parameters<typeof anObject>[1] = {}) =>
    anObject('car', { track, zones: ['loading'], sinceMs: T0 - 600_000, ...overrides });

  it('fires once per thing while its scene grows', () => {
    const scenes: Told[] = [[0, [5, 10, 25, 30, 35, 600], withObjects(car(1))]];
    const fired = watch(prompt, scenes);
    expect(times(fired)).toEqual([30]);
    expect(fired[0]).toMatchObject({ startMs: T0, endMs: T0 + 30_000 });
    expect(fired[0]?.explanation).toContain('for 30 seconds, since 12:00:00 UTC');
  });

  it('counts from when it came into the zone; without a zone from when it came into the picture', () => {
    const parked = withObjects(anObject('car', { sinceMs: T0 - 20_000 }));
    const scenes: Told[] = [[0, [5, 10, 15, 20], parked]];
    expect(times(watch('a car stays for 30 seconds', scenes))).toEqual([10]);
  });

  it('follows each on its own, so passing cars do not add up', () => {
    const at = (x1: number) => ({ box: { x1, y1: 0, x2: x1 + 0.1, y2: 0.2 } });
    const passing = Array.from(
      { length: 20 },
      (_, i): Told => [i * 5, i * 5 + 5, withObjects(car(i, { ...at((i % 5) / 5), sinceMs: T0 + i }))],
    );
    expect(watch(prompt, passing)).toEqual([]);
  });

  it('tells a second car of its own, and neither twice', () => {
    const other = car(2, { box: { x1: 0.6, y1: 0.5, x2: 0.9, y2: 0.9 } });
    const scenes: Told[] = [
      [0, [10, 20, 40], withObjects(car(1))],
      [40, [60, 75, 100], withObjects(car(1), other)],
    ];
    expect(times(watch(prompt, scenes))).toEqual([40, 75]);
  });

  it('knows a thing again that was hidden, and after the camera has been away', () => {
    const hidden: Told[] = [
      [0, [10, 20], withObjects(car(1))],
      [20, 25, EMPTY],
      [25, 35, withObjects(car(7, { sinceMs: T0 + 25_000 }))],
      [35, 80, withObjects(car(7, { sinceMs: T0 + 25_000 }))],
    ];
    expect(times(watch(prompt, hidden))).toEqual([35]);
    const away: Told[] = [
      [0, 40, withObjects(car(1))],
      [400, [440, 480], withObjects(car(1, { sinceMs: T0 + 400_000 }))],
    ];
    expect(times(watch(prompt, away))).toEqual([40]);
  });
});

describe('absent', () => {
  const prompt = 'no one is in the loading zone for 10 minutes';

  it('fires once per absence, however its scenes are cut', () => {
    const scenes: Told[] = [
      [0, 5, withObjects(inZone(1))],
      [5, [10, 300], EMPTY],
      [300, [604, 605, 700], withObjects(anObject('person'))],
      [700, 705, withObjects(inZone(2))],
      [705, [1000, 1306], EMPTY],
    ];
    expect(times(watch(prompt, scenes))).toEqual([605, 1306]);
  });

  it('is not fooled by a stretch that nobody looked at', () => {
    const scenes: Told[] = [
      [0, 5, EMPTY],
      [900, 905, EMPTY],
    ];
    expect(watch(prompt, scenes)).toEqual([]);
  });
});

describe('count', () => {
  const people = (n: number) =>
    withObjects(...Array.from({ length: n }, (_, i) => anObject('person', { track: i, zones: ['yard'] })));

  it('fires when the number is passed, and again after it was below', () => {
    const scenes = [3, 4, 5, 4, 3, 4].map((n, i): Told => [i * 5, i * 5 + 5, people(n)]);
    const fired = watch('more than 3 people', scenes);
    expect(times(fired)).toEqual([10, 30]);
    expect(fired[0]?.explanation).toContain('4 × person at once in the picture');
  });

  it('counts those in the zone, at once', () => {
    const crowd = withObjects(inZone(1), inZone(2), anObject('person', { track: 3 }));
    expect(watch('at least two people in the loading zone', [[0, 5, crowd]])).toHaveLength(1);
    expect(watch('at least 3 people in the loading zone', [[0, 5, crowd]])).toEqual([]);
    const oneAfterTheOther = { ...crowd, counts: { person: 1 } };
    expect(watch('at least two people', [[0, 5, oneAfterTheOther]])).toEqual([]);
  });

  it('waits for a length of time when it is asked for', () => {
    const scenes: Told[] = [[0, [10, 30, 59, 60, 90], people(2)]];
    expect(times(watch('two people for a minute', scenes))).toEqual([60]);
  });

  it('does not take one missed sight for fewer', () => {
    const scenes: Told[] = [
      [0, 1, people(2)],
      [1, 2, people(1)],
      [2, 3, people(2)],
      [3, [4, 5], people(1)],
    ];
    expect(times(watch('fewer than 2 people', scenes))).toEqual([5]);
  });
});

describe('motion, light and tampering', () => {
  it('fires for motion that begins, in its zone', () => {
    const scenes: Told[] = [
      [0, 5, EMPTY],
      [5, [10, 15], { ...EMPTY, ...moved(0.1, ['yard']) }],
      [15, 20, { ...EMPTY, ...moved(0.2, ['yard', 'loading']) }],
      [20, 25, EMPTY],
      [25, 30, { ...EMPTY, ...moved(0.1, ['yard']) }],
    ];
    expect(times(watch('motion in the yard', scenes))).toEqual([10, 30]);
    expect(times(watch('motion in the loading zone', scenes))).toEqual([20]);
    expect(times(watch('nothing moves for 5 seconds', scenes))).toEqual([5, 25]);
    expect(times(watch('motion for 10 seconds', scenes))).toEqual([15]);
  });

  it('fires when the light changes', () => {
    const change = (way: 'on' | 'off', brightness: number) => ({ ...EMPTY, light: { brightness, change: way } });
    const scenes: Told[] = [
      [0, 5, EMPTY],
      [5, 10, change('off', 0.05)],
      [10, [15, 20], { ...EMPTY, light: { brightness: 0.05 } }],
      [20, 25, change('on', 0.6)],
      [25, 30, EMPTY],
      [30, 35, change('off', 0.05)],
    ];
    expect(times(watch('the lights go off', scenes))).toEqual([10, 35]);
    expect(times(watch('the lights turn on', scenes))).toEqual([25]);
  });

  it('fires when the camera is tampered with, once', () => {
    const scenes: Told[] = [
      [0, 5, EMPTY],
      [5, [10, 60], { ...EMPTY, tamper: ['covered'] }],
      [60, 65, { ...EMPTY, tamper: ['covered', 'moved'] }],
    ];
    expect(times(watch('the camera is covered', scenes))).toEqual([10]);
    expect(times(watch('the camera is moved', scenes))).toEqual([65]);
    expect(times(watch('camera tampering', scenes))).toEqual([10]);
  });
});

describe('without a detector', () => {
  const scenes: Told[] = [
    [0, 5, undetected({})],
    [5, 10, undetected(moved(0.3, ['loading']))],
    [10, [15, 700], undetected({})],
  ];

  it.each(['someone enters the loading zone', 'a person is in the loading zone', 'a dog appears'])(
    '%s: motion stands in, and says so',
    (prompt) => {
      const fired = watch(prompt, scenes);
      expect(times(fired)).toEqual([10]);
      expect(fired[0]?.confidence).toBeLessThanOrEqual(0.5);
      expect(fired[0]?.explanation).toMatch(/^Something moved in .*no object detector.*not known/);
    },
  );

  it.each([
    'someone leaves the loading zone',
    'a person stays for 3 seconds',
    'no one is in the loading zone for 10 minutes',
    'fewer than 2 people',
    'more than 1 person',
  ])('%s: never fires', (prompt) => {
    expect(watch(prompt, scenes)).toEqual([]);
  });

  it('a detector that is away for a moment changes nothing', () => {
    const away: Told[] = [
      [0, 5, person],
      [5, 10, undetected(moved(0.2))],
      [10, 15, undetected({})],
      [15, 20, person],
    ];
    expect(times(watch('a person', away))).toEqual([5]);
  });
});
