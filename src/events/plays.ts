import type { Rule, SceneFacts, SceneObject } from '#domain';
import type { Fired } from './decide.ts';
import type { SceneView } from './simple.ts';
import type { RuleState } from './state.ts';
import { step } from './step.ts';
import type { Story } from './story.ts';

/** A story that can be played at any time. */
export interface Play {
  text: string;
  play: (startMs: number) => SceneView[];
}

const WINDOW_MS = 5000;

/** Nothing is there, and a detector has looked. */
export const NOTHING: SceneFacts = {
  objects: [],
  gone: [],
  counts: {},
  motion: { amount: 0, regions: [], zones: [] },
  light: { brightness: 0.5 },
  colours: ['grey'],
  tamper: [],
  packs: ['built-in', 'detector'],
};

/** The first firing of an alert that was armed before the scenes. */
export function firedIn(rule: Rule, scenes: readonly SceneView[]): Fired | undefined {
  let state: RuleState | undefined;
  for (const scene of scenes) {
    const { state: after, fired } = step(rule, state, scene);
    if (fired) return fired;
    state = after;
  }
  return undefined;
}

/** The story in windows, from a time on. */
export function scenesOf({ moments }: Story, startMs: number): SceneView[] {
  const scenes: SceneView[] = [];
  let since = new Map<number, number>();
  let atMs = startMs;
  for (const { forMs, facts, text = '', isTranscript, similar } of moments) {
    const here = facts?.objects ?? [];
    const fromMs = atMs;
    since = new Map(here.map(({ track }) => [track, since.get(track) ?? fromMs]));
    for (; atMs < fromMs + forMs; atMs += WINDOW_MS) {
      const times = { startMs: atMs, endMs: Math.min(fromMs + forMs, atMs + WINDOW_MS) };
      const objects = here.map((one) => ({
        ...(atMs === fromMs ? one : settled(one)),
        sinceMs: since.get(one.track) ?? fromMs,
      }));
      scenes.push(
        isTranscript
          ? { ...times, text, isTranscript }
          : {
              ...times,
              text,
              facts: { ...NOTHING, ...facts, objects },
              ...(similar ? { similar } : {}),
            },
      );
    }
    atMs = fromMs + forMs;
  }
  return scenes;
}

/** It came in the window before. */
function settled({ appeared: _appeared, crossed: _crossed, ...one }: SceneObject): SceneObject {
  return { ...one, entered: [] };
}
