import { describe, expect, it } from 'vitest';
import { compileRule } from '#events';
import { anObject, EMPTY, T0, type Told, times, watch, withObjects } from './scenes.ts';

/** Seconds from T0 to this hour by the box's clock, on the same day or some days later. */
function at(hour: number, minute = 0, days = 0): number {
  const day = new Date(T0);
  day.setHours(hour, minute, 0, 0);
  day.setDate(day.getDate() + days);
  return (day.getTime() - T0) / 1000;
}
const person = withObjects(anObject('person'));
const since = (startS: number, track = 1) => withObjects(anObject('person', { track, sinceMs: T0 + startS * 1000 }));

describe('a rule for some hours', () => {
  it('is blind outside of them', () => {
    const scenes: Told[] = [
      [at(21, 58), at(21, 59), person],
      [at(22, 10), at(22, 11), EMPTY],
      [at(22, 30), at(22, 31), person],
      [at(5, 0, 1), at(5, 1, 1), EMPTY],
      [at(6, 1, 1), at(6, 2, 1), person],
    ];
    expect(times(watch('a person at night', scenes))).toEqual([at(22, 31)]);
  });

  it('sees what goes on when they come, from then', () => {
    const scenes: Told[] = [[at(21), [at(21, 30), at(22, 0) + 5], since(at(21))]];
    const fired = watch('a person at night', scenes);
    expect(times(fired)).toEqual([at(22) + 5]);
    expect(fired[0]?.startMs).toBe(T0 + at(22) * 1000);
  });

  it('counts a stay from their beginning', () => {
    const stay = since(at(21));
    const ends = [at(21, 59), at(22, 1), at(22, 4), at(22, 5), at(22, 9)];
    const fired = watch('someone stays for 5 minutes after 10 pm', [[at(21), ends, stay]]);
    expect(times(fired)).toEqual([at(22, 5)]);
    expect(fired[0]?.startMs).toBe(T0 + at(22) * 1000);
  });

  it('counts an absence from their beginning', () => {
    const fired = watch('nobody for 10 minutes between 8 and 18', [[at(6), [at(7), at(8, 9), at(8, 11)], EMPTY]]);
    expect(times(fired)).toEqual([at(8, 11)]);
    expect(fired[0]?.startMs).toBe(T0 + at(8) * 1000);
  });

  it('takes nobody for new who came before', () => {
    const came = withObjects(anObject('person', { entered: ['loading'], zones: ['loading'], appeared: 'left' }));
    const entering = 'someone enters the loading zone after 10 pm';
    expect(watch(entering, [[at(21, 59), [at(21, 59) + 5, at(22, 1)], came]])).toEqual([]);
    expect(times(watch(entering, [[at(22, 5), at(22, 6), came]]))).toEqual([at(22, 6)]);
  });

  it('begins anew each time they come', () => {
    const scenes: Told[] = [
      [at(23), at(23, 1), person],
      [at(23, 1), [at(5, 59, 1), at(12, 0, 1), at(22, 1, 1)], person],
    ];
    expect(times(watch('a person at night', scenes))).toEqual([at(23, 1), at(22, 1, 1)]);
  });

  it('keeps to its days, of which a night belongs to the one on which it begins', () => {
    // T0 is a Sunday.
    const scenes: Told[] = [-1, 0, 1].flatMap((day): Told[] => [
      [at(2, 0, day), at(2, 1, day), person],
      [at(3, 0, day), at(3, 5, day), EMPTY],
    ]);
    expect(new Date(T0).getDay()).toBe(0);
    expect(times(watch('a person on saturday night', scenes))).toEqual([at(2, 1, 0)]);
    expect(times(watch('a person on sundays', scenes))).toEqual([at(2, 1, 0)]);
    expect(times(watch('a person on weekdays', scenes))).toEqual([at(2, 1, 1)]);
  });
});

describe('a time in a prompt', () => {
  it.each([
    ['a person between 8 and 9:30 pm', [20 * 60, 21 * 60 + 30]],
    ['a person from 11 pm to 5 am', [23 * 60, 5 * 60]],
    ['a person after noon', [12 * 60, 0]],
    ['a person between 7.15am and 8.45am', [435, 525]],
    ["a person before 8 o'clock", [0, 480]],
    ['a person since 8 pm until 11 pm', [1200, 1380]],
    ['a person at night between 23:00 and 4:00', [1380, 240]],
  ])('%s', (prompt, [fromMinute, toMinute]) => {
    expect(compileRule(prompt, { zones: [] }).during).toEqual({ fromMinute, toMinute });
  });

  it.each([
    ['a person on friday', [5]],
    ['a person on monday, wednesday and friday', [1, 3, 5]],
    ['a person friday to monday', [0, 1, 5, 6]],
    ['a person on workdays', [1, 2, 3, 4, 5]],
    ['a person every weekend', [0, 6]],
  ])('%s', (prompt, days) => {
    expect(compileRule(prompt, { zones: [] }).during).toEqual({ fromMinute: 0, toMinute: 0, days });
  });

  it('within quotation marks is said, not meant', () => {
    expect(compileRule('someone says "open at night"', { zones: [] })).toMatchObject({
      subject: { kind: 'speech', words: ['open at night'] },
    });
  });
});
