import type { Rule, SceneFacts, SceneObject } from '#domain';
import { stretchOf } from './during.ts';
import type { RuleState } from './state.ts';
import { type SceneView, step } from './step.ts';
import { storiesOf } from './stories.ts';
import type { Story } from './story.ts';

/** A sentence that says what happens, and the scenes that show it. */
export interface Example {
  text: string;
  scenes: SceneView[];
}

const MOST = 3;
const WINDOW_MS = 5000;
const MINUTE_MS = 60_000;
const WEEK_MINUTES = 7 * 24 * 60;

/** Nothing is there, and a detector has looked. */
const NOTHING: SceneFacts = {
  objects: [],
  gone: [],
  counts: {},
  motion: { amount: 0, regions: [], zones: [] },
  light: { brightness: 0.5 },
  colours: ['grey'],
  tamper: [],
  packs: ['built-in', 'detector'],
};

/**
 * What would fire the rule and what would not, up to three of each. They are true: each was played to the rule by the
 * steps that live alerts take, and stands where it came out.
 */
export function examplesOf(rule: Rule, nowMs: number): { fires: Example[]; silent: Example[] } {
  const fires: Example[] = [];
  const silent: Example[] = [];
  const { inside, outside } = timesFor(rule, nowMs);
  const at = rule.during ? ` ${whenWords(inside)}` : '';
  for (const one of storiesOf(rule)) {
    const example = { text: `${one.text}${at}`, scenes: scenesOf(one, inside) };
    (firesFor(rule, example.scenes) ? fires : silent).push(example);
    if (outside === undefined || !fires.includes(example)) continue;
    const late = { text: `${one.text} ${whenWords(outside)}`, scenes: scenesOf(one, outside) };
    if (!firesFor(rule, late.scenes) && fires.length === 1) silent.unshift(late);
  }
  return { fires: fires.slice(0, MOST), silent: silent.slice(0, MOST) };
}

/** Whether an alert would fire that was armed before the scenes. */
function firesFor(rule: Rule, scenes: readonly SceneView[]): boolean {
  let state: RuleState | undefined;
  return scenes.some((scene) => {
    const { state: after, fired } = step(rule, state, scene);
    state = after;
    return fired !== undefined;
  });
}

function scenesOf({ moments }: Story, startMs: number): SceneView[] {
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

/** A time that the rule is for, and one that it isn't for, both long enough for any story. */
function timesFor(rule: Rule, nowMs: number): { inside: number; outside?: number } {
  const { during } = rule;
  const now = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  if (!during) return { inside: now };
  const lastsMs = 2 * (rule.forMs ?? 0) + 10 * MINUTE_MS;
  let inside: number | undefined;
  let outside: number | undefined;
  for (let minute = 0; minute < WEEK_MINUTES && (inside === undefined || outside === undefined); minute += 5) {
    const startMs = now + minute * MINUTE_MS;
    const stretch = stretchOf(during, { startMs, endMs: startMs + lastsMs });
    if (!stretch) outside ??= startMs;
    else if (stretch.startMs <= startMs && stretch.endMs >= startMs + lastsMs) inside ??= startMs;
  }
  return { inside: inside ?? now, ...(outside === undefined ? {} : { outside }) };
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function whenWords(ms: number): string {
  const date = new Date(ms);
  const two = (n: number) => String(n).padStart(2, '0');
  return `on ${DAYS[date.getDay()] ?? ''} at ${two(date.getHours())}:${two(date.getMinutes())}`;
}
