/** Every way in which a broker fails has a name, and costs no busy loop. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Aedes } from 'aedes';
import { connectAsync } from 'mqtt';
import { expect, it, vi } from 'vitest';
import { Delivery } from '#delivery';
import type { Clock } from '#runtime';
import { systemClock } from '#runtime';
import type { Store } from '#store';
import { fire, links, streamName } from '../delivery/fixture.ts';
import { anArmedCamera, NOON, openStore, quiet } from '../store/fixture.ts';
import { authority, listener, mosquitto } from './support/mosquitto.ts';
import { freePort } from './support/ports.ts';

const run = promisify(execFile);
const signal = new AbortController().signal;
const soon = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 50 });

type Mqtt = NonNullable<Parameters<typeof Delivery.start>[0]['mqtt']>;

/** Sleeps are kept in mind and are over at once: a hundredth of their time. */
function countingClock(): Clock & { slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    nowMs: () => NOON,
    monotonicMs: () => performance.now(),
    sleep: async (ms, stop) => {
      slept.push(ms);
      await systemClock.sleep(ms / 100, stop);
    },
  };
}

function delivering(store: Store, broker: Partial<Mqtt> & { url: string }, clock: Clock = countingClock()) {
  const mqtt = { topicPrefix: 'watchpost', homeAssistant: false, discoveryPrefix: 'homeassistant', ...broker };
  return Delivery.start({ store, links, clock, log: quiet, streamName, mqtt }, signal);
}

it('names what is wrong with certificates, and gets through with the right ones', async () => {
  await using at = await openStore();
  const { alert } = anArmedCamera(at.store);
  const [strictPort, expiredPort] = [await freePort(), await freePort()];
  const withCert = (dir: string, port: number, who: string) =>
    `listener ${port} 127.0.0.1\nallow_anonymous true\ncafile ${dir}/ours.pem\ncertfile ${dir}/${who}.pem\nkeyfile ${dir}/${who}.key`;
  await using broker = await mosquitto((dir, port) =>
    [
      'per_listener_settings true',
      `listener ${port} 127.0.0.1\nallow_anonymous true`,
      `${withCert(dir, strictPort, 'broker')}\nrequire_certificate true`,
      withCert(dir, expiredPort, 'old'),
    ].join('\n'),
  );
  const ours = await authority(broker.dir, 'ours');
  const theirs = await authority(broker.dir, 'theirs');
  await ours.issue('broker');
  await ours.issue('old', -1);
  const box = await ours.issue('box');
  const expiredBox = await ours.issue('expired-box', -1);
  const stranger = await theirs.issue('stranger');
  await broker.start();
  await using ear = await listener(broker.port);
  const strict = `mqtts://127.0.0.1:${strictPort}`;
  const { caFile } = ours;
  const cases: [string, Partial<Mqtt> & { url: string }][] = [
    ['broker_untrusted', { url: strict, ...box }],
    ['broker_untrusted', { url: strict, ...box, caFile: theirs.caFile }],
    ['broker_certificate_expired', { url: `mqtts://127.0.0.1:${expiredPort}`, caFile }],
    ['broker_certificate_other_host', { url: `mqtts://localhost:${strictPort}`, caFile, ...box }],
    ['client_certificate_refused', { url: strict, caFile }],
    ['client_certificate_refused', { url: strict, caFile, ...expiredBox }],
    ['client_certificate_refused', { url: strict, caFile, ...stranger }],
    ['closed', { url: `mqtts://127.0.0.1:${broker.port}`, caFile }],
    ['misconfigured', { url: strict, caFile: '/nowhere/ca.pem' }],
    ['misconfigured', { url: strict, caFile, certFile: box.certFile, keyFile: stranger.keyFile }],
  ];
  for (const [problem, config] of cases) {
    await using delivery = await delivering(at.store, config);
    await soon(() => expect(delivery.status().mqtt).toMatchObject({ connected: false, state: 'waiting', problem }));
    expect(delivery.status().mqtt?.lastError).toMatch(/mqtt\.|certificate|TLS/);
  }
  const { id } = fire(at.store, alert, { channel: 'mqtt', target: 'front-door/person-at-gate' });
  await using delivery = await delivering(at.store, { url: strict, caFile, ...box });
  await soon(() => expect(ear.firings()).toEqual([id]));
  expect(delivery.status().mqtt).toEqual({ connected: true, state: 'connected' });
});

