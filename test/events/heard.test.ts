import { describe, expect, it } from 'vitest';
import type { Rule, SceneFacts, Sound, SoundFacts } from '#domain';
import { compileRule, type Fired, ruleFor, type SceneView, step } from '#events';
import { EMPTY, T0, times } from './scenes.ts';

const SMOKE = 'smoke detector, smoke alarm';

function heard(...labels: (string | Partial<Sound>)[]): SoundFacts {
  const sounds = labels.map((label) => {
    const own = typeof label === 'string' ? { label } : label;
    return { label: '', score: 0.8, startMs: T0, endMs: T0 + 1000, ...own };
  });
  return { sounds, levelDb: labels.length > 0 ? -20 : -60, pack: 'yamnet' };
}

/** What is told: a scene with its sound, a sound alone, or what was said. */
type Told = Pick<SceneView, 'facts' | 'sound'> | string;
const seen = (sound?: SoundFacts): { facts: SceneFacts } => ({ facts: { ...EMPTY, ...(sound ? { sound } : {}) } });
const alone = (...labels: string[]): { sound: SoundFacts } => ({ sound: heard(...labels) });

/** Seconds since T0; with several ends the scene grows. */
type At = readonly [startS: number, endS: number | readonly number[], told: Told];

/** What a prompt's rule makes of scenes. The state crosses as JSON, as it does when the appliance restarts. */
function listen(prompt: string, scenes: readonly At[]): (Fired & { atS: number })[] {
  const rule: Rule = compileRule(prompt, { zones: [] });
  const fired: (Fired & { atS: number })[] = [];
  let state: Parameters<typeof step>[1];
  for (const [startS, ends, told] of scenes) {
    for (const endS of [ends].flat()) {
      const view = { startMs: T0 + startS * 1000, endMs: T0 + endS * 1000 };
      const content = typeof told === 'string' ? { text: told, isTranscript: true } : { text: 'a scene', ...told };
      const result = step(rule, state, { ...view, ...content });
      state = result.state && JSON.parse(JSON.stringify(result.state));
      if (result.fired) fired.push({ ...result.fired, atS: endS });
    }
  }
  return fired;
}

const QUIET = seen(heard());
const BARK = seen(heard('bark'));

