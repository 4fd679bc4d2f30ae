/**
 * How long it takes from a window that has been described to the alert at its receivers, and what armed rules cost: the
 * real evaluator, outbox and store, a real broker, webhook receiver and WebSocket client, all on this machine. How long
 * a window takes to be described is what `seeing` measures.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { cpus, loadavg } from 'node:os';
import { json } from 'node:stream/consumers';
import { setTimeout as timer } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { WebSocket, WebSocketServer } from 'ws';
import { Delivery, Hub } from '#delivery';
import type { SceneIndex } from '#domain';
import { compileRule, Evaluator } from '#events';
import { createLog, Lifetime, systemClock } from '#runtime';
import { Store } from '#store';
import { mosquitto } from '../e2e/support/mosquitto.ts';
import { portOf } from '../e2e/support/ports.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { until } from '../e2e/support/waiting.ts';
import { anObject, EMPTY, withObjects } from '../events/scenes.ts';
import { aCamera, anAlert, anEvent, aScene } from '../store/fixture.ts';
import type { Figures } from './main.ts';
import { endProgress, showProgress } from './progress.ts';

const SECONDS = 25;
const WINDOW_MS = 5000;
/** Of all cameras together; every other one makes one rule of its camera fire. */
const WINDOWS_PER_S = { 1: 4, 8: 8 } as const;
const COSTED = 300;
const VECTOR = new Float32Array(256).fill(1 / 16);
const PERSON = withObjects(anObject('person', { zones: ['gate'], entered: ['gate'] }));
const CHANNELS = ['mqtt', 'webhook', 'ws'] as const;
const PROMPTS = [
  'a dog',
  'more than 3 people',
  'a car stays for 5 minutes',
  'no one is at the gate for 2 hours',
  'the lights go off',
  'a dog barks',
  'somebody says help',
] as const;

type Channel = (typeof CHANNELS)[number];
type Arrived = (channel: Channel, alert: unknown) => void;
const log = createLog('silent');
const about = { clock: systemClock, log };
const links = { streamUrl: () => 'http://box/hls/x.m3u8', playerUrl: () => 'http://box/watch?v=x' };

