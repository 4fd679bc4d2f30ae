import { describe, expect, it, vi } from 'vitest';
import type { Alert, Rule, Scene, SceneFacts, SceneIndex } from '#domain';
import { compileRule, Evaluator } from '#events';
import { EVALUATOR, type Store } from '#store';
import { aCamera, anAlert, anEvent, aScene, openStore, quiet, standingClock } from '../store/fixture.ts';
import { anObject, EMPTY, moved, T0, withObjects } from './scenes.ts';

vi.setConfig({ testTimeout: 60_000 });
const soon = (check: () => void) => vi.waitFor(check, 20_000);

const VECTOR = new Float32Array(256).fill(1 / 16);
const PERSON = withObjects(anObject('person', { zones: ['gate'], entered: ['gate'] }));

function addScene(store: Store, index: SceneIndex, startS: number, facts: SceneFacts): Scene {
  const times = { startMs: T0 + startS * 1000, endMs: T0 + (startS + 5) * 1000 };
  return store.scenes.add(aScene(index, { ...times, facts }), VECTOR, 'test');
}

function arm(store: Store, index: SceneIndex, prompt: string | Rule, overrides: Partial<Alert> = {}): Alert {
  const rule = typeof prompt === 'string' ? compileRule(prompt, { zones: ['gate'] }) : prompt;
  const event = anEvent({ rule, label: 'At the Gate!' });
  store.events.create(event);
  const alert = anAlert(index, event, { createdMs: T0, ...overrides });
  store.alerts.create(alert);
  return alert;
}

/** Evaluates what is in the journal, in the foreground. */
async function evaluated(store: Store, mqttTopic = false): Promise<void> {
  const stopped = AbortSignal.abort();
  await using evaluator = await Evaluator.start({ store, clock: standingClock(), log: quiet, mqttTopic }, stopped);
  while (evaluator.runOnce() > 0);
}

