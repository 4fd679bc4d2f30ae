/** Rules of several parts, step by step. */
import { describe, expect, it } from 'vitest';
import type { SceneFacts, SoundFacts } from '#domain';
import { compileRule, type Fired, type SceneView, step } from '#events';
import { anObject, EMPTY, T0, withObjects } from './scenes.ts';

const ZONES = ['yard', 'hall'];
const person = anObject('person', { zones: ['yard', 'hall'], entered: ['hall'], appeared: 'left' });
const car = anObject('car', { track: 9, box: { x1: 0.6, y1: 0.6, x2: 0.9, y2: 0.9 } });
const PERSON = withObjects(person);
const CAR = withObjects(car);
const BOTH = withObjects(person, car);
const DARK: SceneFacts = { ...EMPTY, light: { brightness: 0.05, change: 'off' } };
const bark: SoundFacts = {
  sounds: [{ label: 'bark', score: 0.8, startMs: T0, endMs: T0 + 1000 }],
  levelDb: -20,
  pack: 'yamnet',
};
const quiet: SoundFacts = { sounds: [], levelDb: -60, pack: 'yamnet' };

/** Seconds since T0, and what is seen, what is only heard, or what is said. */
type At = readonly [startS: number, endS: number, told: SceneFacts | SoundFacts | string];

function viewOf([startS, endS, told]: At): SceneView {
  const times = { startMs: T0 + startS * 1000, endMs: T0 + endS * 1000 };
  if (typeof told === 'string') return { ...times, text: told, isTranscript: true };
  return 'levelDb' in told ? { ...times, text: '', sound: told } : { ...times, text: '', facts: told };
}

/** When it fires, and from when; states cross as JSON, as they do in the store. */
function follow(prompt: string, told: readonly At[], threshold = 0): (Fired & { when: string })[] {
  const rule = compileRule(prompt, { zones: ZONES });
  expect(rule.subject.kind).toBe('parts');
  let state: Parameters<typeof step>[1];
  return told.flatMap((at) => {
    const result = step(rule, state, viewOf(at), threshold);
    state = result.state && JSON.parse(JSON.stringify(result.state));
    const { fired } = result;
    return fired ? [{ ...fired, when: `${(fired.startMs - T0) / 1000}-${(fired.endMs - T0) / 1000}` }] : [];
  });
}
const whens = (...args: Parameters<typeof follow>) => follow(...args).map(({ when }) => when);