it('waits longer after each refused login, and says what the ACL refuses while the rest goes on', async () => {
  await using at = await openStore();
  const { alert } = anArmedCamera(at.store);
  await using broker = await mosquitto(
    (dir, port) => `listener ${port} 127.0.0.1\npassword_file ${dir}/passwords\nacl_file ${dir}/acl`,
  );
  const passwords = join(broker.dir, 'passwords');
  await writeFile(passwords, '');
  for (const user of ['box', 'ear']) await run('mosquitto_passwd', ['-b', passwords, user, 'right']);
  const acl = (lines: string[]) =>
    writeFile(join(broker.dir, 'acl'), `user ear\ntopic read #\nuser box\n${lines.join('\n')}\n`);
  await acl([`topic write watchpost/+/status`, 'topic write watchpost/+/alerts/other/#']);
  await broker.start();
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const clock = countingClock();
  {
    await using delivery = await delivering(at.store, { url, username: 'box', password: 'wrong' }, clock);
    await soon(() => expect(clock.slept.length).toBeGreaterThanOrEqual(8));
    expect(delivery.status().mqtt).toMatchObject({ connected: false, problem: 'login_refused' });
    expect(delivery.status().mqtt?.lastError).toContain('mqtt.password');
  }
  // Half a minute is how long webhooks wait for something to do.
  for (const [n, ms] of clock.slept.filter((ms) => ms !== 30_000).entries()) {
    expect(ms).toBeGreaterThanOrEqual(Math.min(60_000, 1000 * 2 ** n) * 0.8);
  }

  await using ear = await listener(broker.port, '#', { username: 'ear', password: 'right' });
  fire(at.store, alert, { channel: 'mqtt', target: 'front-door/secret' });
  const allowed = fire(at.store, alert, { channel: 'mqtt', target: 'other/open' }).id;
  await using delivery = await delivering(at.store, { url, username: 'box', password: 'right' });
  await soon(() => expect(ear.firings()).toEqual([allowed]));
  const topic = `watchpost/${at.store.boxId}/alerts/front-door/secret`;
  await soon(() => expect(delivery.status().mqtt).toMatchObject({ connected: true, refused: [topic] }));
  expect(delivery.status().mqtt?.lastError).toContain('ACL');
  // The ear may have it before the box has the broker's word for it.
  await soon(() => expect(delivery.status().backlog).toMatchObject([{ channel: 'mqtt', pending: 1 }]));
});

it('gives up a broker that takes the connection and says nothing', async () => {
  await using at = await openStore();
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  {
    await using delivery = await delivering(at.store, { url: `mqtt://127.0.0.1:${port}` });
    await soon(() => expect(delivery.status().mqtt).toMatchObject({ connected: false, problem: 'hangs' }));
    expect(sockets.length).toBeLessThanOrEqual(2);
  }
  server.close();
});

it('has an id of its own, which another client can take', async () => {
  await using at = await openStore();
  await using broker = await mosquitto();
  await broker.start();
  const url = `mqtt://127.0.0.1:${broker.port}`;
  // It comes back in a minute, not in a second: until then everybody can see that it is away.
  const slow: Clock = { ...systemClock, sleep: (ms, stop) => systemClock.sleep(ms * 60, stop) };
  await using delivery = await delivering(at.store, { url, clientId: 'yard-box' }, slow);
  await soon(() => expect(delivery.status().mqtt).toEqual({ connected: true, state: 'connected' }));
  const other = await connectAsync(url, { clientId: 'yard-box', protocolVersion: 5, reconnectPeriod: 0 });
  await soon(() => expect(delivery.status().mqtt).toMatchObject({ connected: false, problem: 'closed' }));
  await other.endAsync(true);
});

it('speaks MQTT 3.1.1 with a broker that knows no other', async () => {
  await using at = await openStore();
  const { alert } = anArmedCamera(at.store);
  const aedes = await Aedes.createBroker();
  const server = createServer(aedes.handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  {
    await using ear = await listener(port);
    const { id } = fire(at.store, alert, { channel: 'mqtt', target: 'front-door/person-at-gate' });
    const clock = countingClock();
    await using _delivery = await delivering(at.store, { url: `mqtt://127.0.0.1:${port}` }, clock);
    await soon(() => expect(ear.firings()).toEqual([id]));
    expect(clock.slept.filter((ms) => ms >= 500 && ms <= 1000)).toEqual([]);
  }
  await new Promise<void>((resolve) => aedes.close(resolve));
  server.close();
});
