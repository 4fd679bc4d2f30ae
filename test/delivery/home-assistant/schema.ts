/**
 * What Home Assistant takes as discovery over MQTT, after its published integration (`components/mqtt` of
 * home-assistant/core, and the pages of each `… (MQTT)` integration on home-assistant.io, as of 2025): names of fields,
 * which must be there, what they may hold. Home Assistant drops what it doesn't know without a word, so that a misspelt
 * name would never show.
 */
const TOPIC = /^homeassistant\/(\w+)\/([a-zA-Z0-9_-]+)\/([a-zA-Z0-9_-]+)\/config$/;

type Check = (value: unknown) => boolean;
type Fields = Record<string, Check>;

const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const whole: Check = (value) => Number.isInteger(value);
const texts: Check = (value) => Array.isArray(value) && value.length > 0 && value.every(text);
const oneOf =
  (...known: string[]): Check =>
  (value) =>
    typeof value === 'string' && known.includes(value);
const like =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const url = like(/^https?:\/\/./);
/** To be published to, and to be subscribed to. */
const topic = like(/^[^+#\0]+$/);
const filter = like(/^([^+#\0/]+|\+|)(\/([^+#\0/]+|\+|))*(\/#)?$/);

const EVERYWHERE: Fields = {
  availability_mode: oneOf('all', 'any', 'latest'),
  availability_template: text,
  availability_topic: filter,
  default_entity_id: text,
  enabled_by_default: flag,
  encoding: text,
  entity_category: oneOf('config', 'diagnostic'),
  entity_picture: url,
  icon: like(/^mdi:[a-z-]+$/),
  json_attributes_template: text,
  json_attributes_topic: filter,
  name: text,
  payload_available: text,
  payload_not_available: text,
  qos: whole,
  unique_id: like(/./),
};
const READS: Fields = { state_topic: filter, value_template: text };
const WRITES: Fields = { command_topic: topic, command_template: text, retain: flag };

/** `required` are the first that a component must have. */
const COMPONENTS: Record<string, { required: string[]; fields: Fields }> = {
  binary_sensor: {
    required: ['state_topic'],
    fields: {
      ...READS,
      device_class: oneOf('connectivity', 'motion', 'occupancy', 'presence', 'problem', 'running', 'sound', 'tamper'),
      entity_category: oneOf('diagnostic'),
      expire_after: whole,
      force_update: flag,
      off_delay: whole,
      payload_on: text,
      payload_off: text,
    },
  },
  button: {
    required: ['command_topic'],
    fields: { ...WRITES, device_class: oneOf('identify', 'restart', 'update'), payload_press: text },
  },
  camera: { required: ['topic'], fields: { topic: filter, image_encoding: oneOf('b64') } },
  event: {
    required: ['state_topic', 'event_types'],
    fields: { ...READS, device_class: oneOf('button', 'doorbell', 'motion'), event_types: texts },
  },
  sensor: {
    required: ['state_topic'],
    fields: {
      ...READS,
      device_class: oneOf('data_size', 'duration', 'enum', 'timestamp'),
      entity_category: oneOf('diagnostic'),
      expire_after: whole,
      force_update: flag,
      last_reset_value_template: text,
      options: texts,
      state_class: oneOf('measurement', 'total', 'total_increasing'),
      suggested_display_precision: whole,
      unit_of_measurement: text,
    },
  },
  switch: {
    required: ['command_topic'],
    fields: {
      ...READS,
      ...WRITES,
      device_class: oneOf('outlet', 'switch'),
      optimistic: flag,
      payload_on: text,
      payload_off: text,
      state_on: text,
      state_off: text,
    },
  },
};

const DEVICE: Fields = {
  configuration_url: url,
  connections: Array.isArray,
  hw_version: text,
  identifiers: texts,
  manufacturer: text,
  model: text,
  model_id: text,
  name: text,
  serial_number: text,
  suggested_area: text,
  sw_version: text,
  via_device: text,
};
const ORIGIN: Fields = { name: text, sw_version: text, support_url: url };

/** One entity, as it was announced. */
export interface Entity {
  topic: string;
  component: string;
  node: string;
  object: string;
  config: Record<string, unknown> & { device: Record<string, unknown> };
}

export const COMPONENT_NAMES: readonly string[] = Object.keys(COMPONENTS);

/** Throws what Home Assistant wouldn't take, or would pass over. */
export function readAnnouncement(at: string, payload: string): Entity {
  const [, component = '', node = '', object = ''] = TOPIC.exec(at) ?? [];
  const known = COMPONENTS[component];
  if (!known) throw new Error(`${at}: not where Home Assistant looks`);
  const { device, origin, ...config } = JSON.parse(payload);
  const wrong = [
    ...wrongOf(config, { ...EVERYWHERE, ...known.fields }),
    ...wrongOf(device, DEVICE).map((name) => `device.${name}`),
    ...wrongOf(origin, ORIGIN).map((name) => `origin.${name}`),
    ...known.required.filter((name) => !(name in config)).map((name) => `${name} is missing`),
    // An entity without them belongs to no device, and can't be found again.
    ...['unique_id', 'name'].filter((name) => !(name in config)).map((name) => `${name} is missing`),
    ...('identifiers' in device || 'connections' in device ? [] : ['device has no identifiers']),
    ...('name' in origin ? [] : ['origin.name is missing']),
    ...wrongSensor(component, config),
  ];
  if (wrong.length > 0) throw new Error(`${at}: ${wrong.join(', ')} in ${payload}`);
  return { topic: at, component, node, object, config: { ...config, device } };
}

function wrongOf(given: Record<string, unknown>, fields: Fields): string[] {
  return Object.entries(given).flatMap(([name, value]) => (fields[name]?.(value) ? [] : [name]));
}

/** Options are an enumeration's alone, which has no unit and is no measurement. */
function wrongSensor(component: string, config: Record<string, unknown>): string[] {
  const isEnum = config['device_class'] === 'enum';
  if (component !== 'sensor' || isEnum === 'options' in config) {
    return isEnum && ('state_class' in config || 'unit_of_measurement' in config) ? ['an enum that is measured'] : [];
  }
  return ['options'];
}

/** Whether Home Assistant makes something of what a template has rendered for the entity; `None` is unknown to it. */
export function isState({ component, config }: Entity, rendered: string): boolean {
  const given = (name: string, otherwise: string) => {
    const value = config[name];
    return typeof value === 'string' ? value : otherwise;
  };
  const [on, off] = [given('payload_on', 'ON'), given('payload_off', 'OFF')];
  if (component === 'event')
    return rendered === '' || texts([eventType(rendered)].filter((type) => isType(config, type)));
  if (component === 'switch') return [given('state_on', on), given('state_off', off), 'None'].includes(rendered);
  if (rendered === 'None') return true;
  if (component === 'binary_sensor') return [on, off].includes(rendered);
  if (Array.isArray(config['options'])) return config['options'].includes(rendered);
  if ('state_class' in config) return rendered !== '' && Number.isFinite(Number(rendered));
  return rendered.length <= 255;
}

function isType({ event_types: types }: Record<string, unknown>, type: unknown): boolean {
  return Array.isArray(types) && types.includes(type);
}

function eventType(rendered: string): unknown {
  const event: unknown = JSON.parse(rendered);
  return typeof event === 'object' && event !== null && 'event_type' in event ? event.event_type : undefined;
}
