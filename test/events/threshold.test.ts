/** An alert's threshold: of what is less sure nobody is told, until it gets surer. */
import { describe, expect, it, vi } from 'vitest';
import type { SceneFacts } from '#domain';
import { attend, compileRule, Evaluator, type Rehearsed, rehearse, ruleFor, Tally } from '#events';
// Inside of the events; what it promises is that it is the same as alerts of their own.
import { Listener } from '../../src/events/listener.ts';
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

  it.each([
    ['a person is at the gate and a dog is there', ['1: 0.4'], ['3: 0.8']],
    ['a person enters the gate while no car is there', ['1: 0.4'], ['3: 0.8']],
    ['a person is at the gate or the lights go off', ['1: 0.4'], ['3: 0.8']],
  ])('goes by all parts of a rule: %s', (prompt, without, at06) => {
    const both = COMES.map((facts) =>
      facts === EMPTY
        ? EMPTY
        : withObjects(...facts.objects, anObject('dog', { track: 9, score: 0.95, zones: ['gate'] })),
    );
    expect(watch(prompt, undefined, both)).toEqual(without);
    expect(watch(prompt, 0.6, both)).toEqual(at06);
    expect(watch(prompt, 0.96, both)).toEqual([]);
  });

  it('of exactly that is reached', () => {
    expect(watch('a person appears', 0.5, [EMPTY, person(0.5)])).toEqual(['1: 0.5']);
  });

  it('never tells what was unsure to its end, and forgets it with the next that comes', () => {
    const windows = [person(0.4), EMPTY, EMPTY, person(0.4, 2), EMPTY, EMPTY, person(0.9, 3)];
    expect(watch('a person leaves', 0.6, windows.slice(0, 6))).toEqual([]);
    expect(watch('a person appears', 0.6, windows)).toEqual(['6: 0.9']);
  });

  it('of what pictures look like is a view of its own for each alert', () => {
    const rule = ruleFor('the shelf looks messy', { zones: [] });
    const sentence = rule.subject.kind === 'text' ? (rule.subject.sentence ?? '') : '';
    const thresholds = [0, 0.1, 0.3, 0.5, 0.7, 0.9];
    const listener = new Listener(rule, thresholds);
    const alone = new Map<number, ReturnType<typeof attend>['state']>();
    const told: string[] = [];
    const expected: string[] = [];
    for (let n = 0; n < 400; n++) {
      const startMs = T0 + n * 5000;
      // The first windows have not been compared.
      const similar = n < 3 ? {} : { similar: { [sentence]: 0.5 + Math.sin(n / 3) / 2.2 } };
      const scene = { streamId: 's', indexId: 'i', startMs, endMs: startMs + 5000, text: '', facts: EMPTY, ...similar };
      for (const { thresholds: those } of listener.look(scene)) told.push(...those.map((one) => `${n}: ${one}`));
      for (const threshold of thresholds) {
        const { state, fired } = attend(rule, alone.get(threshold), scene, threshold);
        alone.set(threshold, state);
        if (fired) expected.push(`${n}: ${threshold}`);
      }
    }
    expect(new Set(expected.map((one) => one.split(' ')[1])).size).toBeGreaterThan(3);
    expect(told.sort()).toEqual(expected.sort());
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
    const thresholds = [0, 0.5, 0.7, 0.9];
    const alerts = thresholds.map((threshold) => {
      const alert = anAlert(index, event, { createdMs: T0 });
      at.store.alerts.create(alert);
      return at.store.alerts.setThreshold(alert.id, threshold || undefined, 'test');
    });
    anHour(at.store, index, 5);
    const deps = { store: at.store, clock: standingClock(), log: quiet, mqttTopic: false };
    await using evaluator = await Evaluator.start(deps, AbortSignal.abort());
    while (evaluator.runOnce() > 0);
    const live = at.store.firings.recent({ limit: 5000 }).reverse();
    const shown = ({ startMs, endMs, confidence }: Rehearsed) => `${startMs}-${endMs} ${confidence}`;
    for (const { id, threshold } of alerts) {
      const told = live.filter(({ alertId }) => alertId === id);
      expect(told.every(({ confidence }) => confidence >= (threshold ?? 0))).toBe(true);
      const rehearsed: Rehearsed[] = [];
      const counts = new Tally();
      const query = { rule, streamId: index.streamId, index, fromMs: T0, toMs: T0 + HOUR };
      const wish = { ...query, ...(threshold === undefined ? {} : { threshold }) };
      for await (const step of rehearse(at.store, wish, new AbortController().signal)) {
        rehearsed.push(...step.fired);
        for (const which of step.told) counts.add(which);
      }
      expect(rehearsed.map(shown)).toEqual(told.map(shown));
      const all = alerts.map((alert) => live.filter(({ alertId }) => alertId === alert.id).length);
      expect(thresholds.map((one) => counts.at(one))).toEqual(all);
      expect(all[0]).toBeGreaterThan(2);
      if (live.some(({ confidence }) => confidence < 0.7)) expect(all[2]).toBeLessThan(all[0] ?? 0);
    }
  });
});
