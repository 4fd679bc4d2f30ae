/**
 * A real camera in whose room the light goes on and off, a hundred alerts on it, a real broker, webhook receivers and a
 * live client, each of which goes away in turn, and a box that is killed twice: everybody gets every alert.
 */
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { startLine } from './support/line.ts';
import { LiveClient } from './support/live-client.ts';
import { MoodyHooks, type Taken } from './support/moody-hooks.ts';
import { type Heard, listener, mosquitto } from './support/mosquitto.ts';
import { Outbox, type OutboxRow } from './support/outbox.ts';
import { freePort } from './support/ports.ts';
import { tempDir } from './support/temp-dir.ts';
import { blinkingRoom } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, allJudged, type Watch } from './support/watching.ts';

/** In all; outages of seconds stand for those of minutes: as many alerts fire in them. */
const FIRINGS = 500;
const HOOKS = 6;
const LABELS = 8;
/** Fire at once, each time that the light goes on, and as many when it goes off. */
const AT_ONCE = HOOKS * LABELS;
/** What is under way when something breaks may come twice: to a broker, and to all webhooks together. */
const UNDER_WAY = { mqtt: 16, webhook: 8 };
const BREAKS = 4;
const PATIENCE_MS = 90_000;

/** One message that somebody got. */
interface Got {
  target: string;
  firingId: string;
  late: boolean;
}

test('everybody gets every alert, in order, whoever was away meanwhile', { timeout: 400_000 }, async () => {
  await using dir = await tempDir();
  await using camera = await startRtspServer({ file: await blinkingRoom(300), name: 'room' });
  await using broker = await mosquitto();
  await broker.start();
  await using ear = await listener(broker.port, 'watchpost/+/alerts/#');
  await using hooks = await MoodyHooks.start(HOOKS);
  const port = await freePort();
  const config = { mqtt: { url: `mqtt://127.0.0.1:${broker.port}` } };
  const start = () => TestAppliance.start({ dataDir: dir.path, config, port, logLevel: 'info' });
  let box = await start();
  try {
    await using line = await startLine(port);
    const ticket = await box.data<{ websocket_url: string }>('GET', '/collection/default/websocket');
    await using client = new LiveClient(`ws://127.0.0.1:${line.port}${new URL(ticket.websocket_url).pathname}`);
    await until('the live client is greeted', () => client.greetings > 0);
    // It hears of what fires from now on: nothing does yet.
    const room = await addCamera(box, { url: camera.url, name: 'room' });
    await armAll(box, room, hooks.urls);
    const armedMs = Date.now();
    using outbox = new Outbox(dir.path);
    let mostWaiting = 0;
    const fire = async (changes: number) => {
      const goal = outbox.firings() + changes * AT_ONCE;
      await until(`${goal} alerts`, () => outbox.firings() >= goal, PATIENCE_MS);
      mostWaiting = Math.max(mostWaiting, outbox.waiting());
    };

    await fire(1);
    await until('an alert everywhere', () => ear.firings().length * hooks.taken.length * client.alerts.length > 0);
    broker.freeze(); // The broker hangs
    await fire(1);
    await broker.stop('SIGKILL'); // and dies.
    await hooks.become('hangs');
    await until('a webhook hangs', () => hooks.missed.hangs > 0);
    await fire(1);
    await box.kill('SIGKILL'); // The box dies meanwhile,
    await hooks.become('away');
    box = await start(); // and comes back while nobody else is there.
    await fire(2);
    await broker.start();
    await hooks.become('fails');
    line.down();
    await until('a webhook is refused', () => hooks.missed.fails > 0, PATIENCE_MS);
    await fire(2);
    const before = hooks.taken.length;
    await hooks.become('well');
    await until('the webhooks catch up', () => hooks.taken.length > before + HOOKS, PATIENCE_MS);
    await box.kill('SIGKILL'); // The box dies in the midst of its backlog.
    await broker.stop('SIGTERM');
    box = await start();
    line.up();
    await fire(1);
    await broker.start();
    await until(`${FIRINGS} alerts`, () => outbox.firings() >= FIRINGS, PATIENCE_MS);
    await box.data('PATCH', `/rtstream/${room.streamId}/status`, { action: 'stop' });
    await allJudged(box);
    await until('nothing waits', () => outbox.waiting() === 0, PATIENCE_MS);
    const fired = outbox.journal();
    await until('the live client has all', () => client.alerts.length >= fired.length, PATIENCE_MS);
    await until('the broker has passed on all', () => new Set(ear.firings()).size >= fired.length, PATIENCE_MS);

    expect(outbox.perScene(armedMs).filter((n) => n !== AT_ONCE)).toEqual([]);
    expect(client.alerts).toEqual(fired);
    expect(client.events.filter(({ data }) => data?.missed)).toEqual([]);
    const got = { mqtt: ear.heard.map(heardOf), webhook: hooks.taken.map(takenOf) };
    for (const channel of ['mqtt', 'webhook'] as const) {
      expectAll(
        got[channel],
        outbox.all().filter((row) => row.channel === channel),
      );
      expect(got[channel].length - fired.length).toBeLessThanOrEqual(BREAKS * UNDER_WAY[channel]);
    }
    for (const { key, body } of hooks.taken) expect(body['firing_id']).toBe(key);
    const live = client.alerts.map((firingId) => ({ target: 'client', firingId, late: false }));
    console.log(`${fired.length} alerts, 2 kills of the box, at most ${mostWaiting} messages waiting`);
    console.table({ MQTT: figuresOf(got.mqtt), webhooks: figuresOf(got.webhook), WebSocket: figuresOf(live) });
  } finally {
    await box[Symbol.asyncDispose]();
  }
});

