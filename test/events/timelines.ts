import fc from 'fast-check';
import type { Rule, SceneFacts } from '#domain';
import { type Fired, type SceneView, step } from '#events';
import { anObject, EMPTY, T0, withObjects } from './scenes.ts';

/** What is so while one scene lasts. People come in order and go in the reverse order, so that each keeps its track. */
export interface Frame {
  people: number;
  crossing: boolean;
  moves: boolean;
  change: 'on' | 'off' | 'none';
  covered: boolean;
  barks: boolean;
}

/** A scene of so many windows, after a time that nobody looked at; by its own clock, and by one that never steps. */
export interface Told extends Frame {
  windows: number;
  startMs: number;
  endMs: number;
  trueEndMs: number;
  /** Cuts into pieces after these windows; the last is always one. */
  cuts: number[];
}

const WINDOWS_MS = [3000, 5000, 10_000] as const;

const frame = fc.record({
  people: fc.integer({ min: 0, max: 3 }),
  crossing: fc.boolean(),
  moves: fc.boolean(),
  change: fc.constantFrom('on', 'off', 'none'),
  covered: fc.boolean(),
  barks: fc.boolean(),
});

/** `gapS`: how long nobody looks between two scenes. `stepMs`: how far the clock steps there, either way. */
export function timelines({ gapS = 0, stepMs = 0 } = {}): fc.Arbitrary<Told[]> {
  const scene = fc.record({
    frame,
    windows: fc.integer({ min: 1, max: 5 }),
    cuts: fc.subarray([1, 2, 3, 4]),
    gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: gapS })),
    step: fc.oneof(fc.constant(0), fc.integer({ min: -stepMs, max: stepMs })),
  });
  const scenes = fc.array(scene, { minLength: 1, maxLength: 14 });
  return fc.tuple(fc.constantFrom(...WINDOWS_MS), scenes).map(([windowMs, list]) => {
    let trueMs = T0;
    let offMs = 0;
    return list.map(({ frame: so, windows, cuts, gap, step: by }) => {
      trueMs += gap * 1000;
      offMs += by;
      const startMs = trueMs + offMs;
      trueMs += windows * windowMs;
      const within = cuts.filter((cut) => cut < windows).map((cut) => startMs + cut * windowMs);
      return { ...so, windows, startMs, endMs: trueMs + offMs, trueEndMs: trueMs, cuts: within };
    });
  });
}

/** Who is there came into the zone in this scene, unless it was there in the one before. */
function factsOf(now: Told, before: Told | undefined): SceneFacts {
  const people = Array.from({ length: now.people }, (_, i) =>
    anObject('person', {
      track: i,
      box: { x1: i / 4, y1: 0, x2: i / 4 + 0.2, y2: 0.9 },
      zones: ['loading'],
      entered: i < (before?.people ?? 0) ? [] : ['loading'],
      crossed: now.crossing ? ['loading'] : [],
    }),
  );
  const bark = { label: 'bark', score: 0.8, startMs: now.startMs, endMs: now.endMs };
  return {
    ...withObjects(...people),
    motion: now.moves ? { amount: 0.2, regions: [], zones: ['loading'] } : EMPTY.motion,
    light: { brightness: 0.3, ...(now.change === 'none' ? {} : { change: now.change }) },
    tamper: now.covered ? ['covered'] : [],
    sound: { sounds: now.barks ? [bark] : [], levelDb: now.barks ? -20 : -60, pack: 'yamnet' },
  };
}

/** Each scene as it is told: whole, or as it grows. */
export function viewsOf(scenes: readonly Told[], isCut: boolean): SceneView[][] {
  return scenes.map((scene, i) => {
    const { startMs, cuts } = scene;
    const facts = factsOf(scene, scenes[i - 1]);
    return [...(isCut ? cuts : []), scene.endMs].map((endMs) => ({ startMs, endMs, text: 'a scene', facts }));
  });
}

export type State = Parameters<typeof step>[1];

export interface Played {
  /** With the number of the scene. */
  fired: (Fired & { scene: number })[];
  /** After each scene. */
  states: State[];
}

/** The rule sees every piece `times` times; its state crosses as JSON, as in the store, when asked to. */
export function play(rule: Rule, views: readonly SceneView[][], { times = 1, json = false } = {}): Played {
  const played: Played = { fired: [], states: [] };
  let state: State;
  for (const [scene, pieces] of views.entries()) {
    for (const piece of pieces) {
      for (let i = 0; i < times; i += 1) {
        const result = step(rule, state, piece);
        state = json ? result.state && JSON.parse(JSON.stringify(result.state)) : result.state;
        if (result.fired) played.fired.push({ ...result.fired, scene });
      }
    }
    played.states.push(state);
  }
  return played;
}

