import { type Stream, topicLevel } from '#domain';
import type { CameraView, GroupView, RuleState } from '../mqtt-views.ts';

/** What of the box Home Assistant is told. */
export interface BoxAbout {
  id: string;
  name: string;
  version: string;
  /** Where its page is. */
  url: string;
  /** Before every topic of the box: PREFIX/BOX. */
  base: string;
}

/** One message of Home Assistant's MQTT discovery, to be retained. */
interface Announcement {
  component: 'binary_sensor' | 'button' | 'camera' | 'event' | 'sensor' | 'switch';
  objectId: string;
  config: Record<string, unknown>;
}

const PHASES = ['stopped', 'connecting', 'recording', 'stalled', 'waiting'];

/**
 * Topic → payload of every entity of the box and its cameras, as Home Assistant's MQTT discovery wants them: a device for
 * the box and one for each camera behind it.
 */
export function announcements(
  prefix: string,
  box: BoxAbout,
  cameras: readonly CameraView[],
  groups: readonly GroupView[],
): Map<string, string> {
  const own = boxEntities(box, groups);
  const theirs = cameras.flatMap((camera) => cameraEntities(box, camera));
  return new Map(
    [...own, ...theirs].map(({ component, objectId, config }) => [
      `${prefix}/${component}/${nodeOf(box.id)}/${plain(objectId)}/config`,
      JSON.stringify(config),
    ]),
  );
}

/** The level that all announcements of the box have in their topic, and nobody else's. */
export function nodeOf(boxId: string): string {
  return `watchpost_${plain(boxId)}`;
}

function boxEntities(box: BoxAbout, groups: readonly GroupView[]): Announcement[] {
  const device = {
    identifiers: [nodeOf(box.id)],
    name: box.name,
    manufacturer: 'Watchpost',
    model: 'Watchpost box',
    sw_version: box.version,
    configuration_url: box.url,
  };
  const entity = entitiesOf(box, device, box.id);
  const state = { state_topic: `${box.base}/state`, entity_category: 'diagnostic' };
  const online = { state_topic: `${box.base}/status`, payload_on: 'online', payload_off: 'offline' };
  const connection = entity('binary_sensor', 'connection', 'Connection', {
    ...online,
    device_class: 'connectivity',
    entity_category: 'diagnostic',
  });
  // It says itself whether the box is there.
  delete connection.config['availability_topic'];
  return [
    connection,
    entity('binary_sensor', 'problem', 'Problem', {
      ...state,
      device_class: 'problem',
      value_template: "{{ 'ON' if value_json.problem else 'OFF' }}",
      json_attributes_topic: `${box.base}/state`,
    }),
    entity('sensor', 'recording', 'Cameras recording', {
      ...state,
      state_class: 'measurement',
      icon: 'mdi:record-rec',
      value_template: '{{ value_json.recording }}',
    }),
    entity('sensor', 'free', 'Free space', {
      ...state,
      device_class: 'data_size',
      unit_of_measurement: 'GB',
      state_class: 'measurement',
      value_template: "{{ 'None' if value_json.free_gb is none else value_json.free_gb }}",
    }),
    ...groups.map((group) => groupSwitch(box, entity, group)),
  ];
}

function groupSwitch(
  box: BoxAbout,
  entity: ReturnType<typeof entitiesOf>,
  { level, state: { name } }: GroupView,
): Announcement {
  const topic = `${box.base}/groups/${level}`;
  // Letters that Home Assistant takes in no id make no two groups the same.
  const id = plain(level) === level ? level : Buffer.from(level).toString('hex');
  return entity('switch', `group_${id}`, `Alerts ${name}`, {
    state_topic: `${topic}/state`,
    command_topic: `${topic}/set`,
    value_template: "{{ 'ON' if value_json.armed else 'OFF' }}",
    json_attributes_topic: `${topic}/state`,
    icon: 'mdi:shield-home',
  });
}

