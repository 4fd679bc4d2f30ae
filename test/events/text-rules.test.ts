import { describe, expect, it } from 'vitest';
import { type Rule, shareOfWords, tellingWords } from '#domain';
import { type Fired, ruleFor, step } from '#events';
import { T0 } from './scenes.ts';

/** Scenes of five seconds, as an index words them. */
function hear(rule: Rule, texts: readonly string[]): (Fired & { at: number })[] {
  const fired: (Fired & { at: number })[] = [];
  let state: Parameters<typeof step>[1];
  texts.forEach((text, at) => {
    const result = step(rule, state, { startMs: T0 + at * 5000, endMs: T0 + (at + 1) * 5000, text });
    state = result.state && JSON.parse(JSON.stringify(result.state));
    if (result.fired) fired.push({ ...result.fired, at });
  });
  return fired;
}

describe('a prompt that is no other rule', () => {
  it('looks for its words in what an index says', () => {
    const rule = ruleFor('User opened Slack application', { zones: [] });
    expect(rule.subject).toMatchObject({ kind: 'text', words: ['user', 'opened', 'slack', 'application'] });
    expect(rule.understood).toMatch(/words user, opened, slack, application\.$/);
    const fired = hear(rule, ['A desktop.', 'The user opens the Slack window.', 'A Slack message.', 'A browser.']);
    expect(fired).toMatchObject([{ at: 1, confidence: 0.8 * 0.75 }]);
    expect(fired[0]?.explanation).toMatch(
      /^The description of the scene matches "user opened slack application" around /,
    );
  });

  it('fires again when it was gone in between', () => {
    const rule = ruleFor('Detect pedestrians crossing the zebra', { zones: [] });
    const crossing = 'Two people cross at the zebra.';
    expect(hear(rule, [crossing, crossing, 'An empty road.', crossing]).map(({ at }) => at)).toEqual([0, 3]);
  });

  it('does not take a thing for its absence', () => {
    const rule = ruleFor('worker without helmet', { zones: [] });
    expect(hear(rule, ['A worker with a helmet.'])).toEqual([]);
    expect(hear(rule, ['A worker without helmet.'])).toHaveLength(1);
  });

  it.each([
    ['the shelf looks messy', 'The shelf looks messy.', 'The shelf looks tidy.'],
    ['a red parcel on the doormat', 'A red parcel on a doormat.', 'A blue parcel on a doormat.'],
    ["the gate isn't closed", 'The gate is open.', 'The gate is closed.'],
    ['the lid is not locked', 'An unlocked lid: the lid is unlocked.', 'The lid is locked.'],
    ['water on the left of the boiler', 'Water on the left of the boiler.', 'Water on the right of the boiler.'],
  ])('does not take the contrary for it: %s', (prompt, true_, contrary) => {
    const rule = ruleFor(prompt, { zones: [] });
    expect(rule.subject.kind).toBe('text');
    expect(hear(rule, [contrary])).toEqual([]);
    expect(hear(rule, [true_])).toHaveLength(1);
  });

  it('leaves the rules that are understood as they are', () => {
    expect(ruleFor('Detect when someone enters restricted area', { zones: [] })).toMatchObject({
      subject: { kind: 'object' },
      relation: 'enters',
    });
  });

  it('looks for a thing wherever it is, since no description says in which zone', () => {
    const rule = ruleFor('a forklift in the yard', { zones: ['gate', 'yard'] });
    expect(rule).toMatchObject({ subject: { kind: 'text', words: ['forklift'] } });
    expect(rule.understood).toMatch(/most of the words forklift, wherever it is in the picture, not only in "yard"\.$/);
    expect(rule).not.toHaveProperty('zone');
    expect(hear(rule, ['It looks like forklift.'])).toHaveLength(1);
    expect(ruleFor('the yard is messy', { zones: ['yard'] }).subject).toMatchObject({ words: ['yard', 'messy'] });
  });

  it('keeps to its hours', () => {
    const rule = ruleFor('a forklift at night', { zones: [] });
    expect(rule).toMatchObject({ subject: { words: ['forklift'] }, during: { fromMinute: 1320, toMinute: 360 } });
  });

  it.each(['asdf qwer', '12 34', 'zzzt!'])('refuses %j, in which no word is known', (prompt) => {
    expect(() => ruleFor(prompt, { zones: [] })).toThrow(/no word of it is known/);
  });

  it.each(['a DHL', 'постучали в дверь', 'Krzysztof appears', 'ein Gabelstapler'])('takes %j for words', (prompt) => {
    expect(ruleFor(prompt, { zones: [] }).subject.kind).toBe('text');
  });

  it.each(['?!', 'detect when', '…'])('refuses %j, which has no word to look for', (prompt) => {
    expect(() => ruleFor(prompt, { zones: [] })).toThrow(/These work/);
  });

  it('says nothing about things seen when a scene was only heard', () => {
    expect(hear(ruleFor('a person appears', { zones: [] }), ['someone speaks', 'a person speaks'])).toEqual([]);
  });
});

describe('words', () => {
  it.each([
    ['cars parked', 'A parked car.', 1],
    ['someone running', 'One person runs.', 0.5],
    ['slack', 'slacks and ties', 1],
    ['her', 'here', 0],
    ['', 'anything', 0],
  ])('%j in %j', (prompt, text, share) => {
    expect(shareOfWords(tellingWords(prompt), text)).toBe(share);
  });
});

describe('what pictures look like', () => {
  const MESSY = 'the shelf looks messy';
  const rule = ruleFor(MESSY, { zones: [] });

  /** The windows of five seconds at which it fires, by how much each looks like it; undefined: nothing compares them. */
  function look(similarities: readonly (number | undefined)[], threshold = 0): number[] {
    let state: Parameters<typeof step>[1];
    return similarities.flatMap((similarity, at) => {
      const times = { startMs: T0 + at * 5000, endMs: T0 + (at + 1) * 5000 };
      const similar = similarity === undefined ? {} : { similar: { [MESSY]: similarity } };
      const result = step(rule, state, { ...times, text: '', ...similar }, threshold);
      state = result.state && JSON.parse(JSON.stringify(result.state));
      return result.fired ? [at] : [];
    });
  }

  it.each([0, 0.05, 0.1, 0.2, 0.9])('is over when they stop to, with a threshold of %s', (threshold) => {
    expect(look([0.95, 0.95, 0, 0, 0, 0.95, 0.95], threshold)).toEqual([1, 6]);
  });

  it('is remembered while a few are not compared, and not for ever', () => {
    expect(look([0.95, 0.95, undefined, undefined, 0.95, 0.95])).toEqual([1]);
    const minutes = Array.from({ length: 20 }, () => undefined);
    expect(look([0.95, 0.95, ...minutes, 0.95, 0.95])).toEqual([1, 23]);
  });
});