const person = { kind: 'object', name: 'person', labels: ['person'] } as const;
const SUBJECTS: readonly Rule['subject'][] = [
  { ...person, labels: [...person.labels] },
  { kind: 'motion' },
  { kind: 'light', change: 'off' },
  { kind: 'tamper', tampers: ['covered'] },
  { kind: 'sound', name: 'barking', labels: ['bark'] },
];
export const FOR_MS = 20_000;
/** Who isn't seen for so long is gone. */
export const HIDDEN_MS = 10_000;

/** Every relation with every subject that it makes sense with. */
export const RULES: readonly Rule[] = SUBJECTS.flatMap((subject): Rule[] => {
  const zone = subject.kind === 'object' || subject.kind === 'motion' ? { zone: 'loading' } : {};
  const of = (relation: Rule['relation'], more: Partial<Rule> = {}): Rule => ({
    version: 2,
    needs: [],
    understood: '',
    subject,
    relation,
    ...zone,
    ...more,
  });
  const all = [of('present'), of('appears'), of('enters'), of('leaves')];
  all.push(of('stays', { forMs: FOR_MS }), of('absent', { forMs: FOR_MS }));
  if (subject.kind !== 'object') return all;
  const counts = (['>', '>=', '==', '<', '<='] as const).flatMap((op) => [
    of('count', { count: { op, value: 2 } }),
    of('count', { count: { op, value: 2 }, forMs: FOR_MS }),
  ]);
  return [...all, of('crosses'), ...counts];
});

export const nameOf = ({ subject, relation, count, forMs }: Rule): string =>
  [subject.kind, relation, count?.op, count?.value, forMs && `${forMs / 1000} s`].filter(Boolean).join(' ');

/** How many there are, by the frame alone. */
export function levelOf({ subject, relation }: Rule, now: Frame): number {
  if (subject.kind === 'object') return relation !== 'crosses' || now.crossing ? now.people : 0;
  if (subject.kind === 'motion') return Number(now.moves);
  if (subject.kind === 'light') return Number(now.change === subject.change);
  return Number(subject.kind === 'tamper' ? now.covered : now.barks);
}

/** Whether what the rule asks for is so; every count asks for two. */
export function isSo({ relation, count }: Rule, level: number): boolean {
  if (relation === 'absent') return level === 0;
  const ops = { '>': level > 2, '>=': level >= 2, '==': level === 2, '<': level < 2, '<=': level <= 2 };
  return count ? ops[count.op] : level > 0;
}

/** Nobody can know better: by what is so in each scene alone, when nothing is left out and no window is uncertain. */
export function expected(rule: Rule, scenes: readonly Told[]): number[] {
  const levels = scenes.map((scene) => levelOf(rule, scene));
  const lastMs = new Map<number, number>();
  return scenes.flatMap((scene, i) => {
    const [level = 0, before] = [levels[i], levels[i - 1]];
    if (rule.relation === 'crosses') {
      const untilMs = scenes[i - 1]?.endMs ?? 0;
      const tracks = Array.from({ length: level }, (_, track) => track);
      const isNew = tracks.some((track) => untilMs - (lastMs.get(track) ?? -Infinity) >= HIDDEN_MS);
      for (const track of tracks) lastMs.set(track, scene.endMs);
      return isNew ? [i] : [];
    }
    if (rule.relation === 'enters') return level > (before ?? 0) ? [i] : [];
    if (rule.relation === 'leaves') return level < (before ?? 0) ? [i] : [];
    return isSo(rule, level) && !(before !== undefined && isSo(rule, before)) ? [i] : [];
  });
}

/** The scenes in which what is asked for has lasted long enough, each stretch once. */
export function expectedAfter(rule: Rule, scenes: readonly Told[]): number[] {
  let sinceMs: number | undefined;
  let isTold = false;
  return scenes.flatMap((scene, i) => {
    const so = isSo(rule, levelOf(rule, scene));
    sinceMs = so ? (sinceMs ?? scene.startMs) : undefined;
    isTold &&= so;
    if (isTold || sinceMs === undefined || scene.endMs - sinceMs < FOR_MS) return [];
    isTold = true;
    return [i];
  });
}
