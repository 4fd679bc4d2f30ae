import { describe, expect, it } from 'vitest';
import type { Scene, SceneIndex, SoundFacts, Stream } from '#domain';
import { compileRule, Evaluator, rehearse } from '#events';
import { describeSound } from '#inference';
import type { Store } from '#store';
import { aCamera, anAlert, anEvent, anIndex, openStore, quiet, standingClock } from '../store/fixture.ts';
import { anObject, EMPTY, T0, withObjects } from './scenes.ts';

const VECTOR = new Float32Array(256).fill(1 / 16);

function soundOf(label: string): SoundFacts {
  return { sounds: [{ label, score: 0.9, startMs: T0, endMs: T0 + 1000 }], levelDb: -20, pack: 'yamnet' };
}

function addScene(store: Store, index: SceneIndex, startS: number, told: Partial<Scene> & { text: string }): Scene {
  const times = { startMs: T0 + startS * 1000, endMs: T0 + (startS + 1) * 1000 };
  return store.scenes.add({ streamId: index.streamId, indexId: index.id, ...times, ...told }, VECTOR, 'test');
}

function say(store: Store, { id }: Stream, startS: number, text: string): void {
  const times = { startMs: T0 + startS * 1000, endMs: T0 + (startS + 1) * 1000 };
  store.transcripts.add({ streamId: id, ...times, text, words: [{ text, ...times }] });
}

function arm(store: Store, index: SceneIndex, prompt: string): void {
  const event = anEvent({ rule: compileRule(prompt, { zones: [] }), label: prompt });
  store.events.create(event);
  store.alerts.create(anAlert(index, event, { createdMs: T0 }));
}

/** What a newly started evaluator finds in the journal, from where the one before it ended. */
async function evaluated(store: Store): Promise<void> {
  const deps = { store, clock: standingClock(), log: quiet, mqttTopic: false };
  await using evaluator = await Evaluator.start(deps, AbortSignal.abort());
  while (evaluator.runOnce() > 0);
  expect(evaluator.status()).toEqual({ lag: 0, failures: 0 });
}

const firedBy = (store: Store): string[] =>
  store.firings.recent({ limit: 99 }).map(({ label, atMs }) => `${label} ${(atMs - T0) / 1000}`);

