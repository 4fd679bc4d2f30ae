import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { connectAsync } from 'mqtt';
import { describe, expect, it, vi } from 'vitest';
import { Delivery } from '#delivery';
import { Evaluator } from '#events';
import { createLog } from '#runtime';
import type { Store } from '#store';
import { fire, hastyClock, links, ok, receiver, streamName } from '../delivery/fixture.ts';
import { anObject, T0, withObjects } from '../events/scenes.ts';
import { anArmedCamera, anIndex, aScene, aStream, openStore, quiet, standingClock } from '../store/fixture.ts';
import { startLine } from './support/line.ts';
import { authority, listener, mosquitto } from './support/mosquitto.ts';
import { freePort } from './support/ports.ts';

const signal = new AbortController().signal;
const mqtt = { channel: 'mqtt', target: 'front-door/person-at-gate' } as const;
const soon = (check: () => void) => vi.waitFor(check, 60_000);

type Mqtt = NonNullable<Parameters<typeof Delivery.start>[0]['mqtt']>;

function delivering(store: Store, broker: Partial<Mqtt> & { url: string }, log = quiet): Promise<Delivery> {
  const clock = hastyClock(10);
  return Delivery.start(
    {
      store,
      links,
      clock,
      log,
      streamName,
      mqtt: { topicPrefix: 'watchpost', homeAssistant: false, discoveryPrefix: 'homeassistant', ...broker },
    },
    signal,
  );
}

const pending = (store: Store) => store.deliveries.due(Number.MAX_SAFE_INTEGER, 1000);

