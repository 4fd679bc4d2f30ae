import type { Rule, SceneFacts, SceneObject } from '#domain';
import { compileRule, type Fired, step } from '#events';

export const T0 = Date.UTC(2025, 5, 15, 12);

export const EMPTY: SceneFacts = {
  objects: [],
  gone: [],
  counts: {},
  motion: { amount: 0, regions: [], zones: [] },
  light: { brightness: 0.5 },
  colours: ['grey'],
  tamper: [],
  packs: ['built-in', 'yolox-nano'],
};

export function anObject(label: string, overrides: Partial<SceneObject> = {}): SceneObject {
  return {
    label,
    score: 0.9,
    box: { x1: 0.1, y1: 0.1, x2: 0.3, y2: 0.6 },
    track: 1,
    zones: [],
    entered: [],
    sinceMs: T0,
    ...overrides,
  };
}

/** Facts with these objects, counted. */
export function withObjects(...objects: SceneObject[]): SceneFacts {
  const counts: Record<string, number> = {};
  for (const { label } of objects) counts[label] = (counts[label] ?? 0) + 1;
  return { ...EMPTY, objects, counts };
}

export const undetected = (facts: Partial<SceneFacts>): SceneFacts => ({ ...EMPTY, packs: ['built-in'], ...facts });
export const moved = (amount: number, zones: string[] = []): Partial<SceneFacts> => ({
  motion: { amount, regions: [{ x1: 0, y1: 0, x2: 0.5, y2: 0.5 }], zones },
});

/** One scene of seconds since T0; with several ends it grows. */
export type Told = readonly [startS: number, endS: number | readonly number[], facts: SceneFacts];

/** What a prompt's rule makes of scenes; `atS` is when each firing came. States cross as JSON, as they do in the store. */
export function watch(prompt: string | Rule, scenes: readonly Told[], zones = ['loading', 'yard']) {
  const rule = typeof prompt === 'string' ? compileRule(prompt, { zones }) : prompt;
  const fired: (Fired & { atS: number })[] = [];
  let state: Parameters<typeof step>[1];
  for (const [startS, ends, facts] of scenes) {
    for (const endS of Array.isArray(ends) ? ends : [ends]) {
      const result = step(rule, state, { startMs: T0 + startS * 1000, endMs: T0 + endS * 1000, text: '', facts });
      state = result.state && JSON.parse(JSON.stringify(result.state));
      if (result.fired) fired.push({ ...result.fired, atS: endS });
    }
  }
  return fired;
}

export const times = (fired: readonly { atS: number }[]): number[] => fired.map(({ atS }) => atS);
