/** What holds of the rules, whatever happens before the camera, however it is told and whatever the clock does. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Rule } from '#domain';
import { type SceneView, step } from '#events';
import { anObject, EMPTY, T0, withObjects } from './scenes.ts';
import {
  expected,
  expectedAfter,
  FOR_MS,
  HIDDEN_MS,
  isSo,
  levelOf,
  nameOf,
  play,
  RULES,
  type State,
  timelines,
  viewsOf,
} from './timelines.ts';

vi.setConfig({ testTimeout: 60_000 });

const RUNS = { numRuns: 60 };
const COOLDOWN_MS = 3000;

const each = RULES.map((rule) => [nameOf(rule), rule] as const);
const isSound = ({ subject }: Rule) => subject.kind === 'sound';
const followsEach = ({ subject, relation }: Rule) => subject.kind === 'object' && relation === 'stays';
const scenesOf = ({ fired }: ReturnType<typeof play>) => fired.map(({ scene }) => scene);

/** What is remembered, but not when it fired last, which depends on when it was told; nor what `leaves` never asks for. */
function withoutTime({ relation }: Rule, state: State): unknown {
  const { firedMs: _firedMs, told, ...rest } = state ?? {};
  return relation === 'leaves' ? rest : { ...rest, told };
}

const tracksTold = (state: State) => state?.followed.filter(({ told }) => told).map(({ track }) => track);

describe.each(each)('%s', (_name, rule) => {
  it('fires in the same scenes, and remembers the same, however scenes are cut', () => {
    fc.assert(
      fc.property(timelines({ gapS: 90 }), (scenes) => {
        const [whole, cut] = [play(rule, viewsOf(scenes, false)), play(rule, viewsOf(scenes, true), { json: true })];
        expect(cut.states.map((state) => withoutTime(rule, state))).toEqual(
          whole.states.map((state) => withoutTime(rule, state)),
        );
        // Two who have stayed long enough at different times of a scene are one alert when it is told at once.
        if (followsEach(rule)) expect(cut.states.map(tracksTold)).toEqual(whole.states.map(tracksTold));
        else expect(scenesOf(cut)).toEqual(scenesOf(whole));
      }),
      RUNS,
    );
  });

  it('fires no more when pieces are told again', () => {
    fc.assert(
      fc.property(timelines({ gapS: 90, stepMs: 100_000 }), fc.integer({ min: 2, max: 4 }), (scenes, times) => {
        const views = viewsOf(scenes, true);
        expect(play(rule, views, { times }).fired).toEqual(play(rule, views).fired);
        // All of a scene's pieces, from its beginning.
        const again = views.map((pieces) => [...pieces, ...pieces]);
        expect(play(rule, again).fired).toEqual(play(rule, views).fired);
      }),
      RUNS,
    );
  });

  it('never fires twice at once, nor of another time, whatever the order, the gaps and the clock', () => {
    fc.assert(
      fc.property(timelines({ gapS: 4000, stepMs: 4_000_000 }), fc.infiniteStream(fc.nat()), (scenes, order) => {
        const views = viewsOf(scenes, true)
          .map((pieces) => ({ pieces, at: order.next().value }))
          .sort((a, b) => a.at - b.at)
          .map(({ pieces }) => pieces);
        const { fired } = play(rule, views, { json: true });
        for (const [i, { scene, startMs, endMs, confidence }] of fired.entries()) {
          expect(views[scene]?.map((piece) => piece.endMs)).toContain(endMs);
          expect(startMs).toBeLessThanOrEqual(endMs);
          expect(confidence > 0 && confidence <= 1).toBe(true);
          const last = fired[i - 1];
          if (last && !tellsEach(rule)) expect(Math.abs(endMs - last.endMs)).toBeGreaterThanOrEqual(COOLDOWN_MS);
        }
      }),
      RUNS,
    );
  });

  it('fires once for what goes on while the clock steps by less than a minute', () => {
    fc.assert(
      fc.property(timelines({ stepMs: 59_000 }), fc.integer({ min: 0, max: 3 }), (scenes, people) => {
        const change = 'off' as const;
        const so = { people, crossing: true, moves: people > 0, change, covered: true, barks: people > 0 };
        const views = viewsOf(
          scenes.map((scene) => ({ ...scene, ...so })),
          true,
        );
        fc.pre(startsDiffer(views));
        expect(play(rule, views).fired.length).toBeLessThanOrEqual(1);
      }),
      RUNS,
    );
  });
});

/** Of whom it tells one by one, however soon after another one: out of order nobody knows that it is the same. */
function tellsEach({ subject, relation }: Rule): boolean {
  return subject.kind === 'object' && ['enters', 'leaves', 'crosses', 'moves', 'approaches'].includes(relation);
}

function startsDiffer(views: readonly SceneView[][]): boolean {
  return views.every((pieces, i) => pieces[0]?.startMs !== views[i - 1]?.[0]?.startMs);
}

describe.each(each.filter(([, rule]) => !isSound(rule) && !followsEach(rule)))(
  '%s, window by window',
  (_name, rule) => {
    it('fires exactly for what begins and ends in the facts', () => {
      const right = rule.forMs === undefined ? expected : expectedAfter;
      fc.assert(
        fc.property(timelines(), (scenes) => {
          expect(scenesOf(play(rule, viewsOf(scenes, true)))).toEqual(right(rule, scenes));
        }),
        RUNS,
      );
    });
  },
);