export async function alerts(): Promise<Figures> {
  const loadBefore = loadavg()[0] ?? 0;
  const figures: Figures = {};
  const p95: Record<Channel, number> = { mqtt: 0, webhook: 0, ws: 0 };
  for (const cameras of [1, 8] as const) {
    for (const rules of [1, 50]) {
      showProgress(`${cameras} cameras, ${rules} rules each`);
      const times = await measured(cameras, rules);
      for (const channel of CHANNELS) {
        const name = `${channel}_${cameras}cam_${rules}rules`;
        figures[`${name}_p50_ms`] = quantile(times[channel], 0.5);
        figures[`${name}_p95_ms`] = quantile(times[channel], 0.95);
        p95[channel] = Math.max(p95[channel], quantile(times[channel], 0.95));
      }
    }
  }
  showProgress('cost of rules');
  const [one, fifty] = [await costOf(1), await costOf(50)];
  endProgress();
  const worst = { mqtt_p95_ms: p95.mqtt, webhook_p95_ms: p95.webhook, ws_p95_ms: p95.ws };
  const machine = { cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`, load_before: round(loadBefore) };
  return { ...worst, rules50_ms: fifty, rules1_ms: one, ...figures, ...machine };
}

/** Milliseconds from scene to receiver, of every alert. Throws when one is missing. */
async function measured(cameras: 1 | 8, rules: number): Promise<Record<Channel, number[]>> {
  const life = new Lifetime();
  try {
    const { signal } = new AbortController();
    const dir = life.use(await tempDir());
    const store = life.use(await Store.open(dir.path, about));
    const sentAt = new Map<string, number>();
    const times: Record<Channel, number[]> = { mqtt: [], webhook: [], ws: [] };
    const arrived: Arrived = (channel, alert) => {
      const { rtstream_id: stream, end_time: endS } = Object(alert);
      const at = sentAt.get(`${stream} ${endS}`);
      if (at !== undefined) times[channel].push(performance.now() - at);
    };
    const hub = life.use(Hub.start({ store, links, ...about, streamName: String }));
    await clientOf(hub, life, arrived);
    const hook = await hookAt(life, arrived);
    const mqtt = await brokerAt(life, arrived);
    const indexes = Array.from({ length: cameras }, () => arm(store, rules, hook));
    const delivery = life.use(await Delivery.start({ store, links, ...about, streamName: String, mqtt }, signal));
    await until('the broker', () => delivery.status().mqtt?.connected);
    life.use(await Evaluator.start({ store, ...about, mqttTopic: true }, signal));
    let fired = 0;
    const count = SECONDS * WINDOWS_PER_S[cameras];
    for (let n = 0; n < count; n += 1) {
      const index = indexes[n % cameras];
      const nth = Math.floor(n / cameras);
      if (!index) break;
      const endMs = addWindow(store, index, nth, (when) =>
        sentAt.set(`${index.streamId} ${when / 1000}`, performance.now()),
      );
      if (endMs) fired += 1;
      await timer(1000 / WINDOWS_PER_S[cameras]);
    }
    await until('all alerts', () => CHANNELS.every((channel) => times[channel].length >= fired));
    return times;
  } finally {
    await life[Symbol.asyncDispose]();
  }
}

/** Somebody is there in every other window; whether it is one of those. */
function addWindow(store: Store, index: SceneIndex, nth: number, before: (endMs: number) => void): boolean {
  const endMs = index.resumedMs + (nth + 1) * WINDOW_MS;
  const isThere = nth % 2 === 1;
  before(endMs);
  const facts = isThere ? PERSON : EMPTY;
  store.scenes.add(aScene(index, { startMs: endMs - WINDOW_MS, endMs, facts }), VECTOR, 'bench');
  return isThere;
}

/** A camera with so many rules, of which one fires. */
function arm(store: Store, rules: number, callbackUrl: string): SceneIndex {
  const { index } = aCamera(store);
  for (let n = 0; n < rules; n += 1) {
    const prompt = n === 0 ? 'a person is at the gate' : (PROMPTS[n % PROMPTS.length] ?? '');
    const event = anEvent({ prompt, rule: compileRule(prompt, { zones: ['gate'] }) });
    store.events.create(event);
    store.alerts.create(anAlert(index, event, { callbackUrl, createdMs: index.createdMs }));
  }
  return index;
}

/** Milliseconds of the evaluator for one window of an index with so many rules, its transaction included. */
async function costOf(rules: number): Promise<number> {
  await using dir = await tempDir();
  await using store = await Store.open(dir.path, about);
  const index = arm(store, rules, '');
  await using evaluator = await Evaluator.start({ store, ...about, mqttTopic: false }, AbortSignal.abort());
  const times: number[] = [];
  for (let nth = 0; nth < COSTED; nth += 1) {
    addWindow(store, index, nth, () => undefined);
    const began = performance.now();
    evaluator.runOnce();
    times.push(performance.now() - began);
  }
  return quantile(times, 0.5);
}

async function clientOf(hub: Hub, life: Lifetime, arrived: Arrived): Promise<void> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  life.defer(() => server.close());
  await once(server, 'listening');
  server.on('connection', (socket) => {
    const seat = hub.accept(
      {
        send: (text, sent) => socket.send(text, sent),
        get bufferedBytes() {
          return socket.bufferedAmount;
        },
        close: (code, reason) => socket.close(code, reason),
        terminate: () => socket.terminate(),
      },
      { connectionId: 'conn-1-bench', keyId: 1 },
    );
    socket.once('close', () => seat.closed());
  });
  const client = new WebSocket(`ws://127.0.0.1:${portOf(server.address())}`);
  life.defer(() => client.terminate());
  client.on('message', (data) => {
    const frame = JSON.parse(data instanceof Buffer ? data.toString() : 'null');
    if (frame?.channel === 'alert') arrived('ws', { rtstream_id: frame.rtstream_id, end_time: frame.data.end / 1000 });
  });
  await once(client, 'message');
}

async function hookAt(life: Lifetime, arrived: Arrived): Promise<string> {
  const server = createServer(async (request, response) => {
    const alert = await json(request);
    arrived('webhook', alert);
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

async function brokerAt(life: Lifetime, arrived: Arrived) {
  const broker = life.use(await mosquitto());
  await broker.start();
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const client = await connectAsync(url);
  life.defer(() => client.endAsync());
  client.on('message', (_topic, payload) => arrived('mqtt', JSON.parse(payload.toString())));
  await client.subscribeAsync('watchpost/+/alerts/#', { qos: 1 });
  return { url, topicPrefix: 'watchpost', homeAssistant: false, discoveryPrefix: 'homeassistant' };
}

function quantile(times: readonly number[], q: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