describe('MQTT', () => {
  it('loses nothing when the broker is killed, frozen, away and back', async () => {
    await using at = await openStore();
    const { alert } = anArmedCamera(at.store);
    await using broker = await mosquitto();
    await broker.start();
    await using ear = await listener(broker.port);
    await broker.stop('SIGTERM');

    const fired: string[] = [];
    const fireSome = (n: number) => {
      for (let i = 0; i < n; i += 1) fired.push(fire(at.store, alert, mqtt).id);
    };
    fireSome(5);
    await using delivery = await delivering(at.store, { url: `mqtt://127.0.0.1:${broker.port}` });
    await soon(() => expect(delivery.status().mqtt?.lastError).toContain('ECONNREFUSED'));
    expect(delivery.status()).toMatchObject({ mqtt: { connected: false }, backlog: [{ channel: 'mqtt', pending: 5 }] });

    await broker.start();
    await soon(() => expect(delivery.status()).toMatchObject({ mqtt: { connected: true }, backlog: [] }));
    fireSome(40);
    await soon(() => expect(new Set(ear.firings())).toEqual(new Set(fired)));
    // The ear may have them before the box has the broker's word for it.
    await soon(() => expect(delivery.status().backlog).toEqual([]));

    broker.freeze();
    fireSome(20);
    await soon(() => expect(delivery.status().backlog).toMatchObject([{ pending: 20 }]));
    await broker.stop('SIGKILL');
    await soon(() => expect(delivery.status().mqtt?.connected).toBe(false));
    expect(pending(at.store).map(({ attempts }) => attempts)).toEqual(Array.from({ length: 20 }, () => 0));

    await broker.start();
    fireSome(5);
    await soon(() => expect(new Set(ear.firings())).toEqual(new Set(fired)));
    await soon(() => expect(delivery.status().backlog).toEqual([]));
    expect(delivery.status().delivered.mqtt).toBe(70);
    expect(ear.heard.every(({ qos }) => qos === 1)).toBe(true);
  });

  it('tells of which box each alert is', async () => {
    await using at = await openStore();
    const { alert: own } = anArmedCamera(at.store);
    const theirs = aStream({ boxId: 'box-of-the-barn', origin: 'edge' });
    at.store.streams.create(theirs);
    const index = anIndex(theirs.id);
    at.store.indexes.create(index);
    const sent = { ...own, id: 'f00d', indexId: index.id, streamId: theirs.id };
    at.store.alerts.create(sent);
    await using broker = await mosquitto();
    await broker.start();
    await using ear = await listener(broker.port, '#');
    await using _delivery = await delivering(at.store, { url: `mqtt://127.0.0.1:${broker.port}` });
    const fired = [own, sent].map((alert) => fire(at.store, alert, mqtt).id);
    await soon(() => expect(new Set(ear.firings())).toEqual(new Set(fired)));
    const told = ear.heard
      .filter(({ topic }) => topic.includes('/alerts/'))
      .map(({ payload }) => JSON.parse(payload.toString()));
    const boxOf = (id: string | undefined) => told.find(({ firing_id: firing }) => firing === id)?.box_id;
    expect(fired.map(boxOf)).toEqual([at.store.boxId, 'box-of-the-barn']);
  });

  it('publishes what the webhook would say, under the box, the camera and the label', async () => {
    await using at = await openStore();
    const { index, stream } = anArmedCamera(at.store);
    await using broker = await mosquitto();
    await broker.start();
    await using ear = await listener(broker.port, 'site/a/#');
    const broker_ = { url: `mqtt://127.0.0.1:${broker.port}`, topicPrefix: 'site/a' };
    await using _delivery = await delivering(at.store, broker_);
    const deps = { store: at.store, clock: standingClock(), log: quiet, mqttTopic: true };
    await using _evaluator = await Evaluator.start(deps, signal);
    const facts = withObjects(anObject('person', { zones: ['gate'] }));
    at.store.scenes.add(aScene(index, { facts }), new Float32Array(256).fill(1), 'test');
    await soon(() => expect(ear.firings()).toHaveLength(1));
    const alert = ear.heard.find(({ topic }) => topic.includes('/alerts/'));
    expect(alert?.topic).toBe(`site/a/${at.store.boxId}/alerts/front-door/person-at-gate`);
    expect(JSON.parse(alert?.payload.toString() ?? '')).toMatchObject({
      label: 'person-at-gate',
      rtstream_id: stream.id,
      rtstream_name: 'Front door',
      box_id: at.store.boxId,
      firing_id: at.store.firings.recent({ limit: 1 })[0]?.id,
      start_time: T0 / 1000,
    });
  });

  it('is said to be offline by the broker when the line breaks, and by the box when it stops', async () => {
    await using at = await openStore();
    await using broker = await mosquitto();
    await broker.start();
    await using wire = await startLine(broker.port);
    await using ear = await listener(broker.port);
    {
      await using delivery = await delivering(at.store, { url: `mqtt://127.0.0.1:${wire.port}` });
      await soon(() => expect(ear.statuses()).toEqual(['online']));
      wire.cut();
      await soon(() => expect(ear.statuses()).toEqual(['online', 'offline', 'online']));
      await soon(() => expect(delivery.status().mqtt).toEqual({ connected: true, state: 'connected' }));
    }
    await soon(() => expect(ear.statuses()).toEqual(['online', 'offline', 'online', 'offline']));
    const late = await connectAsync(`mqtt://127.0.0.1:${broker.port}`);
    const retained = new Promise((resolve) => late.on('message', (_, payload) => resolve(payload.toString())));
    await late.subscribeAsync(`watchpost/${at.store.boxId}/status`);
    expect(await retained).toBe('offline');
    await late.endAsync();
  });

  it('says why the broker refuses, never the password', async () => {
    await using at = await openStore();
    await using broker = await mosquitto((_, port) => `listener ${port} 127.0.0.1\nallow_anonymous false\n`);
    await broker.start();
    const written = new PassThrough({ encoding: 'utf8' });
    const url = `mqtt://box:canary@127.0.0.1:${broker.port}`;
    const secrets = { username: 'box', password: 'canary' };
    await using delivery = await delivering(at.store, { url, ...secrets }, createLog('trace', written));
    await soon(() => expect(delivery.status().mqtt?.lastError).toMatch(/not authorized/i));
    expect(String(written.read()) + JSON.stringify(delivery.status())).not.toContain('canary');
  });

  it('speaks TLS with an authority of its own, and WebSocket', async () => {
    await using at = await openStore();
    const { alert } = anArmedCamera(at.store);
    const plainPort = await freePort();
    const wsPort = await freePort();
    await using broker = await mosquitto((dir, port) =>
      [
        'per_listener_settings false\nallow_anonymous true',
        `listener ${port} 127.0.0.1\ncertfile ${dir}/broker.pem\nkeyfile ${dir}/broker.key`,
        `listener ${plainPort} 127.0.0.1`,
        `listener ${wsPort} 127.0.0.1\nprotocol websockets`,
      ].join('\n'),
    );
    const { caFile, issue } = await authority(broker.dir, 'authority');
    await issue('broker');
    await broker.start();
    await using ear = await listener(plainPort);
    const url = `mqtts://127.0.0.1:${broker.port}`;
    {
      await using stranger = await delivering(at.store, { url });
      await soon(() => expect(stranger.status().mqtt?.lastError).toMatch(/self.signed|unable to verify/i));
    }
    {
      await using lost = await delivering(at.store, { url, caFile: join(broker.dir, 'nowhere.pem') });
      await soon(() => expect(lost.status().mqtt?.lastError).toContain('mqtt.caFile'));
    }
    const first = fire(at.store, alert, mqtt).id;
    {
      await using tls = await delivering(at.store, { url, caFile });
      await soon(() => expect(ear.firings()).toEqual([first]));
      // The ear may have it before the box has the broker's word for it, without which it would come again.
      await soon(() => expect(tls.status().backlog).toEqual([]));
    }
    const second = fire(at.store, alert, mqtt).id;
    await using _ws = await delivering(at.store, { url: `ws://127.0.0.1:${wsPort}` });
    await soon(() => expect(ear.firings()).toEqual([first, second]));
  });
});

describe('a webhook whose receiver hangs', () => {
  it('is given up after its timeout and tried again', async () => {
    await using at = await openStore();
    const { alert } = anArmedCamera(at.store);
    await using hook = await receiver((response, nth) => (nth === 1 ? undefined : ok(response)));
    fire(at.store, alert, { channel: 'webhook', target: hook.url });
    await using delivery = await Delivery.start(
      { store: at.store, links, clock: hastyClock(), log: quiet, streamName },
      signal,
    );
    await soon(() => expect(pending(at.store)[0]?.lastError ?? 'delivered').toMatch(/no answer within 10 s|delivered/));
    await soon(() => expect(delivery.status()).toMatchObject({ backlog: [], delivered: { webhook: 1 } }));
    expect(hook.posted).toHaveLength(2);
  });
});
