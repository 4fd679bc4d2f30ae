/** What the box shows on a real broker, what it obeys there, and what Home Assistant gets. */
import { connectAsync } from 'mqtt';
import { expect, it, vi } from 'vitest';
import { Delivery, type MqttBox } from '#delivery';
import type { CameraStatus } from '#domain';
import { type Clock, systemClock } from '#runtime';
import { Store } from '#store';
import { fire, links, streamName } from '../delivery/fixture.ts';
import { anObject, withObjects } from '../events/scenes.ts';
import { aCamera, anArmedCamera, aScene, aStream, openStore, quiet } from '../store/fixture.ts';
import { listener, mosquitto } from './support/mosquitto.ts';
import { documentedSchemas } from './support/mqtt-schemas.ts';
import { tempDir } from './support/temp-dir.ts';

const signal = new AbortController().signal;
const soon = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 50 });
/** The time of day is ours; waiting takes a tenth. */
const quick: Clock = { ...systemClock, sleep: (ms, stop) => systemClock.sleep(ms / 10, stop) };
/** Which schema is documented for what. */
const IDS: Record<string, string> = {
  alerts: 'alert',
  cameras: 'camera-state',
  rules: 'rule-state',
  groups: 'group-state',
  state: 'box-state',
};
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xd9]);

function recording(streamId: string, overrides: Partial<CameraStatus> = {}): CameraStatus {
  return {
    streamId,
    phase: 'recording',
    sinceMs: 0,
    restarts: 0,
    fpsSeen: 1,
    framesSeen: 1,
    framesDropped: 0,
    windowsDropped: 0,
    degraded: [],
    segmentsWritten: 1,
    bytesWritten: 1,
    notes: [],
    ...overrides,
  };
}

function aBox(cameras: () => CameraStatus[], overrides: Partial<MqttBox> = {}): MqttBox {
  return {
    name: 'yard box',
    version: '0.2.0',
    configVersion: () => 1,
    url: () => 'http://box:8080',
    cameras,
    detector: () => 'ready',
    freeBytes: () => Promise.resolve(12_345_678_901),
    snapshot: () => Promise.resolve(JPEG),
    ...overrides,
  };
}

async function attended(
  store: Store,
  port: number,
  box: MqttBox,
  homeAssistant = false,
  topicPrefix = 'watchpost',
): Promise<Delivery> {
  const url = `mqtt://u:secret@127.0.0.1:${port}`;
  const mqtt = { url, topicPrefix, homeAssistant, discoveryPrefix: 'homeassistant' };
  const delivery = await Delivery.start({ store, links, clock: quick, log: quiet, streamName, mqtt }, signal);
  delivery.attend(box);
  return delivery;
}

/** A scene of now, as the clock of the board goes. */
function seeNow(store: Store, index: Parameters<typeof aScene>[0], text: string, people: number): void {
  const nowMs = Date.now();
  const objects = Array.from({ length: people }, (_, track) => anObject('person', { track }));
  const facts = { ...withObjects(...objects), counts: people > 0 ? { person: people } : {} };
  const times = { startMs: nowMs - 5000, endMs: nowMs };
  store.scenes.add(aScene(index, { ...times, text, facts }), new Float32Array(256).fill(1), 'test');
}

