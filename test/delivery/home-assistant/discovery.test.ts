/**
 * The announcements against what Home Assistant documents for its MQTT entities (home-assistant.io, the pages of each
 * `… (MQTT)` integration, as of 2025): the names of the fields, which must be there, and the classes. Home Assistant
 * drops what it doesn't know without a word, so that a misspelt name would never show.
 */
import { expect, it } from 'vitest';
import { announcements, nodeOf } from '../../../src/delivery/home-assistant/discovery.ts';
import { cameraViews, groupViews } from '../../../src/delivery/mqtt-views.ts';
import { documentedSchemas } from '../../e2e/support/mqtt-schemas.ts';
import { aCamera, anArmedCamera, NOON, openStore } from '../../store/fixture.ts';

const EVERYWHERE = [
  'availability',
  'availability_mode',
  'availability_template',
  'availability_topic',
  'default_entity_id',
  'device',
  'enabled_by_default',
  'encoding',
  'entity_category',
  'entity_picture',
  'icon',
  'json_attributes_template',
  'json_attributes_topic',
  'name',
  'origin',
  'payload_available',
  'payload_not_available',
  'qos',
  'unique_id',
];
const READS = ['state_topic', 'value_template', 'device_class'];
const WRITES = ['command_topic', 'command_template', 'retain', 'device_class'];

const FIELDS: Record<string, { required: string[]; optional: string[] }> = {
  binary_sensor: {
    required: ['state_topic'],
    optional: [...READS, 'expire_after', 'force_update', 'off_delay', 'payload_on', 'payload_off'],
  },
  button: { required: ['command_topic'], optional: [...WRITES, 'payload_press'] },
  camera: { required: ['topic'], optional: ['image_encoding'] },
  event: { required: ['state_topic', 'event_types'], optional: READS },
  sensor: {
    required: ['state_topic'],
    optional: [
      ...READS,
      'expire_after',
      'force_update',
      'last_reset_value_template',
      'options',
      'state_class',
      'suggested_display_precision',
      'unit_of_measurement',
    ],
  },
  switch: {
    required: ['command_topic'],
    optional: [...READS, ...WRITES, 'optimistic', 'payload_on', 'payload_off', 'state_on', 'state_off'],
  },
};
const DEVICE = [
  'configuration_url',
  'connections',
  'hw_version',
  'identifiers',
  'manufacturer',
  'model',
  'model_id',
  'name',
  'serial_number',
  'suggested_area',
  'sw_version',
  'via_device',
];
const ORIGIN = ['name', 'sw_version', 'support_url'];
const CLASSES: Record<string, string[]> = {
  binary_sensor: ['connectivity', 'motion', 'occupancy', 'problem', 'running'],
  sensor: ['data_size', 'enum'],
};

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
  const all = [...announcements('homeassistant', box, views, groups)].map(([topic, payload]) => {
    const [, component = '', node = '', object = ''] = topic.split('/');
    const config: Record<string, unknown> & { device: Record<string, unknown>; origin: object } = JSON.parse(payload);
    return { topic, component, node, object, config };
  });
  return { all, box, alert, stream, bare };
}

it('has only fields that Home Assistant knows, all that it demands, and no id twice', async () => {
  const { all, box } = await announced();
  expect(new Set(all.map(({ component }) => component))).toEqual(new Set(Object.keys(FIELDS)));
  for (const { topic, component, node, config } of all) {
    const fields = FIELDS[component];
    const known = new Set([...EVERYWHERE, ...(fields?.required ?? []), ...(fields?.optional ?? [])]);
    expect(Object.keys(config).filter((key) => !known.has(key))).toEqual([]);
    expect(fields?.required.filter((key) => !(key in config))).toEqual([]);
    expect(topic).toMatch(/^homeassistant\/[a-z_]+\/[a-zA-Z0-9_-]+\/[a-zA-Z0-9_-]+\/config$/);
    expect(node).toBe(nodeOf(box.id));
    expect(Object.keys(config.device).filter((key) => !DEVICE.includes(key))).toEqual([]);
    expect(Object.keys(config.origin).filter((key) => !ORIGIN.includes(key))).toEqual([]);
    expect(['undefined', ...(CLASSES[component] ?? [])]).toContain(String(config['device_class']));
    expect(['undefined', 'config', 'diagnostic']).toContain(String(config['entity_category']));
    expect(textOf(config['icon'] ?? 'mdi:x')).toMatch(/^mdi:[a-z-]+$/);
  }
  const ids = all.map(({ config }) => config['unique_id']);
  expect(new Set(ids).size).toBe(ids.length);
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