function cameraEntities(box: BoxAbout, { stream, level, rules }: CameraView): Announcement[] {
  const device = {
    identifiers: [`watchpost_${plain(stream.id)}`],
    name: stream.name,
    manufacturer: 'Watchpost',
    model: 'Camera',
    via_device: nodeOf(box.id),
  };
  const entity = entitiesOf(box, device, stream.id);
  const topic = `${box.base}/cameras/${level}`;
  const state = { state_topic: `${topic}/state` };
  return [
    entity('camera', 'picture', 'Picture', { topic: `${topic}/snapshot` }),
    entity('button', 'snapshot', 'Take picture', {
      command_topic: `${topic}/set`,
      payload_press: 'snapshot',
      icon: 'mdi:camera',
    }),
    entity('binary_sensor', 'motion', 'Motion', { ...state, device_class: 'motion', value_template: onOff('motion') }),
    entity('binary_sensor', 'occupancy', 'Occupancy', {
      ...state,
      device_class: 'occupancy',
      value_template: onOff('occupied'),
    }),
    entity('sensor', 'people', 'People', {
      ...state,
      state_class: 'measurement',
      icon: 'mdi:account-multiple',
      value_template: "{{ 'None' if value_json.occupied is none else value_json.counts.person | default(0) }}",
    }),
    entity('sensor', 'scene', 'Scene', {
      ...state,
      icon: 'mdi:text',
      value_template: "{{ value_json.scene.text[:255] if value_json.scene else 'None' }}",
    }),
    entity('binary_sensor', 'recording', 'Recording', {
      ...state,
      device_class: 'running',
      entity_category: 'diagnostic',
      value_template: onOff('recording'),
    }),
    entity('sensor', 'phase', 'Connection', {
      ...state,
      device_class: 'enum',
      options: PHASES,
      entity_category: 'diagnostic',
      value_template: '{{ value_json.phase }}',
    }),
    ...alertEntities(box, entity, stream, rules),
  ];
}

/** An event entity for all alerts of the camera; for each a switch that arms it, and a button that snoozes it. */
function alertEntities(
  box: BoxAbout,
  entity: ReturnType<typeof entitiesOf>,
  { id, name }: Stream,
  rules: readonly RuleState[],
): Announcement[] {
  const labels = [...new Set(rules.map(({ label }) => label))];
  // Home Assistant takes no event entity without a type of event.
  const events =
    labels.length === 0
      ? []
      : [
          entity('event', 'alert', 'Alert', {
            state_topic: `${box.base}/alerts/${topicLevel(name)}/+`,
            event_types: labels,
            value_template: eventTemplate(id),
          }),
        ];
  const switches = rules.map(({ alert_id: alert, label }) =>
    entity('switch', alert, `Alert ${label}`, {
      state_topic: `${box.base}/rules/${alert}/state`,
      command_topic: `${box.base}/rules/${alert}/set`,
      payload_on: 'arm',
      payload_off: 'disarm',
      state_on: 'armed',
      state_off: 'disarmed',
      value_template: "{{ 'armed' if value_json.armed else 'disarmed' }}",
      json_attributes_topic: `${box.base}/rules/${alert}/state`,
      entity_category: 'config',
      icon: 'mdi:bell',
    }),
  );
  const snoozes = rules.map(({ alert_id: alert, label }) =>
    entity('button', `${alert}_snooze`, `Snooze ${label} for an hour`, {
      command_topic: `${box.base}/rules/${alert}/set`,
      payload_press: '{"snooze_minutes": 60}',
      entity_category: 'config',
      icon: 'mdi:bell-sleep',
    }),
  );
  return [...events, ...switches, ...snoozes];
}

/** A verdict is no second event; another camera with the same name in topics has an entity of its own. */
function eventTemplate(streamId: string): string {
  const keys = ['explanation', 'confidence', 'timestamp', 'player_url', 'firing_id'];
  const event = ["'event_type': value_json.label", ...keys.map((key) => `'${key}': value_json.${key}`)].join(', ');
  const isNews = `value_json.rtstream_id == '${streamId}' and value_json.verdict is not defined`;
  return `{% if ${isNews} %}{{ {${event}} | tojson }}{% endif %}`;
}

/** Home Assistant calls `None` unknown. */
function onOff(key: string): string {
  return `{{ 'None' if value_json.${key} is none else 'ON' if value_json.${key} else 'OFF' }}`;
}

function entitiesOf(box: BoxAbout, device: object, owner: string) {
  return (
    component: Announcement['component'],
    what: string,
    name: string,
    config: Record<string, unknown>,
  ): Announcement => ({
    component,
    objectId: `${owner}_${what}`,
    config: {
      unique_id: `watchpost_${plain(owner)}_${plain(what)}`,
      name,
      availability_topic: `${box.base}/status`,
      ...config,
      device,
      origin: { name: 'Watchpost', sw_version: box.version },
    },
  });
}

/** What Home Assistant takes in ids and topics. */
function plain(id: string): string {
  return id.replaceAll(/[^a-zA-Z0-9_-]/g, '_');
}