it('keeps the state of cameras, alerts and the box on the broker, as documented', async () => {
  await using at = await openStore();
  const { stream, index, alert } = anArmedCamera(at.store);
  const twin = aStream({ createdMs: stream.createdMs + 1 });
  at.store.streams.create(twin);
  await using broker = await mosquitto();
  await broker.start();
  await using ear = await listener(broker.port);
  const statuses = [recording(stream.id)];
  at.store.alerts.setGroup(alert.id, 'At night', 'a test');
  const schemas = documentedSchemas();
  const of = (end: string) => JSON.parse(ear.last(end) ?? 'null');
  {
    await using _delivery = await attended(
      at.store,
      broker.port,
      aBox(() => statuses),
    );
    const state = `cameras/front-door/state`;
    await soon(() => expect(of(state)).toMatchObject({ recording: true, motion: null, occupied: null, scene: null }));
    const twins = `cameras/front-door-${twin.id.slice(-6)}/state`;
    await soon(() => expect(of(twins)).toMatchObject({ camera_id: twin.id, phase: 'stopped' }));
    await soon(() =>
      expect(of(`${at.store.boxId}/state`)).toMatchObject({ recording: 1, free_gb: 12.3, problem: true }),
    );

    seeNow(at.store, index, 'Two people at the gate.', 2);
    await soon(() => expect(of(state)).toMatchObject({ occupied: true, counts: { person: 2 } }));
    expect(of(state).scene.text).toBe('Two people at the gate.');
    const firing = fire(at.store, alert, { channel: 'mqtt', target: 'front-door/person-at-gate' });
    await soon(() => expect(of(state).last_alert).toMatchObject({ firing_id: firing.id }));
    statuses[0] = recording(stream.id, { phase: 'waiting', lastError: 'no route to host' });
    await soon(() => expect(of(state)).toMatchObject({ phase: 'waiting', last_error: 'no route to host' }));

    const group = 'groups/at-night/state';
    await soon(() => expect(of(group)).toMatchObject({ name: 'At night', armed: true, next_change: null }));
    at.store.groups.put('At night', { armed: false, schedule: [{ fromMinute: 0, toMinute: 0, days: [1] }] }, 'a test');
    await soon(() =>
      expect(of(group)).toMatchObject({ armed: false, by: 'a test', next_change: { at: expect.any(Number) } }),
    );
    at.store.groups.delete('At night', 'a test');
    await soon(() => expect(ear.last(group)).toBe(''));

    at.store.streams.delete(twin.id);
    await soon(() => expect(ear.last(twins)).toBe(''));
  }
  for (const { topic, payload } of ear.heard.filter((message) => message.payload.byteLength > 0)) {
    const kind = /\/(alerts|cameras|rules|groups)\/.*/.exec(topic)?.[1] ?? topic.split('/').at(-1);
    const id = IDS[kind ?? ''];
    if (id) schemas.check(id, JSON.parse(payload.toString()));
  }
  expect(schemas.ids.sort()).toEqual(['alert', 'box-state', 'camera-state', 'error', 'group-state', 'rule-state']);
});

it('takes back what a former life said of cameras that are gone', async () => {
  await using at = await openStore();
  const { stream } = aCamera(at.store);
  await using broker = await mosquitto();
  await broker.start();
  const own = `watchpost/${at.store.boxId}`;
  const former = await connectAsync(`mqtt://127.0.0.1:${broker.port}`);
  const left = [`${own}/cameras/shed/state`, `${own}/cameras/shed/snapshot`, `${own}/rules/alert-old/state`];
  for (const topic of left) await former.publishAsync(topic, 'old', { qos: 1, retain: true });
  await former.endAsync();
  await using ear = await listener(broker.port);
  await using _delivery = await attended(
    at.store,
    broker.port,
    aBox(() => [recording(stream.id)]),
  );
  for (const topic of left) await soon(() => expect(ear.last(topic)).toBe(''));
  await soon(() => expect(ear.last('cameras/front-door/state')).toContain(stream.id));
});

