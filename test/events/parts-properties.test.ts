/** What holds of rules of several parts, and of who comes and goes, whatever the order, the gaps and the clock. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Rule, SceneObject } from '#domain';
import { compileRule, type SceneView, step } from '#events';
import { anObject, EMPTY, T0, withObjects } from './scenes.ts';
import { play, type Told, timelines, viewsOf } from './timelines.ts';

vi.setConfig({ testTimeout: 60_000 });

const ZONES = ['loading'];
const rules = [
  'someone enters the loading zone while the camera is covered',
  'someone is in the loading zone and a dog barks',
  'someone is in the loading zone but nothing moves in the loading zone',
  'the lights go off or someone leaves the loading zone',
  'someone crosses the loading zone or a dog barks',
  'more than 1 person is in the loading zone and the lights go on',
].map((prompt) => [prompt, compileRule(prompt, { zones: ZONES })] as const);

const RUNS = { numRuns: 40 };
const starts = (rule: Rule, views: readonly SceneView[][], options = {}) =>
  play(rule, views, options).fired.map(({ startMs }) => startMs);

/** The same sounds as an audio index tells them, between the scenes that see. */
function alsoHeard(scenes: readonly Told[], views: readonly SceneView[][]): SceneView[][] {
  return views.flatMap((pieces, i) => {
    const told = scenes[i];
    const sound = pieces[0]?.facts?.sound;
    if (!told?.barks || !sound) return [pieces];
    return [pieces, [{ startMs: told.startMs, endMs: told.startMs + 1000, text: '', sound }]];
  });
}

describe.each(rules)('%s', (_prompt, rule) => {
  it('is a rule of several parts', () => expect(rule.subject.kind).toBe('parts'));

  it('fires once for each beginning, however often pieces are told', () => {
    fc.assert(
      fc.property(timelines({ gapS: 90, stepMs: 50_000 }), fc.integer({ min: 2, max: 3 }), (scenes, times) => {
        const views = viewsOf(scenes, true);
        const once = starts(rule, views);
        expect(starts(rule, views, { times, json: true })).toEqual(once);
        const again = views.map((pieces) => [...pieces, ...pieces]);
        expect(starts(rule, again)).toEqual(once);
      }),
      RUNS,
    );
  });

  it('never fires twice for the same time, nor of another time, whatever the order, the gaps and the clock', () => {
    fc.assert(
      fc.property(timelines({ gapS: 4000, stepMs: 4_000_000 }), fc.infiniteStream(fc.nat()), (scenes, order) => {
        const views = alsoHeard(scenes, viewsOf(scenes, true))
          .map((pieces) => ({ pieces, at: order.next().value }))
          .sort((a, b) => a.at - b.at)
          .map(({ pieces }) => pieces);
        const { fired } = play(rule, views, { json: true });
        for (const [i, { scene, startMs, endMs, confidence }] of fired.entries()) {
          expect(startMs).toBeLessThanOrEqual(endMs);
          expect(confidence > 0 && confidence <= 1).toBe(true);
          expect(views[scene]).toBeDefined();
          expect(startMs).not.toBe(fired[i - 1]?.startMs);
        }
      }),
      RUNS,
    );
  });

  it('loses nothing and adds nothing when what is heard is told beside what is seen', () => {
    fc.assert(
      fc.property(timelines(), (scenes) => {
        const views = viewsOf(scenes, true);
        const seen = play(rule, views).fired.length;
        expect(play(rule, alsoHeard(scenes, views)).fired).toHaveLength(seen);
      }),
      RUNS,
    );
  });
});

/** Who is in the zone in each window, in a place of their own; everybody is in the picture all the time. */
const visits = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }), {
  minLength: 2,
  maxLength: 14,
});

function windowsOf(present: readonly (readonly number[])[], windowMs: number): SceneView[] {
  return present.map((inside, i) => {
    const before = present[i - 1] ?? inside;
    const objects = [0, 1, 2, 3].map((track): SceneObject => {
      const isIn = inside.includes(track);
      const box = { x1: track / 4, y1: 0.1, x2: track / 4 + 0.2, y2: 0.9 };
      const entered = isIn && !before.includes(track) ? ['loading'] : [];
      return anObject('person', { track, box, zones: isIn ? ['loading'] : [], entered });
    });
    return {
      startMs: T0 + i * windowMs,
      endMs: T0 + (i + 1) * windowMs,
      text: '',
      facts: objects.length > 0 ? withObjects(...objects) : EMPTY,
    };
  });
}

describe('who comes and goes, known by tracks', () => {
  const firings = (prompt: string, scenes: readonly SceneView[]) => {
    const rule = compileRule(prompt, { zones: ZONES });
    let state: Parameters<typeof step>[1];
    return scenes.map((scene) => {
      const result = step(rule, state, scene);
      state = result.state;
      return result.fired !== undefined;
    });
  };
  const RECENT = 2;

  it('enters: every window in which somebody comes who was not there just before, whoever leaves in it', () => {
    fc.assert(
      fc.property(visits, (present) => {
        const told = firings('someone enters the loading zone', windowsOf(present, 5000));
        for (const [i, inside] of present.entries()) {
          const recent = new Set(present.slice(Math.max(0, i - RECENT), i).flat());
          const comes = i > 0 && inside.some((track) => !recent.has(track));
          if (comes) expect(told[i], `window ${i} of ${JSON.stringify(present)}`).toBe(true);
          // Nobody comes: nobody is told of.
          if (inside.every((track) => present[i - 1]?.includes(track))) expect(told[i]).toBe(false);
        }
      }),
    );
  });

  it('leaves: every window in which fewer are there, or somebody else is', () => {
    fc.assert(
      fc.property(visits, (present) => {
        const told = firings('someone leaves the loading zone', windowsOf(present, 5000));
        for (const [i, inside] of present.entries()) {
          const before = present[i - 1] ?? inside;
          if (inside.length < before.length) expect(told[i], `window ${i} of ${JSON.stringify(present)}`).toBe(true);
          if (before.every((track) => inside.includes(track))) expect(told[i]).toBe(false);
          const recent = new Set(present.slice(Math.max(0, i - RECENT), i).flat());
          const swapped =
            before.some((track) => !inside.includes(track)) &&
            inside.every((track) => before.includes(track) || !recent.has(track));
          if (i > 0 && swapped) expect(told[i], `window ${i} of ${JSON.stringify(present)}`).toBe(true);
        }
      }),
    );
  });
});
