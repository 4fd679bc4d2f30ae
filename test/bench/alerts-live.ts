import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as timer } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { WebSocket } from 'ws';
import { Lifetime } from '#runtime';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from '../e2e/support/appliance.ts';
import { mosquitto } from '../e2e/support/mosquitto.ts';
import { portOf } from '../e2e/support/ports.ts';
import { blinkingRoom } from '../e2e/support/videos.ts';
import { until } from '../e2e/support/waiting.ts';
import { addCamera, type Watch } from '../e2e/support/watching.ts';
import type { StatusAnswer } from '../e2e/support/wire.ts';
import { showProgress } from './progress.ts';

const MEASURED_S = 60;
const SETTLED_SEGMENTS = 2;
export const CHANNELS = ['mqtt', 'webhook', 'ws'] as const;
/** Of the rules of a camera the first fires, each time that the light goes on. */
const FIRES = 'the light goes on';
const OTHERS = [
  'a dog',
  'more than 3 people',
  'a car stays for 5 minutes',
  'no one is in the room for 2 hours',
  'the camera is covered',
  'a dog barks',
  'somebody says help',
] as const;

export type Channel = (typeof CHANNELS)[number];
type Arrived = (channel: Channel, firingId: unknown, endMs: number) => void;

/**
 * From the end of a window to the alert at its receivers, ms, of each alert: so many RTSP cameras in whose rooms the light
 * goes on every four seconds, so many rules on each, an appliance of their own, a real broker. Throws when a receiver
 * misses an alert that another one got.
 */
export async function measureLive(cameras: number, rules: number): Promise<Record<Channel, number[]>> {
  const life = new Lifetime();
  try {
    const times = {
      mqtt: new Map<string, number>(),
      webhook: new Map<string, number>(),
      ws: new Map<string, number>(),
    };
    let isMeasured = false;
    const arrived: Arrived = (channel, firingId, endMs) => {
      if (isMeasured) times[channel].set(String(firingId), Date.now() - endMs);
    };
    const url = await brokerAt(life, arrived);
    const hook = await hookAt(life, arrived);
    const served = [];
    const file = await blinkingRoom(600);
    for (let n = 0; n < cameras; n += 1) served.push(life.use(await startRtspServer({ file, name: `room-${n}` })));
    const box = life.use(await TestAppliance.start({ config: { mqtt: { url } }, logLevel: 'info' }));
    await clientOf(box, life, arrived);
    for (const [n, camera] of served.entries()) {
      await armed(box, await addCamera(box, { url: camera.url, name: `room ${n}` }), rules, hook);
    }
    await until('all cameras record', async () => (await settled(box, cameras)) || undefined, 120_000);
    showProgress(`${cameras} cameras, ${rules} rules each: measuring`);
    isMeasured = true;
    await timer(MEASURED_S * 1000);
    const ids = new Set(CHANNELS.flatMap((channel) => [...times[channel].keys()]));
    await until('all alerts everywhere', () =>
      CHANNELS.every((channel) => [...ids].every((id) => times[channel].has(id))),
    );
    return { mqtt: [...times.mqtt.values()], webhook: [...times.webhook.values()], ws: [...times.ws.values()] };
  } finally {
    await life[Symbol.asyncDispose]();
  }
}

async function armed(box: TestAppliance, { streamId, indexId }: Watch, rules: number, hook: string): Promise<void> {
  for (let n = 0; n < rules; n += 1) {
    const prompt = n === 0 ? FIRES : OTHERS[n % OTHERS.length];
    const { event_id } = await box.data('POST', '/rtstream/event', { event_prompt: prompt, label: `rule ${n}` });
    await box.data('POST', `/rtstream/${streamId}/index/${indexId}/alert`, { event_id, callback_url: hook });
  }
}

async function settled(box: TestAppliance, count: number): Promise<boolean> {
  const { cameras } = await box.data<StatusAnswer>('GET', '/v1/status');
  return cameras.filter(({ segments_written: written }) => written >= SETTLED_SEGMENTS).length === count;
}

async function clientOf(box: TestAppliance, life: Lifetime, arrived: Arrived): Promise<void> {
  const ticket = await box.data<{ websocket_url: string }>('GET', '/collection/default/websocket');
  const client = new WebSocket(ticket.websocket_url);
  life.defer(() => client.terminate());
  client.on('message', (data: Buffer) => {
    const { channel, data: alert } = JSON.parse(data.toString());
    if (channel === 'alert') arrived('ws', alert.firing_id, alert.end);
  });
  await once(client, 'message');
}

async function hookAt(life: Lifetime, arrived: Arrived): Promise<string> {
  const server = createServer(async (request, response) => {
    const { firing_id: firingId, end_time: endS } = Object(await json(request));
    arrived('webhook', firingId, endS * 1000);
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  life.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${portOf(server.address())}/hook`;
}

async function brokerAt(life: Lifetime, arrived: Arrived): Promise<string> {
  const broker = life.use(await mosquitto());
  await broker.start();
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const client = await connectAsync(url);
  life.defer(() => client.endAsync());
  client.on('message', (_topic, payload) => {
    const { firing_id: firingId, end_time: endS } = JSON.parse(payload.toString());
    arrived('mqtt', firingId, endS * 1000);
  });
  await client.subscribeAsync('watchpost/+/alerts/#', { qos: 1 });
  return url;
}