describe('Evaluator, of what is heard', () => {
  it('fires for a sound scene of an audio index, once while it grows, and goes on after each restart', async () => {
    await using at = await openStore();
    const { stream } = aCamera(at.store);
    const index = anIndex(stream.id, { extraction: { type: 'transcript', segmenter: 'sentence', value: 1 } });
    at.store.indexes.create(index);
    arm(at.store, index, 'a smoke alarm');
    arm(at.store, index, 'a smoke alarm for 20 seconds');
    const sound = soundOf('smoke detector, smoke alarm');
    const scene = addScene(at.store, index, 0, { text: describeSound(sound), sound });
    expect(at.store.scenes.get(scene.id)).toEqual(scene);
    await evaluated(at.store);
    for (const endS of [10, 19, 20, 30]) {
      at.store.scenes.grow(scene.id, T0 + endS * 1000);
      await evaluated(at.store);
    }
    addScene(at.store, index, 60, { text: describeSound(sound), sound });
    await evaluated(at.store);
    expect(firedBy(at.store)).toEqual(['a smoke alarm 61', 'a smoke alarm for 20 seconds 20', 'a smoke alarm 1']);
    expect(at.store.firings.recent({ limit: 1 })).toMatchObject([
      { evidence: { packs: ['yamnet'], sceneText: 'a smoke alarm sounds' } },
    ]);
  });

  it('fires for what is said as soon as it is written down, once, over restarts', async () => {
    await using at = await openStore();
    const { stream, index: eyes } = aCamera(at.store);
    const index = anIndex(stream.id, { extraction: { type: 'transcript', segmenter: 'word', value: 10 } });
    at.store.indexes.create(index);
    arm(at.store, index, 'someone says open the door');
    arm(at.store, eyes, 'someone speaks');
    say(at.store, stream, 0, 'would you please open');
    await evaluated(at.store);
    expect(firedBy(at.store)).toEqual([]);
    say(at.store, stream, 1.5, 'the door for me');
    await evaluated(at.store);
    addScene(at.store, index, 0, { text: 'would you please open the door for me' });
    await evaluated(at.store);
    expect(firedBy(at.store)).toEqual(['someone says open the door 2.5']);
    const [firing] = at.store.firings.recent({ limit: 1 });
    expect(firing).toMatchObject({ indexId: index.id, startMs: T0 + 1500, evidence: { sceneText: 'the door for me' } });
    expect(firing).not.toHaveProperty('sceneId');
  });

  it('hears nothing for an index that is stopped, or was not started yet', async () => {
    await using at = await openStore();
    const { stream } = aCamera(at.store);
    const extraction = { type: 'transcript', segmenter: 'word', value: 10 } as const;
    const stopped = anIndex(stream.id, { extraction, status: 'stopped' });
    const later = anIndex(stream.id, { extraction, resumedMs: T0 + 60_000 });
    for (const index of [stopped, later]) {
      at.store.indexes.create(index);
      arm(at.store, index, 'someone speaks');
    }
    say(at.store, stream, 0, 'good morning');
    await evaluated(at.store);
    expect(firedBy(at.store)).toEqual([]);
    say(at.store, stream, 70, 'good evening');
    await evaluated(at.store);
    expect(at.store.firings.recent({ limit: 9 }).map(({ indexId }) => indexId)).toEqual([later.id]);
  });

  it('hears sounds in scenes that are seen, and names all packs that had a part', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    arm(at.store, index, 'a dog barks');
    addScene(at.store, index, 0, { text: 'all is still', facts: EMPTY });
    addScene(at.store, index, 5, { text: 'all is still; a dog barks', facts: { ...EMPTY, sound: soundOf('bark') } });
    await evaluated(at.store);
    expect(firedBy(at.store)).toEqual(['a dog barks 6']);
    const [firing] = at.store.firings.recent({ limit: 1 });
    expect(firing?.evidence.packs).toEqual(['built-in', 'yolox-nano', 'yamnet']);
  });

  it('feeds rules of several parts from indexes that see and that hear, and rehearses them as they fired', async () => {
    await using at = await openStore();
    const { stream, index: eyes } = aCamera(at.store);
    const ears = anIndex(stream.id, {
      extraction: { type: 'transcript', segmenter: 'sentence', value: 1 },
      resumedMs: T0,
    });
    at.store.indexes.create(ears);
    const prompts = ['a dog barks and nobody is there', 'someone says "help" while a person is there'] as const;
    for (const prompt of prompts) arm(at.store, eyes, prompt);
    const person = withObjects(anObject('person'));
    addScene(at.store, eyes, 0, { text: 'all is still', facts: EMPTY });
    addScene(at.store, ears, 0.5, { text: 'a dog barks', sound: soundOf('bark') });
    await evaluated(at.store);
    for (const startS of [20, 21, 22]) addScene(at.store, eyes, startS, { text: 'a person', facts: person });
    addScene(at.store, ears, 21, { text: 'a dog barks', sound: soundOf('bark') });
    await evaluated(at.store);
    say(at.store, stream, 20.5, 'help');
    await evaluated(at.store);
    expect(firedBy(at.store).sort()).toEqual([`${prompts[0]} 1.5`, `${prompts[1]} 21.5`]);
    expect(at.store.firings.recent({ limit: 9 }).map(({ indexId }) => indexId)).toEqual([eyes.id, eyes.id]);
    const query = { streamId: stream.id, index: eyes, fromMs: T0, toMs: T0 + 60_000 };
    const starts: number[] = [];
    for (const prompt of prompts) {
      const rule = compileRule(prompt, { zones: [] });
      for await (const { fired } of rehearse(at.store, { ...query, rule }, new AbortController().signal))
        starts.push(...fired.map(({ startMs }) => (startMs - T0) / 1000));
    }
    const live = at.store.firings.recent({ limit: 9 }).map(({ startMs }) => (startMs - T0) / 1000);
    expect(starts.sort()).toEqual(live.sort());
  });

  it('tells a rule on one index once, however many of the other kind there are', async () => {
    await using at = await openStore();
    const { stream, index: eyes } = aCamera(at.store);
    for (const value of [1, 2]) {
      const extraction = { type: 'transcript', segmenter: 'sentence', value } as const;
      at.store.indexes.create(anIndex(stream.id, { extraction, resumedMs: T0 }));
    }
    arm(at.store, eyes, 'someone says "help" or the lights go off');
    addScene(at.store, eyes, 0, { text: 'all is still', facts: EMPTY });
    say(at.store, stream, 1, 'help');
    await evaluated(at.store);
    expect(firedBy(at.store)).toEqual(['someone says "help" or the lights go off 2']);
  });
});
