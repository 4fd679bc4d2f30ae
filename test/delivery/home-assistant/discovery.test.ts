/** The announcements against what Home Assistant takes. */
import { expect, it } from 'vitest';
import { announcements, nodeOf } from '../../../src/delivery/home-assistant/discovery.ts';
import { cameraViews, groupViews } from '../../../src/delivery/mqtt-views.ts';
import { documentedSchemas } from '../../e2e/support/mqtt-schemas.ts';
import { aCamera, anArmedCamera, NOON, openStore } from '../../store/fixture.ts';
import { COMPONENT_NAMES, readAnnouncement } from './schema.ts';

const KINDS: [RegExp, string][] = [
  [/\/alerts\//, 'alert'],
  [/\/cameras\/.*\/state$/, 'camera-state'],
  [/\/rules\/.*\/state$/, 'rule-state'],
  [/\/groups\/.*\/state$/, 'group-state'],
  [/b\/state$/, 'box-state'],
];

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

async function announced() {
  await using at = await openStore();
  const { alert, stream } = anArmedCamera(at.store);
  const { stream: bare } = aCamera(at.store, { name: 'Größe 2', createdMs: NOON + 1 });
  for (const name of ['At night', 'ночь', 'день']) at.store.groups.put(name, {}, 'a test');
  const views = cameraViews(at.store, [], NOON);
  const groups = groupViews(at.store, NOON);
  const box = { id: at.store.boxId, name: 'yard', version: '1.2.3', url: 'http://box:8080', base: 'watchpost/b' };
  const all = [...announcements('homeassistant', box, views, groups)].map((one) => readAnnouncement(...one));
  return { all, box, alert, stream, bare };
}

it('has only fields that Home Assistant knows, all that it demands, and no id twice', async () => {
  const { all, box } = await announced();
  expect(new Set(all.map(({ component }) => component))).toEqual(new Set(COMPONENT_NAMES));
  expect(new Set(all.map(({ node }) => node))).toEqual(new Set([nodeOf(box.id)]));
  const ids = all.map(({ config }) => config['unique_id']);
  expect(new Set(ids).size).toBe(ids.length);
});

it.each([
  ['a misspelt name', { state_topik: 'a/b' }],
  ['a topic with an empty wildcard', { state_topic: 'a/b+' }],
  ['a category that only what is set has', { entity_category: 'config' }],
  ['no id', { unique_id: undefined }],
])('would show %s', (_what, change) => {
  const config = {
    unique_id: 'one',
    name: 'One',
    state_topic: 'a/b',
    device: { identifiers: ['it'] },
    origin: { name: 'Watchpost' },
  };
  const at = 'homeassistant/binary_sensor/node/one/config';
  expect(readAnnouncement(at, JSON.stringify(config)).component).toBe('binary_sensor');
  expect(() => readAnnouncement(at, JSON.stringify({ ...config, ...change }))).toThrow(at);
});

it('puts each camera behind the box', async () => {
  const { all, box, stream, bare } = await announced();
  const devices = new Map(all.map(({ config: { device } }) => [JSON.stringify(device['identifiers']), device]));
  expect(devices.get(JSON.stringify([nodeOf(box.id)]))).toMatchObject({ name: 'yard', configuration_url: box.url });
  for (const camera of [stream, bare]) {
    const device = devices.get(JSON.stringify([`watchpost_${camera.id}`]));
    expect(device).toMatchObject({ name: camera.name, via_device: nodeOf(box.id) });
  }
  expect(devices.size).toBe(3);
});

it('has no event entity where nothing is armed, as it would have no types', async () => {
  const { all, stream, alert } = await announced();
  const events = all.filter(({ component }) => component === 'event');
  expect(events.map(({ config }) => config['event_types'])).toEqual([['person-at-gate']]);
  expect(events[0]?.config['state_topic']).toBe('watchpost/b/alerts/front-door/+');
  const arm = all.find(({ component, object }) => component === 'switch' && object.startsWith(stream.id));
  expect(arm).toMatchObject({
    object: `${stream.id}_${alert.id}`,
    config: { command_topic: `watchpost/b/rules/${alert.id}/set`, payload_on: 'arm', payload_off: 'disarm' },
  });
});

it('has a switch of the box for each group, and a button that snoozes each alert', async () => {
  const { all, box, alert, stream } = await announced();
  const groups = all.filter(({ object }) => object.includes('_group_'));
  expect(groups.map(({ component }) => component)).toEqual(['switch', 'switch', 'switch']);
  expect(new Set(groups.map(({ object }) => object)).size).toBe(3);
  const night = groups.find(({ object }) => object === `${box.id}_group_at-night`);
  expect(night?.config).toMatchObject({
    name: 'Alerts At night',
    state_topic: 'watchpost/b/groups/at-night/state',
    command_topic: 'watchpost/b/groups/at-night/set',
    device: { identifiers: [nodeOf(box.id)] },
  });
  const snooze = all.find(({ object }) => object === `${stream.id}_${alert.id}_snooze`);
  expect(snooze).toMatchObject({
    component: 'button',
    config: { command_topic: `watchpost/b/rules/${alert.id}/set`, payload_press: '{"snooze_minutes": 60}' },
  });
});

it('reads only what the messages on its topics have', async () => {
  const { all } = await announced();
  const { properties } = documentedSchemas();
  for (const { config } of all) {
    const topic = textOf(config['state_topic']);
    const kind = KINDS.find(([pattern]) => pattern.test(topic))?.[1];
    const read = [...textOf(config['value_template']).matchAll(/value_json\.(\w+)/g)].map(([, name]) => name ?? '');
    expect(read.filter((name) => !properties(String(kind)).includes(name))).toEqual([]);
    expect(read.length > 0 || kind === undefined).toBe(true);
  }
});
