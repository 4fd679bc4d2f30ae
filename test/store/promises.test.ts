import { describe, expect, it, vi } from 'vitest';
import {
  aCamera,
  aFiring,
  anArmedCamera,
  aScene,
  aSegment,
  aSession,
  axis,
  DAY,
  NOON,
  openStore,
  standingClock,
} from './fixture.ts';

// One of them stores thirteen thousand lines, which a busy machine takes its time for.
vi.setConfig({ testTimeout: 60_000 });

const WEBHOOK = { channel: 'webhook', target: 'https://example.com/hook' } as const;
const MQTT = { channel: 'mqtt', target: 'front-door/person' } as const;

describe('the journal', () => {
  it('has a line for each fact, in order, and is read from a cursor', async () => {
    await using opened = await openStore();
    const { store } = opened;
    const { stream, index, alert } = anArmedCamera(store);
    const session = aSession(stream.id);
    const scene = store.scenes.add(aScene(index), axis(0), 'm');
    const segment = store.segments.add(aSegment(session, NOON), session);
    store.scenes.grow(scene.id, NOON + 10_000);
    const firing = aFiring(alert);
    store.commitEvaluation({ cursor: 3, cursorName: 'events', states: [], firings: [{ firing, deliveries: [] }] });
    const streamId = stream.id;
    const lines = [
      { seq: 1, kind: 'scene', streamId, ref: String(scene.id), atMs: NOON + 5000 },
      { seq: 2, kind: 'segment', streamId, ref: String(segment), atMs: NOON + 4000 },
      { seq: 3, kind: 'growth', streamId, ref: String(scene.id), atMs: NOON + 10_000 },
      { seq: 4, kind: 'firing', streamId, ref: firing.id, atMs: NOON },
    ];
    expect(store.journal.after(0, 10)).toEqual(lines);
    expect(store.journal.after(1, 2)).toEqual(lines.slice(1, 3));
    expect(store.journal.after(0, 10, ['scene', 'growth'])).toEqual([lines[0], lines[2]]);
    expect(store.journal.head()).toBe(4);
    expect(store.journal.cursor('events')).toBe(3);
    expect(store.journal.cursor('sync')).toBe(0);
  });

  it('wakes its listeners after the commit, and never for what was rolled back', async () => {
    await using opened = await openStore();
    const { scenes, journal } = opened.store;
    const { index } = aCamera(opened.store);
    const heads: number[] = [];
    const listening = journal.onAppend(() => heads.push(journal.head()));
    const lost = aScene({ ...index, id: 'gone' });
    expect(() => scenes.add(lost, axis(0), 'm')).toThrow();
    await Promise.resolve();
    expect(heads).toEqual([]);
    scenes.add(aScene(index), axis(0), 'm');
    expect(heads).toEqual([]);
    await vi.waitFor(() => expect(heads).toEqual([1]), 20_000);
    listening[Symbol.dispose]();
    scenes.add(aScene(index), axis(0), 'm');
    await Promise.resolve();
    expect(heads).toEqual([1]);
  });

  it('drops what every cursor has passed, save the last ten thousand', async () => {
    await using opened = await openStore();
    const { store } = opened;
    const { stream, index } = anArmedCamera(store);
    const { id } = store.scenes.add(aScene(index), axis(0), 'm');
    const growTo = (seq: number) => {
      while (store.journal.head() < seq) store.scenes.grow(id, NOON);
    };
    const oldest = () => store.journal.after(0, 1)[0]?.seq;
    const passed = (cursor: number) =>
      store.commitEvaluation({ cursor, cursorName: 'events', states: [], firings: [] });
    passed(500);
    growTo(12_000);
    expect(oldest()).toBe(501);
    passed(12_000);
    growTo(13_000);
    expect(oldest()).toBe(3001);
    expect(store.journal.after(0, 20_000).every((entry) => entry.streamId === stream.id)).toBe(true);
  });
});

