import type { Observation } from '#inference';

/** A grey picture in which nothing is. */
export function observed(atMs: number): Observation {
  const rgb = Buffer.alloc(32 * 18 * 3, 128);
  return {
    facts: {
      objects: [],
      gone: [],
      counts: {},
      motion: { amount: 0, regions: [], zones: [] },
      light: { brightness: 0.5 },
      colours: ['grey'],
      tamper: [],
      packs: ['built-in'],
    },
    text: 'Nothing is there.',
    changed: true,
    best: { atMs, width: 32, height: 18, rgb, sceneScore: 0 },
  };
}