describe('Evaluator', () => {
  it('fires once, with evidence and deliveries, and hears of new scenes by itself', async () => {
    await using at = await openStore();
    const { stream, index } = aCamera(at.store);
    const alert = arm(at.store, index, 'a person is at the gate');
    const signal = new AbortController().signal;
    const deps = { store: at.store, clock: standingClock(), log: quiet, mqttTopic: true };
    await using evaluator = await Evaluator.start(deps, signal);
    const scene = addScene(at.store, index, 0, PERSON);
    await soon(() => expect(at.store.firings.count()).toBe(1));
    at.store.scenes.grow(scene.id, scene.endMs + 60_000);
    await soon(() => expect(evaluator.status()).toEqual({ lag: 0, failures: 0 }));

    expect(at.store.firings.recent({ limit: 9 })).toMatchObject([
      {
        alertId: alert.id,
        eventId: alert.eventId,
        label: 'At the Gate!',
        streamId: stream.id,
        indexId: index.id,
        sceneId: scene.id,
        atMs: T0 + 5000,
        startMs: T0,
        endMs: T0 + 5000,
        confidence: 0.9,
        evidence: { rule: { zone: 'gate' }, packs: ['built-in', 'yolox-nano'], sceneText: scene.text },
      },
    ]);
    const due = at.store.deliveries.due(Number.MAX_SAFE_INTEGER, 9);
    expect(new Set(due.map(({ channel, target }) => `${channel} ${target}`))).toEqual(
      new Set(['mqtt front-door/at-the-gate', 'webhook https://example.com/hook']),
    );
  });

  it('delivers nowhere when nobody asked for it', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    arm(at.store, index, 'a person', { callbackUrl: '' });
    addScene(at.store, index, 0, PERSON);
    await evaluated(at.store);
    expect(at.store.firings.count()).toBe(1);
    expect(at.store.deliveries.backlog()).toEqual([]);
  });

  it('starts from now: neither scenes before an alert nor disabled alerts fire', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    addScene(at.store, index, 0, PERSON);
    arm(at.store, index, 'a person', { createdMs: T0 + 60_000 });
    arm(at.store, index, 'a person', { status: 'disabled' });
    await evaluated(at.store);
    expect(at.store.firings.count()).toBe(0);
    addScene(at.store, index, 65, PERSON);
    await evaluated(at.store);
    expect(at.store.firings.count()).toBe(1);
  });

  it('uses the zone as this camera calls it, or the whole picture where it has none', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    arm(at.store, index, compileRule('someone enters the gate area', { zones: [] }));
    arm(at.store, index, compileRule('someone enters the cellar', { zones: [] }));
    addScene(at.store, index, 0, EMPTY);
    addScene(at.store, index, 5, withObjects(anObject('person', { zones: [] })));
    await evaluated(at.store);
    const [whole] = at.store.firings.recent({ limit: 9 });
    expect(at.store.firings.count()).toBe(1);
    expect(whole?.explanation).toContain('came into the picture');
    expect(whole?.evidence.rule.zone).toBeUndefined();
  });

  it('skips a rule that throws, counts it and lets the others fire', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    // A rule of a version that doesn't exist yet.
    const unknown = { ...compileRule('a person', { zones: [] }), subject: { kind: 'smell' } } as unknown as Rule;
    arm(at.store, index, unknown);
    arm(at.store, index, 'a person');
    addScene(at.store, index, 0, PERSON);
    const deps = { store: at.store, clock: standingClock(), log: quiet, mqttTopic: false };
    await using evaluator = await Evaluator.start(deps, AbortSignal.abort());
    expect(evaluator.status().lag).toBeGreaterThan(0);
    while (evaluator.runOnce() > 0);
    expect(evaluator.status()).toEqual({ lag: 0, failures: 1 });
    expect(at.store.firings.count()).toBe(1);
  });

  it('does not keep the journal from being pruned where nothing is looked at', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    const alert = arm(at.store, index, 'a person');
    addScene(at.store, index, 0, EMPTY);
    await evaluated(at.store);
    const before = at.store.journal.cursor(EVALUATOR);
    const change = (times: number) => {
      for (let n = 0; n < times; n += 1) at.store.alerts.snooze(alert.id, undefined, 'a test');
    };
    change(499);
    await evaluated(at.store);
    expect(at.store.journal.cursor(EVALUATOR)).toBe(before);
    change(1);
    await evaluated(at.store);
    expect(at.store.journal.cursor(EVALUATOR)).toBe(at.store.journal.head());
    addScene(at.store, index, 5, PERSON);
    await evaluated(at.store);
    expect(at.store.firings.count()).toBe(1);
  });

  it('tells nobody of what fires while the alert is snoozed, nor of it afterwards', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    const alert = arm(at.store, index, 'a person');
    expect(at.store.alerts.snooze(alert.id, T0 + 6000, 'a test')).toMatchObject({ snoozedUntilMs: T0 + 6000 });
    addScene(at.store, index, 0, PERSON);
    addScene(at.store, index, 5, PERSON);
    await evaluated(at.store);
    expect(at.store.firings.count()).toBe(0);
    addScene(at.store, index, 10, EMPTY);
    addScene(at.store, index, 15, PERSON);
    await evaluated(at.store);
    expect(at.store.firings.recent({ limit: 9 }).map(({ startMs }) => (startMs - T0) / 1000)).toEqual([15]);
    expect(at.store.alerts.snooze(alert.id, undefined, 'a test')).toEqual(alert);
    expect(() => at.store.alerts.snooze('alert-none', 5, 'a test')).toThrow(
      expect.objectContaining({ kind: 'not_found' }),
    );
  });

  it('tells nobody while the group is disarmed, nor at arming of what is going on already', async () => {
    const clock = standingClock(T0 + 1000);
    await using at = await openStore(clock);
    const { index } = aCamera(at.store);
    const alert = arm(at.store, index, 'a person');
    at.store.alerts.setGroup(alert.id, 'away', 'a test');
    const told = async () => {
      await evaluated(at.store);
      return at.store.firings.recent({ limit: 9 }).map(({ startMs }) => (startMs - T0) / 1000);
    };
    at.store.groups.put('away', { armed: false }, 'a test');
    for (const startS of [0, 5, 10]) addScene(at.store, index, startS, PERSON);
    expect(await told()).toEqual([]);
    clock.now = T0 + 16_000;
    at.store.groups.put('away', { armed: true }, 'a test');
    for (const startS of [15, 20]) addScene(at.store, index, startS, PERSON);
    expect(await told()).toEqual([]);
    addScene(at.store, index, 25, EMPTY);
    addScene(at.store, index, 30, PERSON);
    expect(await told()).toEqual([30]);

    // What ended before it was disarmed is told, however late it is looked at.
    addScene(at.store, index, 35, EMPTY);
    addScene(at.store, index, 40, PERSON);
    clock.now = T0 + 46_000;
    at.store.groups.put('away', { armed: false }, 'a test');
    expect(await told()).toEqual([40, 30]);
  });

  it('starts a damaged state anew', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    const alert = arm(at.store, index, 'a person');
    const nothing = { cursor: 0, cursorName: 'events', firings: [] };
    at.store.commitEvaluation({ ...nothing, states: [{ alertId: alert.id, state: '{"version":1,"level":"x"}' }] });
    addScene(at.store, index, 0, PERSON);
    await evaluated(at.store);
    expect(at.store.firings.count()).toBe(1);
  });

  it('goes on after a crash without repeating or losing', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    arm(at.store, index, 'a person');
    addScene(at.store, index, 0, PERSON);
    await evaluated(at.store);
    addScene(at.store, index, 5, PERSON);
    addScene(at.store, index, 10, EMPTY);
    await evaluated(at.store);
    addScene(at.store, index, 15, PERSON);
    await evaluated(at.store);
    const fired = at.store.firings.recent({ limit: 9 }).map(({ startMs }) => (startMs - T0) / 1000);
    expect(fired).toEqual([15, 0]);
  });

  // A thousand times it is noted durably how far it has come: on a slow disk that takes its time.
  it('finds the same in a journal however it is cut into batches', { timeout: 240_000 }, async () => {
    const prompts = ['a person', 'someone enters the gate', 'a person leaves', 'a person stays for 12 seconds'];
    prompts.push('nobody is at the gate for 15 seconds', 'at least two people', 'motion', 'the lights go off');
    for (let seed = 1; seed <= 12; seed += 1) {
      const found = [];
      for (const every of [1, 3, 7, 1000]) found.push(await replay(seed, every, prompts));
      expect(found[0]?.length).toBeGreaterThan(3);
      for (const other of found) expect(other, `seed ${seed}`).toEqual(found[0]);
    }
  });
});

