/** Alerts that a model is asked about before they fire: when it is asked, and what its answer does. */
import { describe, expect, it } from 'vitest';
import type { Question, Verdict } from '#domain';
import { ruleFor } from '#events';
import { attendAnswer, attendChecked, attendUnasked, withoutQuestion } from '../../src/events/checked.ts';
import type { RuleState } from '../../src/events/state.ts';
import { EMPTY, T0 } from './scenes.ts';

const MESSY = 'the shelf looks messy';
const rule = ruleFor(MESSY, { zones: [] });
const YES = { confirmed: true, text: 'Yes, boxes lie about.', by: 'seer', atMs: T0 };
const NO = { confirmed: false, text: 'No, it is tidy.', by: 'seer', atMs: T0 };
const PERHAPS = { text: 'Hard to say.', by: 'seer', atMs: T0 };

/** An alert whose states cross as JSON, as they do in the store. */
class Watched {
  state: RuleState | undefined;
  asked: Pick<Question, 'startMs' | 'endMs' | 'likeness'> | undefined;
  readonly threshold: number;

  constructor(threshold = 0) {
    this.threshold = threshold;
  }

  /** A window of five seconds; it is a scene of its own unless it goes on with one that began earlier. */
  sees(
    atS: number,
    similarity: number | undefined,
    { text = '', sinceS = atS, facts = true, isRetold = false, attends = attendChecked } = {},
  ): 'asks' | 'fires' | undefined {
    const times = { startMs: T0 + sinceS * 1000, endMs: T0 + (atS + 5) * 1000 };
    const similar = similarity === undefined ? {} : { similar: { [MESSY]: similarity } };
    const scene = {
      ...times,
      streamId: 's',
      indexId: 'i',
      sceneId: 1,
      text,
      ...(facts ? { facts: EMPTY } : {}),
      ...similar,
      ...(isRetold ? { isRetold } : {}),
    };
    const { state, fired, asks } = attends(rule, this.state, scene, this.threshold);
    this.state = state && JSON.parse(JSON.stringify(state));
    if (asks) this.asked = { ...times, ...asks };
    if (fired) return 'fires';
    return asks ? 'asks' : undefined;
  }

  hears(verdict?: Verdict) {
    if (!this.asked) throw new Error('nothing was asked');
    const about = { alertId: 'a', streamId: 's', seq: 1, sceneId: 1, askedMs: 0 };
    const question = { ...about, ...this.asked, answer: verdict ? { verdict } : {} };
    const { state, fired } = attendAnswer(rule, this.state, question, this.threshold);
    this.state = state && JSON.parse(JSON.stringify(state));
    return fired;
  }
}

describe('a scene that may show it', () => {
  it('is asked about, and fires when the model says yes, once', () => {
    const alert = new Watched();
    expect([alert.sees(0, 0.05), alert.sees(5, 0.4), alert.sees(10, 0.8), alert.sees(15, 0.9)]).toEqual([
      undefined,
      'asks',
      undefined,
      undefined,
    ]);
    const fired = alert.hears(YES);
    expect(fired).toMatchObject({ startMs: T0 + 5000, endMs: T0 + 10_000, confidence: 0.9 });
    expect(fired?.explanation).toBe(
      'seer looked at the picture for "the shelf looks messy" and says: Yes, boxes lie about. (confidence 0.90).',
    );
    expect(alert.sees(40, 0.9)).toBe('asks');
    expect(alert.hears(YES)).toBeUndefined();
  });

  it('is not asked about while one question waits, nor again as long as it goes on, nor oftener than every 30 seconds', () => {
    const alert = new Watched();
    expect(alert.sees(0, 0.5)).toBe('asks');
    expect(alert.sees(40, 0.5)).toBeUndefined();
    alert.hears(NO);
    expect(alert.sees(45, 0.5, { sinceS: 0 })).toBeUndefined();
    expect(alert.sees(50, 0.5)).toBe('asks');
    alert.hears(NO);
    expect([alert.sees(55, 0.5), alert.sees(75, 0.5), alert.sees(80, 0.5)]).toEqual([undefined, undefined, 'asks']);
  });

  it('fires later when it comes true after a no', () => {
    const alert = new Watched();
    alert.sees(0, 0.9);
    alert.sees(5, 0.9);
    expect(alert.hears(NO)).toBeUndefined();
    expect(alert.sees(35, 0.9)).toBe('asks');
    expect(alert.hears(YES)).toMatchObject({ startMs: T0 + 35_000 });
  });

  it('is told again after the model has said that it was over, or when pictures have', () => {
    const alert = new Watched();
    alert.sees(0, 0.5);
    expect(alert.hears(YES)).toBeDefined();
    alert.sees(30, 0.5);
    expect(alert.hears(NO)).toBeUndefined();
    alert.sees(60, 0.5);
    expect(alert.hears(YES)).toBeDefined();
    for (const at of [65, 70, 75]) alert.sees(at, 0.05);
    expect(alert.sees(100, 0.5)).toBe('asks');
    expect(alert.hears(YES)).toBeDefined();
  });

  it.each([
    ['nobody says anything in time', undefined],
    ['the answer is neither yes nor no', PERHAPS],
  ])('is decided by likeness when %s', (_, verdict) => {
    const sure = new Watched();
    expect([sure.sees(0, 0.8), sure.sees(5, 0.7), sure.sees(10, 0.7)]).toEqual(['asks', undefined, undefined]);
    expect(sure.hears(verdict)).toMatchObject({
      confidence: 0.7,
      explanation: expect.stringContaining('The picture looks like'),
    });
    const unsure = new Watched();
    for (const at of [0, 5, 10]) unsure.sees(at, 0.4);
    expect(unsure.hears(verdict)).toBeUndefined();
    // It may be asked about once more.
    expect(unsure.sees(35, 0.4, { sinceS: 0 })).toBe('asks');
  });

  it('is every new one where nothing compares pictures', () => {
    const alert = new Watched();
    expect(alert.sees(0, undefined)).toBe('asks');
    expect(alert.asked).not.toHaveProperty('likeness');
    expect(alert.hears(YES)).toMatchObject({ confidence: 0.9 });
    expect(alert.sees(20, undefined)).toBeUndefined();
    expect(alert.sees(30, undefined)).toBe('asks');
  });

  it('is one whose words match', () => {
    const alert = new Watched();
    expect(alert.sees(0, 0.05)).toBeUndefined();
    expect(alert.sees(5, 0.05, { text: 'A shelf that looks messy.' })).toBe('asks');
    expect(alert.asked?.likeness).toBeCloseTo(0.8);
  });

  it('obeys the threshold of the alert', () => {
    const alert = new Watched(0.95);
    alert.sees(0, 0.5);
    expect(alert.hears(YES)).toBeUndefined();
  });

  it('fires by its words at once where there is no picture', () => {
    expect(new Watched().sees(0, undefined, { text: 'A shelf that looks messy.', facts: false })).toBe('fires');
  });

  it('is asked about again when an answer got lost', () => {
    const alert = new Watched();
    expect(alert.sees(0, 0.5)).toBe('asks');
    expect(alert.sees(300, 0.5)).toBeUndefined();
    expect(alert.sees(700, 0.5)).toBe('asks');
  });
});