describe('an evaluation', () => {
  it('moves firings, deliveries, states and the cursor together', async () => {
    await using opened = await openStore();
    const { store } = opened;
    const { alert, stream } = anArmedCamera(store);
    const firing = aFiring(alert);
    store.commitEvaluation({
      cursor: 7,
      cursorName: 'events',
      states: [{ alertId: alert.id, state: '{"since":1}' }],
      firings: [{ firing, deliveries: [WEBHOOK, MQTT] }],
    });
    expect(store.firings.get(firing.id)).toEqual(firing);
    expect(store.firings.count()).toBe(1);
    expect(store.firings.recent({ limit: 5, streamId: stream.id })).toEqual([firing]);
    expect(store.firings.recent({ limit: 5, beforeMs: NOON })).toEqual([]);
    expect(store.alerts.evidenceState(alert.id)).toBe('{"since":1}');
    expect(store.journal.cursor('events')).toBe(7);
    expect(store.deliveries.due(NOON, 10)).toMatchObject([WEBHOOK, MQTT]);
  });

  it('leaves nothing behind when it fails', async () => {
    await using opened = await openStore();
    const { store } = opened;
    const { alert } = anArmedCamera(store);
    const firing = aFiring(alert);
    const clash = { ...aFiring(alert, NOON + 1), id: firing.id };
    const firings = [firing, clash].map((one) => ({ firing: one, deliveries: [WEBHOOK] }));
    const states = [{ alertId: alert.id, state: '{}' }];
    expect(() => store.commitEvaluation({ cursor: 7, cursorName: 'events', states, firings })).toThrow();
    expect(store.firings.count()).toBe(0);
    expect(store.deliveries.due(NOON, 10)).toEqual([]);
    expect(store.alerts.evidenceState(alert.id)).toBeUndefined();
    expect(store.journal.cursor('events')).toBe(0);
    expect(store.journal.head()).toBe(0);
  });

  it('fires once for one start, and not for an alert that is gone', async () => {
    await using opened = await openStore();
    const { store } = opened;
    const { alert } = anArmedCamera(store);
    const batch = (alertOf: typeof alert) => ({
      cursor: 1,
      cursorName: 'events',
      states: [{ alertId: alertOf.id, state: '{}' }],
      firings: [{ firing: aFiring(alertOf), deliveries: [WEBHOOK] }],
    });
    store.commitEvaluation(batch(alert));
    store.commitEvaluation(batch(alert));
    store.commitEvaluation(batch({ ...alert, id: 'gone' }));
    expect(store.firings.count()).toBe(1);
    expect(store.deliveries.due(NOON, 10)).toHaveLength(1);
    expect(store.journal.head()).toBe(1);
  });
});

describe('deliveries', () => {
  async function two() {
    const clock = standingClock();
    const opened = await openStore(clock);
    const { alert } = anArmedCamera(opened.store);
    const firing = aFiring(alert);
    const firings = [{ firing, deliveries: [WEBHOOK, MQTT] }];
    opened.store.commitEvaluation({ cursor: 1, cursorName: 'events', states: [], firings });
    const [webhook, mqtt] = opened.store.deliveries.due(NOON, 2);
    if (!webhook || !mqtt) throw new Error('two deliveries were expected');
    return { ...opened, [Symbol.asyncDispose]: opened[Symbol.asyncDispose], clock, firing, webhook, mqtt };
  }

  it('are due at once, until the receiver has acknowledged them', async () => {
    await using opened = await two();
    const { deliveries } = opened.store;
    expect(opened.webhook).toMatchObject({ firingId: opened.firing.id, attempts: 0, firing: opened.firing });
    expect(deliveries.nextDueMs()).toBe(0);
    expect(deliveries.due(NOON, 10, 'mqtt')).toEqual([opened.mqtt]);
    expect(deliveries.due(NOON, 1)).toEqual([opened.webhook]);
    expect(deliveries.backlog()).toEqual([
      { channel: 'mqtt', pending: 1, oldestMs: NOON },
      { channel: 'webhook', pending: 1, oldestMs: NOON },
    ]);
    deliveries.delivered(opened.webhook.id, NOON + 1);
    expect(deliveries.due(NOON + DAY, 10)).toEqual([opened.mqtt]);
    expect(deliveries.nextDueMs('webhook')).toBeUndefined();
    expect(deliveries.totals()).toEqual({ webhook: 1, mqtt: 0 });
  });

  it('are tried again at the time that was set, with the reason of the last failure', async () => {
    await using opened = await two();
    const { deliveries } = opened.store;
    deliveries.failed(opened.webhook.id, 'connection refused', NOON + 4000);
    expect(deliveries.due(NOON + 3999, 10, 'webhook')).toEqual([]);
    expect(deliveries.nextDueMs('webhook')).toBe(NOON + 4000);
    expect(deliveries.due(NOON + 4000, 10, 'webhook')).toMatchObject([
      { attempts: 1, lastError: 'connection refused' },
    ]);
  });

  it('are due when the clock was set back far behind the time that was set', async () => {
    await using opened = await two();
    const { deliveries } = opened.store;
    deliveries.failed(opened.webhook.id, 'connection refused', NOON + 4000);
    opened.clock.now = NOON - 30 * DAY;
    expect(deliveries.nextDueMs('webhook')).toBe(0);
    expect(deliveries.due(opened.clock.now, 10, 'webhook')).toHaveLength(1);
  });
});
