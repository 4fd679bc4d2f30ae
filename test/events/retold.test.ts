/** Scenes that a slower model tells anew, seen by the rules. */
import { describe, expect, it } from 'vitest';
import type { Scene, SceneIndex } from '#domain';
import { Evaluator, ruleFor } from '#events';
import type { Store } from '#store';
import { aCamera, anAlert, anEvent, aScene, openStore, quiet, standingClock } from '../store/fixture.ts';
import { anObject, EMPTY, T0, withObjects } from './scenes.ts';

const VECTOR = new Float32Array(8).fill(1);
const CHEAP = 'A person, seen once.';
const HELMET = 'A worker without a helmet carries a box.';

/** A store with one alert, and what an index would do. */
async function openAlert(prompt: string) {
  const { store, ...at } = await openStore();
  const { index } = aCamera(store);
  const event = anEvent({ rule: ruleFor(prompt, { zones: [] }) });
  store.events.create(event);
  store.alerts.create(anAlert(index, event, { createdMs: T0 - 1 }));
  return {
    ...at,
    store,
    add: (startS: number, text = CHEAP) => add(store, index, startS, text),
    retell: (scene: Scene, text: string) => {
      const facts = { ...EMPTY, told: { text, by: 'seer' } };
      store.scenes.retell(scene.id, { text, facts }, VECTOR, 'm');
    },
    /** The scenes fired for, as far as the journal goes. */
    async fired(): Promise<string[]> {
      await using evaluator = await Evaluator.start(
        { store, clock: standingClock(), log: quiet, mqttTopic: false },
        AbortSignal.abort(),
      );
      while (evaluator.runOnce() > 0);
      const firings = store.firings.recent({ limit: 99 }).reverse();
      return firings.map(({ startMs, evidence }) => `${(startMs - T0) / 1000}: ${evidence.sceneText}`);
    },
  };
}

function add(store: Store, index: SceneIndex, startS: number, text: string): Scene {
  const [startMs, endMs] = [T0 + startS * 1000, T0 + (startS + 5) * 1000];
  return store.scenes.add(aScene(index, { startMs, endMs, text, facts: EMPTY }), VECTOR, 'm');
}

describe('a scene that is told anew', () => {
  it('fires for its new words, late as they come, and once while they go on', async () => {
    await using at = await openAlert('worker without helmet');
    const scenes = [0, 5, 10, 15].map((startS) => at.add(startS));
    expect(await at.fired()).toEqual([]);
    for (const scene of scenes.slice(1)) at.retell(scene, HELMET);
    expect(await at.fired()).toEqual([`5: ${HELMET}`]);
  });

  it('fires again when its words were gone in between', async () => {
    await using at = await openAlert('worker without helmet');
    const scenes = [0, 5, 10].map((startS) => at.add(startS));
    for (const [i, text] of [HELMET, 'An empty yard.', HELMET].entries()) {
      const scene = scenes[i];
      if (scene) at.retell(scene, text);
      await at.fired();
    }
    expect(await at.fired()).toEqual([`0: ${HELMET}`, `10: ${HELMET}`]);
  });

  it('does not fire for what its first words have fired for, nor the other way round', async () => {
    await using at = await openAlert('worker without helmet');
    const first = at.add(0, HELMET);
    expect(await at.fired()).toEqual([`0: ${HELMET}`]);
    at.retell(first, HELMET);
    at.retell(at.add(5, HELMET), HELMET);
    expect(await at.fired()).toHaveLength(1);

    await using other = await openAlert('worker without helmet');
    const scene = other.add(0);
    await other.fired();
    other.retell(scene, HELMET);
    expect(await other.fired()).toHaveLength(1);
    // It goes on: what is stored by now has the new words.
    other.store.scenes.grow(scene.id, scene.endMs + 5000);
    other.add(10, HELMET);
    expect(await other.fired()).toHaveLength(1);
  });

  it('fires once when it was told anew before anybody looked', async () => {
    await using at = await openAlert('worker without helmet');
    at.retell(at.add(0), HELMET);
    expect(await at.fired()).toEqual([`0: ${HELMET}`]);
  });

  it('fires for its words again long after', async () => {
    await using at = await openAlert('worker without helmet');
    at.retell(at.add(0), HELMET);
    await at.fired();
    for (let startS = 5; startS < 120; startS += 5) at.add(startS);
    at.retell(at.add(120), HELMET);
    expect(await at.fired()).toHaveLength(2);
  });

  it('says nothing new to rules about what was measured', async () => {
    await using at = await openAlert('a person appears');
    const scene = at.add(0);
    await at.fired();
    const facts = { ...withObjects(anObject('person', { appeared: 'in' })), told: { text: HELMET, by: 'seer' } };
    at.store.scenes.retell(scene.id, { text: HELMET, facts }, VECTOR, 'm');
    expect(await at.fired()).toEqual([]);
  });
});
