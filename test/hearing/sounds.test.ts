import { describe, expect, it } from 'vitest';
import { Heard, type SoundClass, SoundTracker } from '#hearing';
import { T0 } from './sound.ts';

const at = (second: number) => T0 + second * 1000;

/** Second by second: what began and what ended, by label. */
function followed(seconds: readonly SoundClass[][]): [began: string[], ended: string[]][] {
  const tracker = new SoundTracker();
  return seconds.map((classes, second) => {
    const { began, ended } = tracker.hear(classes, at(second), at(second + 1));
    return [began.map(({ label }) => label), ended.map(({ label }) => label)];
  });
}
const bark = (score: number): SoundClass[] => [{ label: 'bark', score }];
const nothing: SoundClass[] = [];

describe('a sound', () => {
  it('begins when it is certain, goes on while it is likely, and ends after two seconds without it', () => {
    const seconds = [nothing, bark(0.6), bark(0.2), bark(0.19), bark(0.3), nothing, nothing, nothing];
    expect(followed(seconds)).toEqual([
      [[], []],
      [['bark'], []],
      [[], []],
      [[], []],
      [[], []],
      [[], []],
      [[], ['bark']],
      [[], []],
    ]);
  });

  it('begins when it is fairly certain twice running, and then it began the first time', () => {
    expect(followed([bark(0.3), nothing, bark(0.4), nothing, bark(0.45)]).flat(2)).toEqual([]);
    const tracker = new SoundTracker();
    tracker.hear(bark(0.45), at(0), at(1));
    const { began } = tracker.hear(bark(0.35), at(1), at(2));
    expect(began).toEqual([{ label: 'bark', score: 0.45, startMs: at(0), endMs: at(2) }]);
  });

  it('keeps its largest score and grows', () => {
    const tracker = new SoundTracker();
    tracker.hear(bark(0.6), at(0), at(1));
    tracker.hear(bark(0.9), at(1), at(2));
    tracker.hear(bark(0.4), at(2), at(3));
    expect(tracker.now).toEqual([{ label: 'bark', score: 0.9, startMs: at(0), endMs: at(3) }]);
  });

  it('begins anew when it had ended', () => {
    const seconds = [bark(0.6), nothing, nothing, bark(0.6)];
    expect(followed(seconds).map(([began]) => began)).toEqual([['bark'], [], [], ['bark']]);
  });

  it('is followed for itself when others are heard, too; the most certain is told first', () => {
    const both = [...bark(0.6), { label: 'glass', score: 0.8 }];
    expect(followed([both, bark(0.5), bark(0.5)])).toEqual([
      [['glass', 'bark'], []],
      [[], []],
      [[], ['glass']],
    ]);
  });

  it.each(['speech', 'silence', 'inside, small room', 'white noise'])('is no event: %s', (label) => {
    expect(followed([[{ label, score: 1 }], [{ label, score: 1 }]]).flat(2)).toEqual([]);
  });

  it('ends when the sound breaks off', () => {
    const tracker = new SoundTracker();
    tracker.hear(bark(0.6), at(0), at(1));
    expect(tracker.stop().map(({ label }) => label)).toEqual(['bark']);
    expect(tracker.now).toEqual([]);
  });
});

describe('what was heard', () => {
  const level = (heard: Heard, second: number, levelDb: number, trouble?: 'dead' | 'clipped', pack?: string) =>
    heard.level(at(second), at(second + 1), { levelDb, ...(trouble ? { trouble } : {}) }, pack);
  const barked = (second: number) => ({ label: 'bark', score: 0.7, startMs: at(second), endMs: at(second + 1) });

  it('is unknown where nobody listened', () => {
    expect(new Heard().between(at(0), at(2), 0)).toEqual({ facts: undefined, n: 0 });
  });

  it('has the level of its seconds: the mean of powers', () => {
    const heard = new Heard();
    level(heard, 0, -20);
    level(heard, 1, -60);
    level(heard, 2, -90);
    expect(heard.between(at(0), at(2), 0).facts).toEqual({ sounds: [], levelDb: -23 });
    expect(heard.between(at(1), at(2), 0).facts?.levelDb).toBe(-60);
  });

  it('is dead when all of it was, clipped when any was', () => {
    const heard = new Heard();
    level(heard, 0, -96, 'dead');
    level(heard, 1, -96, 'dead');
    level(heard, 2, -3, 'clipped');
    level(heard, 3, -30);
    expect(heard.between(at(0), at(2), 0).facts?.trouble).toBe('dead');
    expect(heard.between(at(1), at(3), 0).facts?.trouble).toBe('clipped');
    expect(heard.between(at(3), at(4), 0).facts?.trouble).toBeUndefined();
  });

  it('names the pack when it listened all the time', () => {
    const heard = new Heard();
    level(heard, 0, -30);
    level(heard, 1, -30, undefined, 'yamnet');
    expect(heard.between(at(0), at(2), 0).facts?.pack).toBeUndefined();
    expect(heard.between(at(1), at(2), 0).facts?.pack).toBe('yamnet');
  });

  it('tells sounds while they last', () => {
    const heard = new Heard();
    for (const second of [0, 1, 2, 3]) level(heard, second, -30);
    heard.sound(barked(1));
    heard.sound({ ...barked(1), endMs: at(3), score: 0.9 });
    const told = (from: number, to: number) => heard.between(at(from), at(to), 1).facts?.sounds;
    expect(told(0, 1)).toEqual([]);
    expect(told(1, 2)).toEqual([{ ...barked(1), endMs: at(3), score: 0.9 }]);
    expect(told(2, 3)).toHaveLength(1);
    expect(told(3, 4)).toEqual([]);
  });

  it('tells a sound that became known late with the next question, once', () => {
    const heard = new Heard();
    for (const second of [0, 1, 2, 3]) level(heard, second, -30);
    const first = heard.between(at(0), at(2), heard.n);
    heard.sound(barked(1));
    const second = heard.between(at(2), at(3), first.n);
    const third = heard.between(at(3), at(4), second.n);
    expect([first, second, third].map(({ facts }) => facts?.sounds)).toEqual([[], [barked(1)], []]);
  });

  it('is forgotten after ten minutes', () => {
    const heard = new Heard();
    level(heard, 0, -30);
    heard.sound(barked(0));
    level(heard, 602, -30);
    expect(heard.between(at(0), at(2), 0).facts).toBeUndefined();
    expect(heard.between(at(0), at(700), 0).facts?.sounds).toEqual([]);
  });
});
