/** An alert's threshold: of what is less sure nobody is told, until it gets surer. */
import { describe, expect, it, vi } from 'vitest';
import type { SceneFacts } from '#domain';
import { attend, compileRule, Evaluator, type Rehearsed, rehearse, ruleFor } from '#events';
import { aCamera, anAlert, anEvent, openStore, quiet, standingClock } from '../store/fixture.ts';
import { anHour, HOUR } from './an-hour.ts';
import { anObject, EMPTY, T0, withObjects } from './scenes.ts';

vi.setConfig({ testTimeout: 60_000 });

const person = (score: number, track = 1): SceneFacts =>
  withObjects(anObject('person', { score, track, zones: ['gate'], crossed: ['gate'], sinceMs: T0 }));

/** One window of 5 s after the other; when each firing came, and how sure it was. */
function watch(prompt: string, threshold: number | undefined, windows: readonly SceneFacts[]): string[] {
  const rule = compileRule(prompt, { zones: ['gate'] });
  let state: ReturnType<typeof attend>['state'];
  return windows.flatMap((facts, n) => {
    const startMs = T0 + n * 5000;
    const scene = { streamId: 's', indexId: 'i', startMs, endMs: startMs + 5000, text: '', facts };
    const next = attend(rule, state, scene, threshold);
    state = next.state;
    return next.fired ? [`${n}: ${next.fired.confidence.toFixed(1)}`] : [];
  });
}

const COMES = [EMPTY, person(0.4), person(0.5), person(0.8), person(0.9), EMPTY, EMPTY];

describe('a threshold', () => {
  it.each([
    ['a person is at the gate', ['1: 0.4'], ['3: 0.8']],
    ['a person appears', ['1: 0.4'], ['3: 0.8']],
    ['someone enters the gate', ['1: 0.4'], ['3: 0.8']],
    ['someone crosses the gate', ['1: 0.4'], ['3: 0.8']],
    ['a person stays at the gate for 10 seconds', ['2: 0.5'], ['3: 0.8']],
    ['a person leaves', ['5: 0.9'], ['5: 0.9']],
    ['at least 1 person', ['1: 0.4'], ['3: 0.8']],
  ])('tells later what gets surer, and once: %s', (prompt, without, at06) => {
    expect(watch(prompt, undefined, COMES)).toEqual(without);
    expect(watch(prompt, 0.6, COMES)).toEqual(at06);
    expect(watch(prompt, 0.95, COMES)).toEqual([]);
  });

  it('of exactly that is reached', () => {
    expect(watch('a person appears', 0.5, [EMPTY, person(0.5)])).toEqual(['1: 0.5']);
  });

  it('never tells what was unsure to its end, and forgets it with the next that comes', () => {
    const windows = [person(0.4), EMPTY, EMPTY, person(0.4, 2), EMPTY, EMPTY, person(0.9, 3)];
    expect(watch('a person leaves', 0.6, windows.slice(0, 6))).toEqual([]);
    expect(watch('a person appears', 0.6, windows)).toEqual(['6: 0.9']);
  });

  it.each([
    'a person is at the gate',
    'someone enters the gate',
    'someone crosses the gate',
    'a person leaves',
    'a person stays at the gate for 20 seconds',
    'nobody is at the gate for 30 seconds',
    'more than 2 people',
    'something moves at the gate',
    'a forklift carries a pallet',
  ])('leaves off the same live and in a rehearsal: %s', async (prompt) => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    const rule = ruleFor(prompt, { zones: ['gate'] });
    const event = anEvent({ rule, prompt });
    at.store.events.create(event);
    const free = anAlert(index, event, { createdMs: T0 });
    const strict = anAlert(index, event, { createdMs: T0 });
    at.store.alerts.create(free);
    at.store.alerts.create(strict);
    anHour(at.store, index, 5);
    const threshold = 0.7;
    expect(at.store.alerts.setThreshold(strict.id, threshold, 'test')).toEqual({ ...strict, threshold });
    const deps = { store: at.store, clock: standingClock(), log: quiet, mqttTopic: false };
    await using evaluator = await Evaluator.start(deps, AbortSignal.abort());
    while (evaluator.runOnce() > 0);
    const live = at.store.firings.recent({ limit: 2000 }).reverse();
    const told = live.filter(({ alertId }) => alertId === strict.id);
    expect(told.length).toBeGreaterThan(0);
    expect(told.every(({ confidence }) => confidence >= threshold)).toBe(true);
    if (live.some(({ confidence }) => confidence < threshold)) expect(told.length).toBeLessThan(live.length / 2);

    const rehearsed: Rehearsed[] = [];
    const query = { rule, streamId: index.streamId, index, fromMs: T0, toMs: T0 + HOUR, threshold };
    for await (const step of rehearse(at.store, query, new AbortController().signal)) rehearsed.push(...step.fired);
    const shown = ({ startMs, endMs, confidence }: Rehearsed) => `${startMs}-${endMs} ${confidence}`;
    expect(rehearsed.map(shown)).toEqual(told.map(shown));
  });
});
