import type { SceneFacts, SceneIndex } from '#domain';
import type { Store } from '#store';
import { aScene } from '../store/fixture.ts';
import { anObject, T0, withObjects } from './scenes.ts';

export const VECTOR = new Float32Array(256).fill(1 / 16);
export const HOUR = 3_600_000;

/** An hour at a gate: somebody comes, stays, goes; things change with every window or stay as they are for long. */
export function anHour(store: Store, index: SceneIndex, seed: number, lost = 0.03): void {
  const random = numbers(seed);
  let atMs = T0;
  let sceneId: number | undefined;
  let track = 0;
  while (atMs < T0 + HOUR) {
    const endMs = atMs + 5000;
    if (sceneId !== undefined && random() < 0.7) store.scenes.grow(sceneId, endMs);
    else {
      if (random() < 0.5) track += 1;
      sceneId = store.scenes.add(
        aScene(index, { startMs: atMs, endMs, facts: facts(random, track, atMs), text: texts(random) }),
        VECTOR,
        'test',
      ).id;
    }
    // Now and then a window is lost.
    atMs = random() < lost ? endMs + 5000 : endMs;
    if (atMs !== endMs) sceneId = undefined;
  }
}

function facts(random: () => number, track: number, atMs: number): SceneFacts {
  const n = Math.floor(random() * 4);
  const people = Array.from({ length: n }, (_, i) =>
    anObject('person', {
      track: track + i,
      sinceMs: atMs - Math.floor(random() * 60_000),
      score: 0.4 + random() / 2,
      zones: random() < 0.5 ? ['gate'] : [],
      entered: random() < 0.3 ? ['gate'] : [],
      crossed: random() < 0.2 ? ['gate'] : [],
      colours: random() < 0.5 ? ['red'] : ['blue'],
      ...(random() < 0.3 ? { appeared: 'left' as const } : {}),
    }),
  );
  const light = random() < 0.1 ? { brightness: 0.2, change: 'off' as const } : { brightness: 0.6 };
  const motion = { amount: n / 10, regions: [], zones: random() < 0.5 ? ['gate'] : [] };
  return { ...withObjects(...people), light, motion, tamper: random() < 0.05 ? ['covered'] : [] };
}

const texts = (random: () => number) => (random() < 0.2 ? 'a forklift carries a pallet' : 'a yard');

/** Always the same numbers, 0–1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
