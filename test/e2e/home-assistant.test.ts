/**
 * An exchange with Home Assistant over a real broker, from the box's announcements to its removal: recorded, and held
 * against what Home Assistant takes.
 */
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { isState } from '../delivery/home-assistant/schema.ts';
import { TestAppliance } from './support/appliance.ts';
import { Assistant, type Reading } from './support/assistant.ts';
import { hasJinja, rendered } from './support/jinja.ts';
import { mosquitto } from './support/mosquitto.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, arm } from './support/watching.ts';

test('finds all entities, reads and commands them, finds them again after a restart, and sees them go', async () => {
  await using camera = await startRtspServer({ file: await passingBlock(240), name: 'yard' });
  await using broker = await mosquitto();
  await broker.start();
  const url = `mqtt://127.0.0.1:${broker.port}`;
  await using box = await TestAppliance.start({ config: { mqtt: { url, homeAssistant: true } } });
  const yard = await addCamera(box, { url: camera.url, seconds: 2, frames: 2 });
  const alertId = await arm(box, yard, { prompt: 'something moves', label: 'moved' });
  await box.data('PUT', '/v1/groups/night', {});
  const { box: about } = await box.data<{ box: { id: string; version: string } }>('GET', '/v1/status');
  const names = {
    [about.id]: 'BOX',
    [yard.streamId]: 'CAMERA',
    [alertId]: 'ALERT',
    [box.url]: 'http://box',
    [about.version]: 'VERSION',
  };

  const readings: Reading[] = [];
  let found: string[] = [];
  {
    await using assistant = await Assistant.start(url);
    await until('the alert as an event', () =>
      assistant.readings.some(({ entity, payload }) => entity.component === 'event' && payload !== ''),
    );
    await assistant.press('button', 'snapshot', 'payload_press');
    const shown = String(assistant.entity('camera', 'picture')?.config['topic']);
    await until('a picture', () => (assistant.heard.get(shown)?.byteLength ?? 0) > 1000);
    await assistant.press('switch', alertId, 'payload_off');
    await until('the switch is off', () =>
      assistant.readings.some(
        ({ entity, payload }) => entity.object.endsWith(alertId) && /"armed":false/.test(payload),
      ),
    );
    found = [...assistant.entities.keys()].sort();
    expect(assistant.problems).toEqual([]);
    readings.push(...assistant.readings);
    const announced = found.map((topic) => `${topic} ${JSON.stringify(assistant.entities.get(topic)?.config)}`);
    await expect(`${named(announced.join('\n'), names)}\n`).toMatchFileSnapshot('./recorded/home-assistant.txt');
  }

  await using assistant = await Assistant.start(url);
  await until('all entities again', () => assistant.entities.size === found.length);
  expect([...assistant.entities.keys()].sort()).toEqual(found);
  await until('they are available', () => assistant.order.includes('online'));
  await until('their states', () => assistant.readings.some(({ entity }) => entity.object.endsWith('phase')));
  await assistant.begin();
  // At once: while the box still says everything again.
  await box.data('DELETE', '/v1/groups/night');
  await until('the group has gone', () => assistant.removed.length > 0);
  expect([...assistant.entities.keys()].sort()).toEqual(found.filter((topic) => !topic.endsWith('_night/config')));
  expect(assistant.problems).toEqual([]);
  readings.push(...assistant.readings);
  await expectStates(readings);
});

function named(text: string, names: Record<string, string>): string {
  return Object.entries(names).reduce((so, [is, name]) => so.replaceAll(is, name), text);
}

/** Every template makes of every message what Home Assistant can use. */
async function expectStates(readings: readonly Reading[]): Promise<void> {
  const given = readings.filter(({ payload }) => payload !== '');
  expect(new Set(given.map(({ entity }) => entity.component))).toEqual(
    new Set(['binary_sensor', 'event', 'sensor', 'switch']),
  );
  if (!hasJinja) return console.warn("templates were not rendered: Debian's python3-jinja2 is missing");
  const states = await rendered(given);
  const useless = given.filter(({ entity }, n) => !isState(entity, states[n] ?? ''));
  expect(useless.map(({ entity, payload }) => `${entity.topic}: ${payload}`)).toEqual([]);
}
