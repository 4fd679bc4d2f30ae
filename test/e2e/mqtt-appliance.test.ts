/** The real appliance on a real broker, as Home Assistant would see and use it. */
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { listener, mosquitto } from './support/mosquitto.ts';
import { documentedSchemas } from './support/mqtt-schemas.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, arm } from './support/watching.ts';

interface Seen {
  recording: boolean;
  motion: boolean | null;
  scene: { text: string } | null;
  last_alert: { firing_id: string } | null;
}

test('a camera shows its state and its picture on the broker, and its alerts are armed from there', async () => {
  await using camera = await startRtspServer({ file: await passingBlock(240), name: 'yard' });
  await using broker = await mosquitto();
  await broker.start();
  await using ear = await listener(broker.port, '#');
  const mqtt = { url: `mqtt://127.0.0.1:${broker.port}`, homeAssistant: true };
  await using appliance = await TestAppliance.start({ config: { mqtt } });
  const yard = await addCamera(appliance, { url: camera.url, seconds: 2, frames: 2 });
  const alertId = await arm(appliance, yard, { prompt: 'something moves', label: 'moved' });

  const seen = (): Seen | undefined => JSON.parse(ear.last('/cameras/yard/state') ?? 'null') ?? undefined;
  await until('recording, with a scene', () => seen()?.recording === true && typeof seen()?.scene?.text === 'string');
  await until('motion', () => seen()?.motion === true);
  const alerts = () => ear.heard.filter(({ topic }) => topic.endsWith('/alerts/yard/moved'));
  // Alert and state are messages of their own, which come in any order.
  await until('an alert, of which the state tells', () => {
    const newest = alerts().at(-1)?.payload.toString();
    return newest !== undefined && seen()?.last_alert?.firing_id === JSON.parse(newest).firing_id;
  });
  const topic = alerts()[0]?.topic ?? '';
  const own = topic.slice(0, topic.indexOf('/alerts/'));
  const { check } = documentedSchemas();
  for (const { payload } of alerts()) check('alert', JSON.parse(payload.toString()));

  const pictures = () => ear.heard.filter((message) => message.topic === `${own}/cameras/yard/snapshot`);
  await until('a picture', () => pictures().length > 0);
  const before = pictures().length;
  await ear.mqtt.publishAsync(`${own}/cameras/yard/set`, 'snapshot', { qos: 1 });
  await until('a picture that was asked for', () => pictures().length > before);
  expect(pictures().at(-1)?.payload.subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));

  await ear.mqtt.publishAsync(`${own}/rules/${alertId}/set`, 'disarm', { qos: 1 });
  await until('disarmed', () => ear.last(`/rules/${alertId}/state`)?.includes('"armed":false') === true);
  const path = `/rtstream/${yard.streamId}/index/${yard.indexId}/alert`;
  expect(await appliance.data('GET', path)).toMatchObject({ alerts: [{ alert_id: alertId, status: 'disabled' }] });
  const status = await appliance.data('GET', '/v1/status');
  expect(status).toMatchObject({ delivery: { mqtt: { connected: true, state: 'connected' } } });
  const config = ear.heard.find((message) => message.topic.endsWith(`/${yard.streamId}_picture/config`));
  expect(JSON.parse(config?.payload.toString() ?? '')).toMatchObject({ topic: `${own}/cameras/yard/snapshot` });

  await appliance.kill('SIGKILL');
  await until('the broker says that the box is gone', () => ear.statuses().at(-1) === 'offline');
});