describe.each(each.filter(([, { forMs }]) => forMs !== undefined))('%s, by any clock', (_name, rule) => {
  it('never fires before its time', () => {
    fc.assert(
      fc.property(timelines({ gapS: 90 }), fc.array(fc.nat(59_000)), (scenes, backMs) => {
        let offMs = 0;
        const late = scenes.map((scene, i) => {
          offMs -= backMs[i] ?? 0;
          const cuts = scene.cuts.map((cut) => cut + offMs);
          return { ...scene, cuts, startMs: scene.startMs + offMs, endMs: scene.endMs + offMs };
        });
        for (const { startMs, endMs, scene } of play(rule, viewsOf(late, true)).fired) {
          expect(endMs - startMs).toBeGreaterThanOrEqual(FOR_MS);
          expect(isSo(rule, levelOf(rule, scenes[scene] ?? NOTHING))).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('never fires for what was otherwise meanwhile', () => {
    fc.assert(
      fc.property(timelines({ gapS: 90 }), (scenes) => {
        // A sound has pauses, and who is hidden for a moment is still there.
        const pauseMs = isSound(rule) || followsEach(rule) ? HIDDEN_MS : 0;
        for (const { startMs, endMs } of play(rule, viewsOf(scenes, true)).fired) {
          const others = scenes.filter(
            (one) => one.startMs < endMs && one.endMs > startMs && !isSo(rule, levelOf(rule, one)),
          );
          for (const other of others) expect(other.endMs - other.startMs).toBeLessThan(pauseMs);
        }
      }),
      RUNS,
    );
  });
});

const NOTHING = { people: 0, crossing: false, moves: false, change: 'none', covered: false, barks: false } as const;
const ofPeople = (relation: Rule['relation']) =>
  RULES.filter((rule) => rule.subject.kind === 'object' && rule.relation === relation);

/** A visit that is seen in its first and last second, and in between never missed twice in a row. */
const visit = fc
  .array(fc.boolean(), { minLength: 1, maxLength: 12 })
  .map((seen) => [true, ...seen.map((one, i) => one || seen[i - 1] === false || i === 0), true, true]);

describe('visits in windows of one second, with missed sights', () => {
  it.each(['present', 'appears', 'enters', 'leaves'] as const)('%s: once for each', (relation) => {
    const visits = fc.array(fc.tuple(visit, fc.integer({ min: 3, max: 20 })), { minLength: 1, maxLength: 6 });
    const zoned = withObjects(anObject('person', { zones: ['loading'] }));
    fc.assert(
      fc.property(visits, (list) => {
        const seconds = [false, ...list.flatMap(([seen, pause]) => [...seen, ...Array<boolean>(pause).fill(false)])];
        const views = seconds.map((seen, s) => [
          { startMs: T0 + s * 1000, endMs: T0 + (s + 1) * 1000, text: '', facts: seen ? zoned : EMPTY },
        ]);
        for (const rule of ofPeople(relation)) expect(play(rule, views).fired).toHaveLength(list.length);
      }),
    );
  });

  it.each(['enters', 'leaves'] as const)('%s: as often as without steps of the clock', (relation) => {
    fc.assert(
      fc.property(timelines({ stepMs: 59_000 }), (scenes) => {
        const views = viewsOf(scenes, true);
        const ends = views.flat().map(({ endMs }) => endMs);
        // Back to the very second of another alert the two are one.
        fc.pre(
          startsDiffer(views) &&
            ends.every((end, i) => ends.every((one, j) => i === j || Math.abs(end - one) >= COOLDOWN_MS)),
        );
        for (const rule of ofPeople(relation)) expect(scenesOf(play(rule, views))).toEqual(expected(rule, scenes));
      }),
      { numRuns: 40 },
    );
  });
});

describe('what nobody looked at for more than a minute', () => {
  it('is news when it is there again; who has stayed long enough is told once', () => {
    fc.assert(
      fc.property(timelines({ gapS: 200 }), (scenes) => {
        const views = viewsOf(
          scenes.map((scene) => ({ ...scene, people: 2 })),
          true,
        );
        const gaps = scenes.filter(({ startMs }, i) => startMs - (scenes[i - 1]?.endMs ?? startMs) > 60_000).length;
        for (const relation of ['present', 'appears'] as const) {
          for (const rule of ofPeople(relation)) expect(play(rule, views).fired).toHaveLength(1 + gaps);
        }
        for (const rule of ofPeople('stays')) expect(play(rule, views).fired.length).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('what is said', () => {
  const rule: Rule = {
    version: 2,
    subject: { kind: 'speech', words: ['call the police'] },
    relation: 'present',
    needs: [],
    understood: '',
  };
  const saying = fc.constantFrom('please call the police', 'nice weather', 'somebody call', 'the police is here');
  const talk = fc.array(
    fc.record({ text: saying, pauseMs: fc.nat(30_000), lengthMs: fc.integer({ min: 500, max: 4000 }) }),
    { maxLength: 20 },
  );

  it('fires only for the phrase, also across a breath, each time after a silence, and never twice for one saying', () => {
    fc.assert(
      fc.property(talk, (list) => {
        let [atMs, state]: [number, State] = [T0, undefined];
        let last = '';
        for (const { text, pauseMs, lengthMs } of list) {
          const view = { startMs: atMs + pauseMs, endMs: atMs + pauseMs + lengthMs, text, isTranscript: true };
          const heard = pauseMs <= 3000 ? `${last} ${text}` : text;
          const first = step(rule, state, view);
          if (!heard.includes('call the police')) expect(first.fired).toBeUndefined();
          else if (pauseMs > 10_000) expect(first.fired).toBeDefined();
          expect(step(rule, first.state, view)).toEqual({ state: first.state });
          [atMs, last, state] = [view.endMs, text, first.state];
        }
      }),
      { numRuns: 200 },
    );
  });
});
