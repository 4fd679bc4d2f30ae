import { describe, expect, it, vi } from 'vitest';
import type { Alert, Rule, Scene, SceneIndex } from '#domain';
import { Evaluator, firingId, type Rehearsed, rehearse, ruleFor } from '#events';
import type { Store } from '#store';
import {
  aCamera,
  anAlert,
  anEvent,
  anIndex,
  aScene,
  countTurns,
  openStore,
  quiet,
  standingClock,
} from '../store/fixture.ts';
import { anHour, HOUR, VECTOR } from './an-hour.ts';
import { EMPTY, T0 } from './scenes.ts';

vi.setConfig({ testTimeout: 60_000 });

const LONG = new AbortController().signal;

function arm(
  store: Store,
  index: SceneIndex,
  prompt: string,
  overrides: Partial<Alert> = {},
): { alert: Alert; rule: Rule } {
  const rule = ruleFor(prompt, { zones: ['gate'] });
  const event = anEvent({ rule, prompt });
  store.events.create(event);
  const alert = anAlert(index, event, { createdMs: T0, ...overrides });
  store.alerts.create(alert);
  return { alert, rule };
}

async function evaluate(store: Store): Promise<void> {
  const deps = { store, clock: standingClock(), log: quiet, mqttTopic: false };
  await using evaluator = await Evaluator.start(deps, AbortSignal.abort());
  while (evaluator.runOnce() > 0);
}

async function rehearsed(store: Store, rule: Rule, index: SceneIndex, { fromMs = T0, toMs = T0 + HOUR } = {}) {
  const fired: Rehearsed[] = [];
  const sums = { looked: 0, mute: 0, retold: 0 };
  for await (const step of rehearse(store, { rule, streamId: index.streamId, index, fromMs, toMs }, LONG)) {
    fired.push(...step.fired);
    sums.looked += step.looked;
    sums.mute += step.mute;
    sums.retold += step.retold;
  }
  return { fired, ...sums };
}

function scenesOf(store: Store, index: SceneIndex): Scene[] {
  return store.scenes.page(index.id, { page: 1, pageSize: 10_000 }).scenes;
}

const PROMPTS = [
  'a person is at the gate',
  'a person appears',
  'someone enters the gate',
  'a person leaves',
  'someone crosses the gate',
  'a person stays at the gate for 20 seconds',
  'nobody is at the gate for 30 seconds',
  'more than 2 people',
  'a person in red',
  'something moves at the gate',
  'the lights go off',
  'the camera is covered',
  'a forklift carries a pallet',
  'a person at the gate in at least 2 of 3 windows',
  'a person walks to the right',
  'someone is at the gate while the lights go off',
  'someone enters the gate or the camera is covered',
];