describe('while nobody is asked', () => {
  const attends = attendUnasked;

  it('what fires is as good as confirmed: it is not told when the model says yes later', () => {
    const alert = new Watched();
    expect([alert.sees(0, 0.9, { attends }), alert.sees(5, 0.9, { attends })]).toEqual([undefined, 'fires']);
    expect(alert.sees(10, 0.9)).toBe('asks');
    expect(alert.hears(YES)).toBeUndefined();
  });

  it('what was confirmed before stays so, and what was asked gets its answer', () => {
    const alert = new Watched();
    alert.sees(0, 0.5);
    expect(alert.hears(YES)).toBeDefined();
    alert.sees(5, 0.5, { attends });
    expect(alert.sees(40, 0.5)).toBe('asks');
    expect(alert.hears(YES)).toBeUndefined();
    const other = new Watched();
    other.sees(0, 0.5);
    other.sees(5, 0.5, { attends });
    expect(other.hears(YES)).toBeDefined();
  });
});

it('what was withheld is not told of another thing, long after', () => {
  const alert = new Watched();
  alert.sees(0, 0.3);
  alert.hears(NO);
  // Too soon for another question.
  expect([alert.sees(5, 0.9), alert.sees(10, 0.9), alert.sees(15, 0.05)]).toEqual([undefined, undefined, undefined]);
  expect(alert.state?.checking?.withheld).toBeDefined();
  for (const at of [20, 25, 30]) alert.sees(at, 0.05);
  expect(alert.sees(600, 0.5)).toBe('asks');
  expect(alert.hears(undefined)).toBeUndefined();
});

it('a scene that is told anew is asked about only for its new words, and ends nothing that was confirmed', () => {
  const alert = new Watched();
  alert.sees(0, 0.05);
  expect(alert.sees(35, 0.05)).toBeUndefined();
  expect(alert.sees(0, undefined, { text: 'A tidy room.', isRetold: true })).toBeUndefined();
  expect(alert.sees(0, undefined, { text: 'A shelf that looks messy.', isRetold: true })).toBe('asks');
  expect(alert.hears(YES)).toBeDefined();
  const confirmed = new Watched();
  confirmed.sees(0, 0.5);
  expect(confirmed.hears(YES)).toBeDefined();
  // It goes on for longer than anything is remembered that nobody looks at.
  for (let at = 5; at <= 95; at += 5) confirmed.sees(at, 0.5, { sinceS: 0 });
  expect(confirmed.sees(0, undefined, { text: 'A shelf that looks messy.', isRetold: true })).toBeUndefined();
  expect(confirmed.sees(100, 0.5)).toBe('asks');
  expect(confirmed.hears(YES)).toBeUndefined();
});

it('a question that has become void is one that is waited for no longer', () => {
  const alert = new Watched();
  alert.sees(0, 0.9);
  alert.sees(5, 0.9);
  alert.state = withoutQuestion(alert.state);
  expect(alert.hears(YES)).toBeUndefined();
  expect(alert.sees(35, 0.9)).toBe('asks');
  expect(withoutQuestion(undefined)).toBeUndefined();
});

it('an answer that nobody waits for changes nothing', () => {
  const question = {
    alertId: 'a',
    streamId: 's',
    seq: 1,
    sceneId: 1,
    startMs: T0,
    endMs: T0,
    askedMs: 0,
    answer: { verdict: YES },
  };
  expect(attendAnswer(rule, undefined, question)).toEqual({ state: undefined });
  const alert = new Watched();
  alert.sees(0, 0.5);
  alert.hears(YES);
  expect(alert.hears(YES)).toBeUndefined();
});