/** Half of the alerts are about the light going on, half about its going off; each label's go to every hook. */
async function armAll(box: TestAppliance, { streamId, indexId }: Watch, hooks: readonly string[]): Promise<void> {
  for (const change of ['on', 'off']) {
    for (let n = 0; n < LABELS; n += 1) {
      const event = { event_prompt: `the light goes ${change}`, label: `${change}-${n}` };
      const { event_id } = await box.data('POST', '/rtstream/event', event);
      const alert = `/rtstream/${streamId}/index/${indexId}/alert`;
      for (const callback_url of hooks) await box.data('POST', alert, { event_id, callback_url });
    }
  }
}

function heardOf({ topic, payload }: Heard): Got {
  const { firing_id: firingId, late } = JSON.parse(payload.toString());
  return { target: topic.slice(topic.indexOf('/alerts/') + '/alerts/'.length), firingId, late: late === true };
}

function takenOf({ url, key, body }: Taken): Got {
  return { target: url, firingId: key, late: body['late'] === true };
}

/** What came for the first time. */
function firsts(got: readonly Got[]): Got[] {
  const known = new Set<string>();
  return got.filter(({ firingId }) => !known.has(firingId) && known.add(firingId));
}

/** All that was due came, to each target in order. */
function expectAll(got: readonly Got[], due: readonly OutboxRow[]): void {
  const first = firsts(got);
  expect(first.length).toBe(due.length);
  for (const target of new Set(due.map((row) => row.target))) {
    const order = due.filter((row) => row.target === target).map(({ firingId }) => firingId);
    const came = first.filter((message) => message.target === target);
    expect(new Set(came.map(({ firingId }) => firingId))).toEqual(new Set(order));
    expect(overtaken(came, order)).toEqual([]);
  }
}

/** What comes after a younger one must say that it is late: on a machine that is so slow no promise is broken. */
function overtaken(came: readonly Got[], order: readonly string[]): Got[] {
  let youngest = -1;
  return came.filter(({ firingId, late }) => {
    const place = order.indexOf(firingId);
    const isOvertaken = place < youngest && !late;
    youngest = Math.max(youngest, place);
    return isOvertaken;
  });
}

function figuresOf(got: readonly Got[]): Record<string, number> {
  const late = got.filter((message) => message.late).length;
  return { alerts: firsts(got).length, again: got.length - firsts(got).length, late };
}