describe('sounds in scenes that are seen', () => {
  it('fires once for one stretch of barking, with short pauses, and again after a long one', () => {
    const scenes: At[] = [
      [0, 5, QUIET],
      [5, [10, 15], BARK],
      [15, 20, QUIET],
      [20, 25, BARK],
      [25, [30, 35], QUIET],
      [35, 40, BARK],
    ];
    expect(times(listen('a dog barks', scenes))).toEqual([10, 40]);
    expect(times(listen('barking begins', scenes))).toEqual([10, 40]);
  });

  it('says what was heard, when and how sure', () => {
    const sound = heard({ label: 'bark', score: 0.72 }, { label: 'dog', score: 0.9 });
    const [fired] = listen('a dog barks', [[5, 10, seen(sound)]]);
    expect(fired).toEqual({
      atS: 10,
      startMs: T0 + 5000,
      endMs: T0 + 10_000,
      confidence: 0.9,
      explanation: 'Barking was heard around 12:00:05 UTC (confidence 0.90).',
    });
  });

  it('names the sound that it was, of those that were asked for', () => {
    const [alarm] = listen('an alarm goes off', [[0, 5, seen(heard(SMOKE))]]);
    expect(alarm?.explanation).toMatch(/^A smoke alarm was heard/);
    const [any] = listen('something is heard', [[0, 5, seen(heard('siren'))]]);
    expect(any?.explanation).toMatch(/^A siren was heard/);
    const [steps] = listen('footsteps', [[0, 5, seen(heard('walk, footsteps'))]]);
    expect(steps?.explanation).toMatch(/^Footsteps were heard/);
  });

  it('does not take one sound for another', () => {
    const scenes: At[] = [[0, 5, seen(heard('music', 'speech', 'car alarm'))]];
    for (const prompt of ['a dog barks', 'glass breaking', 'a smoke alarm', 'someone shouts', 'rain'])
      expect(listen(prompt, scenes), prompt).toEqual([]);
    expect(listen('an alarm', scenes)).toHaveLength(1);
  });

  it('waits for how long it goes on, while the scene grows', () => {
    const scenes: At[] = [
      [0, 5, QUIET],
      [5, [10, 20, 30, 34, 35, 60], seen(heard('engine'))],
    ];
    const fired = listen('an engine runs for 30 seconds', scenes);
    expect(times(fired)).toEqual([35]);
    expect(fired[0]).toMatchObject({ startMs: T0 + 5000, endMs: T0 + 35_000 });
    expect(fired[0]?.explanation).toMatch(/^An engine was heard for 30 seconds, since 12:00:05 UTC/);
  });

  it('tells that it stopped when that is certain', () => {
    const scenes: At[] = [
      [0, [5, 60], seen(heard(SMOKE))],
      [60, [65, 69, 70, 90], QUIET],
      [90, 95, seen(heard(SMOKE))],
    ];
    expect(times(listen('the smoke alarm stops', scenes))).toEqual([70]);
    expect(times(listen('no smoke alarm is heard', scenes))).toEqual([70]);
  });

  it('tells that it has not been heard for long enough, once', () => {
    const scenes: At[] = [
      [0, 5, BARK],
      [5, [10, 300], QUIET],
      [300, [604, 605, 900], seen(heard('music'))],
      [900, 905, BARK],
    ];
    const fired = listen('no dog barks for 10 minutes', scenes);
    expect(times(fired)).toEqual([605]);
    expect(fired[0]?.explanation).toMatch(/^No barking has been heard for 10 minutes/);
  });

  it('says nothing of sounds where nobody listened', () => {
    const deaf: At[] = [[0, [5, 3600], seen()]];
    const level: At[] = [[0, [5, 3600], seen({ sounds: [], levelDb: -60 })]];
    for (const prompt of [
      'a dog barks',
      'no dog barks for 10 minutes',
      'the smoke alarm stops',
      'no sound for a minute',
    ])
      expect(listen(prompt, deaf), prompt).toEqual([]);
    expect(listen('no dog barks for 10 minutes', level)).toEqual([]);
  });

  it('knows silence by the level, and a noise that has no name', () => {
    const loud: At = [60, [65, 70], seen({ sounds: [], levelDb: -30 })];
    const still: At = [0, [5, 60], seen({ sounds: [], levelDb: -58 })];
    expect(times(listen('no sound for 30 seconds', [still, loud]))).toEqual([60]);
    expect(times(listen('a noise', [still, loud]))).toEqual([65]);
  });

  it('watches the microphone', () => {
    const dead = (trouble?: 'dead' | 'clipped') => seen({ ...heard(), ...(trouble ? { trouble } : {}) });
    const scenes: At[] = [
      [0, 5, dead()],
      [5, [10, 40], dead('clipped')],
      [40, [45, 80], dead('dead')],
    ];
    expect(times(listen('the microphone is dead', scenes))).toEqual([45]);
    expect(times(listen('the microphone is dead for 30 seconds', scenes))).toEqual([80]);
    expect(times(listen('the microphone is too loud', scenes))).toEqual([10]);
    expect(listen('the microphone is dead', scenes)[0]?.explanation).toMatch(/^The microphone gave no sound at all/);
  });
});

