/** Sentences that pictures are compared with: when they are read, what is kept of them, and what alerts make of it. */
import { describe, expect, it, vi } from 'vitest';
import type { Rule, Scene, SceneIndex } from '#domain';
import { type Fired, Meanings, type MeaningsDeps, ruleFor, step } from '#events';
import type { Answers, Asks } from '#inference';
import { systemClock } from '#runtime';
import type { Store } from '#store';
import { contrastsOf } from '../../src/events/contrasts.ts';
import { hastyClock } from '../delivery/fixture.ts';
import { aCamera, anEvent, aScene, axis, openStore, quiet } from '../store/fixture.ts';
import { T0 } from './scenes.ts';

vi.setConfig({ testTimeout: 60_000 });
const soon = (check: () => void) => vi.waitFor(check, 20_000);
const never = new AbortController().signal;

const MESSY = 'the shelf looks messy';
const similar = (meanings: Meanings, of: Rule, scene: Scene) => meanings.similar(of, scene)?.similar[MESSY];
const rule = ruleFor(`Alert me when ${MESSY}.`, { zones: [] });

/** A model that has a place of its own for each text, in the order in which it is asked. */
function reader(model = 'clip', answer: 'ready' | 'dropped' = 'ready') {
  const asked: string[][] = [];
  const eyes = {
    asked,
    model,
    answer,
    has: () => true,
    status: () => ({ packs: { 'image-text': eyes.model } }) as ReturnType<MeaningsDeps['eyes']['status']>,
    ask: async (_task: string, { texts }: Asks['image-text']) => {
      asked.push(texts);
      const vectors = texts.map((_, i) => axis(i));
      const nothing = { picture: undefined, likeness: [], queries: [] };
      const known: Answers['image-text'] = { ...nothing, texts: vectors, scale: 10 };
      return eyes.answer === 'ready' ? known : eyes.answer;
    },
  };
  return eyes;
}

function start(store: Store, eyes: ReturnType<typeof reader>, clock = systemClock) {
  // Only one of its tasks is asked for.
  const deps = { store, eyes: eyes as unknown as MeaningsDeps['eyes'], clock, log: quiet };
  return Meanings.start(deps, never);
}

/** A scene whose picture looks like the text of this number. */
function showing(store: Store, index: SceneIndex, n: number, model = 'clip') {
  return store.scenes.add(aScene(index, {}), axis(0), 'm', { vector: axis(n), model });
}

describe('a sentence', () => {
  it('is the prompt without the order to look for it', () => {
    expect(rule.subject).toMatchObject({ kind: 'text', sentence: MESSY });
    expect(ruleFor('graffiti on the wall', { zones: [] }).subject).toMatchObject({ sentence: 'graffiti on the wall' });
    expect(ruleFor('Detect a forklift', { zones: [] }).subject).toMatchObject({ sentence: 'a forklift' });
    expect(ruleFor("the gate isn't closed", { zones: [] }).subject).toMatchObject({ sentence: 'the gate is open' });
    expect(ruleFor('the gate is not there', { zones: [] }).subject).toMatchObject({
      sentence: 'the gate is not there',
    });
  });

  it.each([
    [MESSY, ['the shelf looks tidy']],
    ['the door is not locked', ['the door is locked']],
    ['a worker without helmet', ['a worker with helmet', 'a worker', 'helmet']],
    ['no parcel at the door', ['a parcel at the door']],
    ['a forklift is near the ladder', ['a forklift is far from the ladder', 'a forklift', 'the ladder']],
    ['a red van', ['a blue van', 'a white van']],
  ])('is told from its contrary and its parts: %s', (sentence, others) => {
    const contrasts = contrastsOf(sentence);
    expect(contrasts).toEqual(expect.arrayContaining([...others, 'a photo']));
    expect(contrasts).not.toContain(sentence);
    expect(new Set(contrasts).size).toBe(contrasts.length);
  });

  it('is read once, kept over restarts, and read anew when the model changes', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    at.store.events.create(anEvent({ rule }));
    const scene = showing(at.store, index, 0);
    const eyes = reader();
    {
      await using meanings = start(at.store, eyes);
      await soon(() => expect(similar(meanings, rule, scene)).toBeGreaterThan(0.9));
    }
    expect(eyes.asked).toEqual([[MESSY, ...contrastsOf(MESSY)]]);
    await using again = start(at.store, eyes);
    expect(similar(again, rule, scene)).toBeGreaterThan(0.9);
    expect(eyes.asked).toHaveLength(1);
    eyes.model = 'siglip';
    const other = showing(at.store, index, 1, 'siglip');
    await soon(() => expect(similar(again, rule, other)).toBeLessThan(0.1));
    expect(eyes.asked).toHaveLength(2);
    // Pictures that the old model has seen are compared with what it made of the sentence.
    expect(similar(again, rule, scene)).toBeGreaterThan(0.9);
  });

  it('is read again when what it is compared with was another', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    const scene = showing(at.store, index, 0);
    at.store.prompts.put(MESSY, { model: 'clip', scale: 1, texts: [MESSY, 'x'], vectors: [axis(1), axis(0)] });
    await using meanings = start(at.store, reader());
    await soon(() => expect(similar(meanings, rule, scene)).toBeGreaterThan(0.9));
  });

  it('is tried again when the model has no time, and says nothing until then', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    const scene = showing(at.store, index, 0);
    const eyes = reader('clip', 'dropped');
    await using meanings = start(at.store, eyes, hastyClock(200));
    expect(similar(meanings, rule, scene)).toBeUndefined();
    await soon(() => expect(eyes.asked.length).toBeGreaterThan(2));
    expect(similar(meanings, rule, scene)).toBeUndefined();
    eyes.answer = 'ready';
    await soon(() => expect(similar(meanings, rule, scene)).toBeGreaterThan(0.9));
  });

  it('is never read for scenes without a picture, for other rules, or of a model that is gone', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    const eyes = reader();
    await using meanings = start(at.store, eyes);
    const dark = at.store.scenes.add(aScene(index, {}), axis(0), 'm');
    expect(similar(meanings, rule, dark)).toBeUndefined();
    expect(similar(meanings, ruleFor('a person', { zones: [] }), showing(at.store, index, 0))).toBeUndefined();
    expect(similar(meanings, rule, showing(at.store, index, 0, 'older'))).toBeUndefined();
    await meanings.prepare(rule, never);
    expect(eyes.asked).toHaveLength(1);
  });
});