describe('a rehearsal', () => {
  it.each(PROMPTS)('of what fired live gives the same alerts: %s', async (prompt) => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    const { alert, rule } = arm(at.store, index, prompt);
    anHour(at.store, index, 7);
    await evaluate(at.store);
    const live = at.store.firings.recent({ limit: 500 }).reverse();
    expect(live.length).toBeGreaterThan(2);
    const { fired, looked, mute } = await rehearsed(at.store, rule, index);
    const shown = ({ startMs, endMs, sceneId, confidence, explanation }: Rehearsed) =>
      `${startMs}-${endMs} ${sceneId} ${confidence} ${explanation}`;
    expect(fired.map((one) => `${firingId(alert.id, one.seq ?? 0)} ${shown(one)}`)).toEqual(
      live.map((one) => `${one.id} ${shown(one)}`),
    );
    expect(looked).toBeGreaterThan(100);
    expect(mute).toBe(0);
  });

  it.each(PROMPTS)('gives the same where the journal knows of nothing any more: %s', async (prompt) => {
    await using at = await openStore();
    const { stream, index } = aCamera(at.store);
    const { rule } = arm(at.store, index, prompt);
    anHour(at.store, index, 11, 0);
    const forgotten = anIndex(stream.id);
    at.store.indexes.create(forgotten);
    for (const { id: _id, ...scene } of scenesOf(at.store, index)) {
      at.store.scenes.addPast({ ...scene, indexId: forgotten.id }, VECTOR, 'test');
    }
    const known = await rehearsed(at.store, rule, index);
    const unknown = await rehearsed(at.store, rule, forgotten);
    expect(known.fired.length).toBeGreaterThan(1);
    const told = ({ startMs, endMs, confidence, explanation }: Rehearsed) => ({
      startMs,
      endMs,
      confidence,
      explanation,
    });
    expect(unknown.fired.map(told)).toEqual(known.fired.map(told));
    expect(unknown.fired.every(({ seq }) => seq === undefined)).toBe(true);
  });

  it('begins as if it were armed then, and ends where it is told to', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    const { alert, rule } = arm(at.store, index, 'a person is at the gate', { createdMs: T0 + 1_803_000 });
    anHour(at.store, index, 7);
    await evaluate(at.store);
    const range = { fromMs: alert.createdMs, toMs: T0 + 2_700_000 };
    const live = at.store.firings.recent({ limit: 500 }).reverse();
    const { fired } = await rehearsed(at.store, rule, index, range);
    expect(fired.length).toBeGreaterThan(3);
    expect(fired.map(({ startMs }) => startMs)).toEqual(
      live.filter(({ endMs }) => endMs <= range.toMs).map(({ startMs }) => startMs),
    );
  });

  it('hears what was said as an alert about speech would have', async () => {
    await using at = await openStore();
    const { stream } = aCamera(at.store);
    const index = anIndex(stream.id, {
      extraction: { type: 'transcript', segmenter: 'sentence', value: 1 },
      resumedMs: T0,
    });
    at.store.indexes.create(index);
    const { alert, rule } = arm(at.store, index, 'someone says "fire alarm"');
    for (const [startS, text] of [
      [1, 'good morning'],
      [5, 'a fire'],
      [8, 'alarm goes off'],
      [60, 'the fire alarm again'],
      [63, 'yes'],
    ] as const) {
      const times = { startMs: T0 + startS * 1000, endMs: T0 + startS * 1000 + 2000 };
      at.store.transcripts.add({ streamId: stream.id, ...times, text, words: [] });
    }
    await evaluate(at.store);
    const live = at.store.firings.recent({ limit: 9 }).reverse();
    const { fired, looked } = await rehearsed(at.store, rule, index);
    expect(alert.indexId).toBe(index.id);
    expect(live.map(({ startMs }) => startMs)).toEqual([T0 + 8000, T0 + 60_000]);
    expect(fired.map(({ startMs, explanation }) => [startMs, explanation])).toEqual(
      live.map(({ startMs, explanation }) => [startMs, explanation]),
    );
    expect(looked).toBe(5);
  });

  it('counts what could not be told, and what was told anew', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    const { id } = at.store.scenes.add(aScene(index, { startMs: T0, endMs: T0 + 5000 }), VECTOR, 'test');
    const blind = ruleFor('a person leaves', { zones: [] });
    expect(await rehearsed(at.store, blind, index)).toEqual({ fired: [], looked: 1, mute: 1, retold: 0 });
    const told = { text: 'a forklift', by: 'a model' };
    at.store.scenes.retell(id, { text: told.text, facts: { ...EMPTY, told } }, VECTOR, 'test');
    const { fired, retold } = await rehearsed(at.store, ruleFor('a forklift', { zones: [] }), index);
    expect([fired.length, retold]).toEqual([1, 1]);
  });

  it('gives way to everything else, and ends when nobody wants it any more', async () => {
    await using at = await openStore();
    const { stream, index } = aCamera(at.store);
    // Two hours in which nothing changes are thousands of looks at two scenes.
    for (const startMs of [T0, T0 + HOUR]) {
      at.store.scenes.addPast(aScene({ ...index }, { startMs, endMs: startMs + HOUR, facts: EMPTY }), VECTOR, 'test');
    }
    const short = { ...index, extraction: { type: 'time', seconds: 1, frameCount: 1 } } as const;
    const rule = ruleFor('a person', { zones: [] });
    const query = { rule, streamId: stream.id, index: short, fromMs: T0, toMs: T0 + 2 * HOUR };
    using turns = countTurns();
    const reached: number[] = [];
    for await (const step of rehearse(at.store, query, LONG)) reached.push(step.reachedMs);
    expect(reached.length).toBeGreaterThan(2);
    expect(turns.count).toBeGreaterThanOrEqual(reached.length - 1);
    expect(reached).toEqual([...reached].sort((a, b) => a - b));
    expect(reached.at(-1)).toBe(query.toMs);

    const stop = new AbortController();
    let steps = 0;
    for await (const _step of rehearse(at.store, query, stop.signal)) {
      steps += 1;
      stop.abort();
    }
    expect(steps).toBe(1);
  });
});