it('takes back all it left under a prefix and in announcements that it no longer uses, at the next connection', async () => {
  await using dir = await tempDir();
  const open = () => Store.open(dir.path, { clock: systemClock, log: quiet });
  await using broker = await mosquitto();
  await broker.start();
  await using ear = await listener(broker.port, '#');
  const former = () => [
    ...new Set(ear.heard.map(({ topic }) => topic).filter((topic) => /^(watchpost|homeassistant)\//.test(topic))),
  ];
  const box = (id: string) => aBox(() => [recording(id)]);
  let streamId = '';
  {
    await using store = await open();
    streamId = aCamera(store).stream.id;
    await using _delivery = await attended(store, broker.port, box(streamId), true);
    await soon(() => expect(ear.last('/snapshot')).toBeDefined());
    await soon(() => expect(former().length).toBeGreaterThan(10));
  }
  // Its address and its wish changed while the broker was away.
  await broker.stop('SIGTERM');
  await using store = await open();
  await using _delivery = await attended(store, broker.port, box(streamId), false, 'yard/west');
  await broker.start();
  await soon(() => expect(ear.last(`yard/west/${store.boxId}/status`)).toBe('online'));
  await soon(() => expect(former().filter((topic) => ear.last(topic) !== '')).toEqual([]));
  await soon(() => expect(store.brokerTopics.used(`127.0.0.1:${broker.port}`)).toEqual([`yard/west/${store.boxId}/#`]));
  const state = `yard/west/${store.boxId}/cameras/front-door/state`;
  await soon(() => expect(ear.last(state)).toContain(streamId));

  const before = ear.heard.length;
  const late = await connectAsync(`mqtt://127.0.0.1:${broker.port}`);
  await late.publishAsync(`watchpost/${store.boxId}/status`, 'offline', { qos: 1, retain: true });
  await late.endAsync();
  await soon(() => expect(ear.heard.slice(before).map(({ payload }) => payload.toString())).toContain('offline'));
  await soon(() => expect(ear.last(`watchpost/${store.boxId}/status`)).toBe(''));
});

it('obeys: a picture, arming, snoozing; says why not, and never obeys what is retained', async () => {
  await using at = await openStore();
  const { stream, alert } = anArmedCamera(at.store);
  await using broker = await mosquitto();
  await broker.start();
  await using ear = await listener(broker.port);
  let picture: Buffer | undefined;
  const box = aBox(() => [recording(stream.id)], { snapshot: () => Promise.resolve(picture) });
  const own = `watchpost/${at.store.boxId}`;
  const rule = `${own}/rules/${alert.id}`;
  await ear.mqtt.publishAsync(`${rule}/set`, 'disarm', { qos: 1, retain: true });
  await using _delivery = await attended(at.store, broker.port, box);
  const errors = () =>
    ear.heard.filter(({ topic }) => topic === `${own}/errors`).map(({ payload }) => JSON.parse(payload.toString()));
  const of = (topic: string) => JSON.parse(ear.last(topic) ?? 'null');
  await soon(() =>
    expect(errors()).toMatchObject([{ topic: `${rule}/set`, error: expect.stringContaining('retained') }]),
  );
  await soon(() => expect(of(`${rule}/state`)).toMatchObject({ armed: true, snoozed_until: null }));

  const say = (topic: string, what: string) => ear.mqtt.publishAsync(topic, what, { qos: 1 });
  await say(`${rule}/set`, 'disarm');
  await soon(() => expect(of(`${rule}/state`)).toMatchObject({ armed: false }));
  expect(at.store.alerts.get(alert.id)?.status).toBe('disabled');
  await say(`${rule}/set`, '{"armed": true}');
  await say(`${rule}/set`, '{"snooze_minutes": 30}');
  await soon(() => expect(of(`${rule}/state`)).toMatchObject({ armed: true, snoozed_until: expect.any(Number) }));
  expect(Math.abs((at.store.alerts.get(alert.id)?.snoozedUntilMs ?? 0) - Date.now() - 1_800_000)).toBeLessThan(60_000);
  await say(`${rule}/set`, '{"snooze_minutes": 0}');
  await soon(() => expect(of(`${rule}/state`)).toMatchObject({ snoozed_until: null }));

  at.store.alerts.setGroup(alert.id, 'night', 'a test');
  for (const [what, armed] of [
    ['OFF', false],
    ['ON', true],
    ['{"armed": false}', false],
  ] as const) {
    await say(`${own}/groups/night/set`, what);
    await soon(() => expect(of(`${own}/groups/night/state`)).toMatchObject({ armed, by: 'MQTT' }));
  }
  const noted = at.store.armingLog.list({ limit: 99 }).filter(({ by }) => by === 'MQTT');
  expect(noted.map(({ what }) => what).toReversed()).toEqual([
    'disarmed',
    'armed',
    'snoozed',
    'snooze_ended',
    'disarmed',
    'armed',
    'disarmed',
  ]);

  await say(`${own}/cameras/front-door/set`, 'snapshot');
  await soon(() => expect(errors().at(-1)?.error).toContain('no picture'));
  picture = JPEG;
  await say(`${own}/cameras/front-door/set`, 'snapshot');
  await soon(() => expect(ear.heard.find(({ topic }) => topic.endsWith('/snapshot'))?.payload).toEqual(JPEG));
  for (const [topic, what] of [
    [`${own}/cameras/shed/set`, 'snapshot'],
    [`${own}/rules/alert-none/set`, 'arm'],
    [`${rule}/set`, 'shoot'],
    [`${own}/groups/day/set`, 'ON'],
    [`${own}/groups/night/set`, 'HALF'],
  ] as const) {
    const before = errors().length;
    await say(topic, what);
    await soon(() => expect(errors().slice(before)).toMatchObject([{ topic }]));
  }
  const { check } = documentedSchemas();
  for (const error of errors()) check('error', error);
});

it('is found by Home Assistant: entities before availability, all again after its restart', async () => {
  await using at = await openStore();
  const { stream, alert } = anArmedCamera(at.store);
  at.store.alerts.setGroup(alert.id, 'night', 'a test');
  await using broker = await mosquitto();
  await broker.start();
  const node = `watchpost_${at.store.boxId}`;
  const former = await connectAsync(`mqtt://127.0.0.1:${broker.port}`);
  const gone = `homeassistant/camera/${node}/rts-gone_picture/config`;
  await former.publishAsync(gone, '{"name":"old"}', { qos: 1, retain: true });
  await former.endAsync();
  await using ear = await listener(broker.port, '#');
  await using _delivery = await attended(
    at.store,
    broker.port,
    aBox(() => [recording(stream.id)]),
    true,
  );
  const configs = (from = 0) =>
    ear.heard
      .slice(from)
      .filter(({ topic, payload }) => topic.endsWith('/config') && topic !== gone && payload.length > 0);
  const topics = (from = 0) => [...new Set(configs(from).map(({ topic }) => topic))].sort();
  await soon(() => expect(ear.last('/snapshot')).toBeDefined());
  await soon(() => expect(ear.last(gone)).toBe(''));
  const all = topics();
  expect(all).toContain(`homeassistant/switch/${node}/${stream.id}_${alert.id}/config`);
  expect(all).toContain(`homeassistant/switch/${node}/${at.store.boxId}_group_night/config`);
  expect(all).toContain(`homeassistant/button/${node}/${stream.id}_${alert.id}_snooze/config`);
  expect(all.length).toBe(16);

  const online = ear.heard.findIndex(({ payload }) => payload.toString() === 'online');
  const firstState = ear.heard.findIndex(({ topic }) => topic.endsWith('/cameras/front-door/state'));
  const lastConfig = ear.heard.findLastIndex(({ topic, payload }) => topic.endsWith('/config') && payload.length > 0);
  expect(lastConfig).toBeLessThan(online);
  expect(online).toBeLessThan(firstState);

  const before = ear.heard.length;
  const pictures = () => ear.heard.filter(({ topic }) => topic.endsWith('/snapshot')).length;
  const shown = pictures();
  await ear.mqtt.publishAsync('homeassistant/status', 'online', { qos: 1 });
  await soon(() => expect(topics(before)).toEqual(all));
  await soon(() =>
    expect(ear.heard.slice(before).map(({ topic }) => topic)).toContain(`watchpost/${at.store.boxId}/status`),
  );
  await soon(() => expect(pictures()).toBeGreaterThan(shown));

  const again = pictures();
  fire(at.store, alert, { channel: 'mqtt', target: 'front-door/person-at-gate' });
  await soon(() => expect(pictures()).toBeGreaterThan(again));
});