describe('sounds that an audio index tells of', () => {
  it('fires with the first word of it', () => {
    expect(times(listen('the smoke alarm goes off', [[3, [3.5, 10, 60], alone(SMOKE)]]))).toEqual([3.5]);
  });

  it('takes the time between two such scenes for silence', () => {
    const barks: At[] = [
      [0, 1, alone('bark')],
      [5, 6, alone('bark')],
      [12, [13, 14], alone('dog')],
      [30, 31, alone('bark')],
      [300, 301, alone('bark')],
    ];
    expect(times(listen('a dog barks', barks))).toEqual([1, 31, 301]);
  });

  it('is not put off by speech and other sounds meanwhile', () => {
    const scenes: At[] = [
      [0, [5, 10], alone(SMOKE)],
      [6, 7, alone('bark')],
      [2, 9, 'what is that noise'],
      [0, [15, 20, 31], alone(SMOKE)],
    ];
    expect(times(listen('a smoke alarm', scenes))).toEqual([5]);
    expect(times(listen('a smoke alarm for 30 seconds', scenes))).toEqual([31]);
    expect(times(listen('a dog barks', scenes))).toEqual([7]);
  });

  it('can not tell that something is no longer heard', () => {
    const scenes: At[] = [
      [0, [5, 10], alone('bark')],
      [12, [20, 90, 200], alone(SMOKE)],
      [900, 905, alone(SMOKE)],
    ];
    for (const prompt of ['no dog barks for a minute', 'the barking stops', 'no sound for a minute'])
      expect(listen(prompt, scenes), prompt).toEqual([]);
  });

  it('says nothing of what is seen', () => {
    for (const prompt of ['a person', 'no one is in the room for a minute', 'motion', 'the camera is covered'])
      expect(listen(prompt, [[0, [5, 600], alone('bark')]]), prompt).toEqual([]);
  });
});

describe('speech', () => {
  it('fires for what is said and says so', () => {
    const fired = listen('someone calls for help', [
      [0, 4, 'No help needed, thank you.'],
      [4, 8, 'Oh no. Somebody help me, please!'],
    ]);
    expect(fired).toEqual([
      {
        atS: 8,
        startMs: T0 + 4000,
        endMs: T0 + 8000,
        confidence: 0.9,
        explanation: 'Someone said "Oh no. Somebody help me, please!" around 12:00:04 UTC (confidence 0.90).',
      },
    ]);
  });

  it('is one alert while it is said again and again, and another after other words or a pause', () => {
    const scenes: At[] = [
      [0, 3, 'help me'],
      [3, 6, 'please help me'],
      [6, 9, 'is anyone there'],
      [9, 12, 'help me'],
      [60, 63, 'help me'],
    ];
    expect(times(listen('someone calls for help', scenes))).toEqual([3, 12, 63]);
  });

  it('hears a phrase that was cut in two, but not over a pause', () => {
    const cut = (gapS: number): At[] => [
      [0, 4, 'would somebody please'],
      [4 + gapS, 8 + gapS, 'open the door'],
    ];
    expect(times(listen('someone says please open the door', cut(0.4)))).toEqual([8.4]);
    expect(listen('someone says please open the door', cut(9))).toEqual([]);
  });

  it('does not tell twice what the next scene only remembers', () => {
    const scenes: At[] = [
      [0, 4, 'I want a refund'],
      [4, 8, 'for this umbrella'],
      [8, 12, 'it is broken'],
    ];
    expect(times(listen('a customer mentions a refund', scenes))).toEqual([4]);
  });

  it('is told by what was written down, not by the scenes that are made of it', () => {
    const scene = { startMs: T0, endMs: T0 + 4000, text: 'help me' };
    const help = compileRule('someone calls for help', { zones: [] });
    expect(step(help, undefined, scene).fired).toBeUndefined();
    expect(step(help, undefined, { ...scene, isTranscript: true }).fired).toBeDefined();
    const words = ruleFor('help me with the umbrella', { zones: [] });
    expect(words.subject.kind).toBe('text');
    expect(
      step(words, undefined, { ...scene, text: 'help me with the umbrella', isTranscript: true }).fired,
    ).toBeUndefined();
  });

  it('hears that anything is said', () => {
    expect(times(listen('someone speaks', [[0, 4, 'good morning']]))).toEqual([4]);
  });

  it('has nothing to do with sounds and pictures', () => {
    const scenes: At[] = [
      [0, 5, alone('speech')],
      [5, 10, seen(heard('speech'))],
      [10, 15, QUIET],
    ];
    expect(listen('someone speaks', scenes)).toEqual([]);
    expect(listen('someone says a scene', scenes)).toEqual([]);
  });

  it('shortens what was said at length', () => {
    const [fired] = listen('someone speaks', [[0, 60, 'word '.repeat(100)]]);
    expect(fired?.explanation.length).toBeLessThan(170);
    expect(fired?.explanation).toContain('word…"');
  });
});