describe('all of several parts', () => {
  const ALONE = 'a person enters while no car is there';

  it('fires for a moment while something is so, and not while it isn’t', () => {
    expect(
      whens(ALONE, [
        [0, 5, EMPTY],
        [5, 10, PERSON],
        [10, 15, PERSON],
      ]),
    ).toEqual(['5-10']);
    expect(
      whens(ALONE, [
        [0, 5, CAR],
        [5, 10, BOTH],
        [10, 15, BOTH],
        [15, 30, BOTH],
      ]),
    ).toEqual([]);
  });

  it('fires when the last part comes true, within ten seconds of a moment', () => {
    const dark = 'the lights go off while someone is in the yard';
    expect(
      whens(dark, [
        [0, 5, EMPTY],
        [5, 10, DARK],
        [10, 15, PERSON],
      ]),
    ).toEqual(['10-15']);
    expect(
      whens(dark, [
        [0, 5, EMPTY],
        [5, 10, DARK],
        [10, 15, EMPTY],
        [15, 25, EMPTY],
        [25, 30, PERSON],
      ]),
    ).toEqual([]);
    expect(
      whens(dark, [
        [0, 5, PERSON],
        [5, 10, { ...PERSON, light: DARK.light }],
      ]),
    ).toEqual(['5-10']);
  });

  it('tells of each new time at which all are so, and once of one that goes on', () => {
    const both = 'a person is in the yard and a car is in the picture';
    const told: At[] = [
      [0, 5, PERSON],
      [5, 10, BOTH],
      [10, 60, BOTH],
      [60, 65, PERSON],
      [65, 70, BOTH],
    ];
    expect(whens(both, told)).toEqual(['5-10', '65-70']);
    expect(
      whens(
        both,
        told.flatMap((at) => [at, at]),
      ),
    ).toEqual(['5-10', '65-70']);
  });

  it('tells of each who enters', () => {
    const other = anObject('person', { track: 2, zones: ['hall'], entered: ['hall'], box: car.box });
    const told: At[] = [
      [0, 5, EMPTY],
      [5, 6, PERSON],
      [6, 7, withObjects(person, other)],
    ];
    expect(whens('a person enters the hall while no car is there', told)).toEqual(['5-6', '6-7']);
  });

  it('counts how long with each part', () => {
    const stays = 'a car stays for 20 seconds and nobody is in the yard';
    expect(
      whens(stays, [
        [0, 5, CAR],
        [5, 15, CAR],
        [15, 25, CAR],
        [25, 60, CAR],
      ]),
    ).toEqual(['20-25']);
    expect(
      whens(stays, [
        [0, 5, BOTH],
        [5, 15, BOTH],
        [15, 25, BOTH],
        [25, 30, CAR],
      ]),
    ).toEqual(['25-30']);
  });

  it('joins what is seen and what is heard, in whatever order it is told', () => {
    const prompt = 'a dog barks and nobody is in the yard';
    const seen: At[] = [
      [0, 5, EMPTY],
      [5, 10, EMPTY],
      [10, 15, EMPTY],
    ];
    const heard: At = [6, 7, bark];
    for (const at of [0, 1, 2, 3]) expect(whens(prompt, seen.toSpliced(at, 0, heard)), `${at}`).toHaveLength(1);
    expect(whens(prompt, [[0, 5, PERSON], heard, [5, 10, PERSON], [10, 30, PERSON]])).toEqual([]);
  });

  it('fires once where a sound is told by both', () => {
    const prompt = 'a dog barks and nobody is in the yard';
    const facts = (sound: SoundFacts) => ({ ...EMPTY, sound });
    const told: At[] = [
      [0, 5, facts(quiet)],
      [6, 7, bark],
      [5, 10, facts(bark)],
      [10, 15, facts(quiet)],
    ];
    expect(whens(prompt, told)).toHaveLength(1);
    expect(
      whens(
        prompt,
        [told[0], told[2], told[1], told[3]].filter((at) => at !== undefined),
      ),
    ).toHaveLength(1);
  });

  it('joins what is said, which is written down later, with what was seen then', () => {
    const prompt = 'someone says "help" while a person is in the yard';
    expect(
      whens(prompt, [
        [0, 5, PERSON],
        [5, 10, PERSON],
        [3, 4, 'help'],
        [10, 15, PERSON],
      ]),
    ).toEqual(['3-4']);
    expect(
      whens(prompt, [
        [0, 5, EMPTY],
        [3, 4, 'help'],
        [5, 10, EMPTY],
      ]),
    ).toEqual([]);
  });

  it('says of each part what was so, as sure as the least sure', () => {
    const [fired] = follow(ALONE, [
      [0, 5, EMPTY],
      [5, 10, PERSON],
    ]);
    expect(fired).toMatchObject({
      confidence: 0.8,
      explanation:
        'A person came into the picture around 12:00:05 UTC, and no car was in the picture (confidence 0.80).',
    });
  });

  it('waits until it is as sure as it has to be', () => {
    const faint = withObjects(anObject('person', { score: 0.5, zones: ['yard'] }), car);
    const both = 'a person is in the yard and a car is in the picture';
    expect(
      whens(
        both,
        [
          [0, 5, faint],
          [5, 10, faint],
          [10, 15, BOTH],
        ],
        0.7,
      ),
    ).toEqual(['0-15']);
    expect(
      whens(both, [
        [0, 5, faint],
        [5, 10, faint],
        [10, 15, BOTH],
      ]),
    ).toEqual(['0-5']);
  });

  it('keeps to the time that the rule is for', () => {
    const prompt = 'a person enters while no car is there between 10:00 and 11:00';
    const told: At[] = [
      [0, 5, EMPTY],
      [5, 10, PERSON],
    ];
    const local = new Date(T0).getHours();
    expect(whens(prompt, told)).toEqual(local === 10 ? ['5-10'] : []);
  });
});

describe('any of several parts', () => {
  const EITHER = 'the light goes off or someone enters the hall';

  it('fires for each by itself, and once for what happens at once', () => {
    expect(
      whens(EITHER, [
        [0, 5, EMPTY],
        [5, 10, DARK],
        [10, 15, PERSON],
      ]),
    ).toEqual(['5-10', '10-15']);
    expect(
      whens(EITHER, [
        [0, 5, EMPTY],
        [5, 10, { ...PERSON, light: DARK.light }],
        [10, 15, PERSON],
      ]),
    ).toEqual(['5-10']);
    expect(
      whens(EITHER, [
        [0, 5, EMPTY],
        [5, 10, EMPTY],
      ]),
    ).toEqual([]);
  });

  it('tells once of a sound that both indexes tell, and of the next one', () => {
    const prompt = 'a dog barks or a car is in the yard';
    const told: At[] = [
      [0, 5, { ...EMPTY, sound: quiet }],
      [6, 7, bark],
      [5, 10, { ...EMPTY, sound: bark }],
    ];
    expect(whens(prompt, told)).toHaveLength(1);
    expect(whens(prompt, [...told, [60, 61, bark]])).toHaveLength(2);
  });
});

it('a part that was never sure enough is not told with another one, long after', () => {
  const faint = withObjects(anObject('person', { zones: ['hall'], score: 0.4 }));
  const told = follow(
    'a person is in the hall or a dog barks',
    [
      [0, 5, faint],
      [5, 10, faint],
      [10, 15, EMPTY],
      [600, 605, EMPTY],
      [601, 603, bark],
    ],
    0.6,
  );
  expect(told.map(({ when }) => when)).toEqual(['601-603']);
  expect(told[0]?.explanation).not.toContain('person');
});