/** A made-up day from a seed, evaluated after every so many journal entries; what fired, by alert and time. */
async function replay(seed: number, every: number, prompts: readonly string[]): Promise<string[]> {
  await using at = await openStore();
  const { index } = aCamera(at.store);
  const names = new Map(prompts.map((prompt) => [arm(at.store, index, prompt).id, prompt]));
  const random = generator(seed);
  let last: Scene | undefined;
  for (let i = 0; i < 60; i += 1) {
    if (last && random() < 0.4) last = at.store.scenes.grow(last.id, last.endMs + 5000);
    else {
      const startS = last ? (last.endMs - T0) / 1000 + (random() < 0.1 ? 90 : 0) : 0;
      last = addScene(at.store, index, startS, someFacts(random, startS));
    }
    if (i % every === every - 1) await evaluated(at.store);
  }
  await evaluated(at.store);
  const fired = at.store.firings.recent({ limit: 1000 });
  return fired.map(({ alertId, atMs, startMs, explanation }) =>
    [names.get(alertId), startMs, atMs, explanation].join(' '),
  );
}

function someFacts(random: () => number, startS: number): SceneFacts {
  const people = Array.from({ length: Math.floor(random() * 4) }, (_, track) =>
    anObject('person', { track, zones: random() < 0.5 ? ['gate'] : [], sinceMs: T0 + startS * 1000 }),
  );
  const change = random() < 0.2 ? { change: random() < 0.5 ? ('on' as const) : ('off' as const) } : {};
  const motion = random() < 0.5 ? moved(random()) : {};
  return { ...withObjects(...people), ...motion, light: { brightness: random(), ...change } };
}

/** Small and repeatable (mulberry32). */
function generator(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