/** What the rule makes of pictures that are so similar, a window each; states cross as JSON. */
function watch(
  similarities: readonly (number | undefined)[],
  { threshold = 0, text = '', of = rule }: { threshold?: number; text?: string; of?: Rule } = {},
) {
  const fired: (Fired & { at: number })[] = [];
  let state: Parameters<typeof step>[1];
  similarities.forEach((similarity, at) => {
    const times = { startMs: T0 + at * 5000, endMs: T0 + (at + 1) * 5000 };
    const result = step(
      of,
      state,
      { ...times, text, ...(similarity === undefined ? {} : { similar: { [MESSY]: similarity } }) },
      threshold,
    );
    state = result.state && JSON.parse(JSON.stringify(result.state));
    if (result.fired) fired.push({ ...result.fired, at });
  });
  return fired;
}

describe('pictures that look like it', () => {
  it('fire when two of three windows do, once, as sure as the second of them', () => {
    const fired = watch([0.1, 0.9, 0.3, 0.7, 0.9, 0.9, 0.8]);
    expect(fired).toMatchObject([{ at: 3, confidence: 0.7 }]);
    expect(fired[0]?.explanation).toMatch(
      /^The picture looks like "the shelf looks messy" around .*\(confidence 0\.70\)\.$/,
    );
  });

  it('are not told again while they waver, and are when it was over', () => {
    expect(watch([0.7, 0.7, 0.5, 0.45, 0.7, 0.1, 0.7, 0.5, 0.7]).map(({ at }) => at)).toEqual([1]);
    expect(watch([0.7, 0.7, 0.1, 0.1, 0.1, 0.7, 0.7]).map(({ at }) => at)).toEqual([1, 6]);
  });

  it('obey the threshold of the alert, lower or higher', () => {
    expect(watch([0.4, 0.4], { threshold: 0.35 })).toHaveLength(1);
    expect(watch([0.7, 0.7, 0.7], { threshold: 0.9 })).toEqual([]);
    expect(watch([0.7, 0.7, 0.95, 0.95], { threshold: 0.9 }).map(({ at }) => at)).toEqual([3]);
  });

  it('are forgotten over an hour that nobody looked at', () => {
    const scene = (startMs: number) => ({ startMs, endMs: startMs + 5000, text: '', similar: { [MESSY]: 0.9 } });
    const { state } = step(rule, undefined, scene(T0));
    expect(step(rule, state, scene(T0 + 3_600_000)).fired).toBeUndefined();
    expect(step(rule, state, scene(T0 + 5000)).fired).toBeDefined();
  });

  it('leave it to the words where they say nothing', () => {
    expect(watch([undefined, undefined], { text: 'A shelf that looks messy.' })).toMatchObject([{ at: 0 }]);
    const fired = watch([0.05, 0.05], { text: 'A shelf that looks messy.' });
    expect(fired).toMatchObject([{ at: 0, explanation: expect.stringContaining('The description of the scene') }]);
  });
});
