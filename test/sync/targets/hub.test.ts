import { once } from 'node:events';
import { createServer, request as forward, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashKey } from '#domain';
import { listen } from '#http';
import { createLog, type Fault, systemClock } from '#runtime';
import { type Parcel, TargetBusy, TargetOutdated, TargetRefusal } from '#sync';
import { sync } from '../../../src/config/sync.ts';
import { HubTarget } from '../../../src/sync/targets/hub.ts';
import { aReport, aShipment, bodyOf, type Shipment } from '../../fleet/parcels.ts';
import { type Box, openBox } from '../../http/box.ts';
import { NOON } from '../../store/fixture.ts';
import { insist, memoryLine } from './fixture.ts';

const { signal } = new AbortController();
const DAY = 86_400_000;

/** A hub with its real routes. */
interface Door extends AsyncDisposable {
  hub: Box;
  url: string;
}

let door: Door;
beforeAll(async () => {
  const hub = await openBox();
  const server = await listen(hub.app, { host: '127.0.0.1', port: 0 }, createLog('silent'));
  door = {
    hub,
    url: `http://127.0.0.1:${server.address.port}`,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
    },
  };
});
afterAll(() => door[Symbol.asyncDispose]());

/** A box that has a key of its own on the hub. */
function aBox(boxId: string, { url = door.url, token = `sk-${boxId}`, version = '0.0.0-test' } = {}) {
  if (door.hub.store.keys.find(hashKey(token)) === undefined) door.hub.store.keys.add(hashKey(token), boxId, ['edge']);
  const [config] = sync.parse({ targets: [{ kind: 'hub', name: 'hub', url, token }] }).targets;
  if (config?.kind !== 'hub') throw new Error('no hub');
  return HubTarget.start(config, { report: async () => aReport(boxId, { version }), clock: systemClock, env: {} });
}

const parcelsOf = ({ heads, bodies }: Shipment): Parcel[] =>
  heads.map(({ body, ...head }) => {
    const bytes = bodies.get(head.key);
    return body && bytes ? { ...head, body: bodyOf(bytes, body.mediaType) } : head;
  });

describe('the target that is a hub', () => {
  it('brings all kinds of parcels there, so that they are found, and twice the same nothing new', async () => {
    await using box = aBox('box-a');
    const shipment = aShipment('box-a');
    const lines = [];
    for (const parcel of [...parcelsOf(shipment), ...parcelsOf(shipment)]) {
      const line = memoryLine();
      await box.send(parcel, line, signal);
      lines.push(line);
    }
    expect(lines.map(({ moved }) => moved)).toEqual([0, 0, 20_000, 0, 300_000, 300_000, 0, 0, 0, 0, 0, 0]);
    const { hub } = door;
    const { data } = await hub.call('GET', '/rtstream');
    expect(data.results).toMatchObject([
      { id: shipment.stream.id, name: 'Yard', box_id: 'box-a', status: 'connected' },
    ]);
    const found = await hub.call('POST', `/rtstream/${shipment.stream.id}/search`, { query: 'tractor' });
    expect(found.data.results).toHaveLength(3);
    expect((await hub.call('GET', '/v1/alerts')).data.alerts).toHaveLength(1);
    expect((await hub.call('GET', '/v1/boxes')).data.boxes).toMatchObject([
      { id: 'box-a', name: 'Barn', online: true },
    ]);
    const metrics = await hub.app.request('http://box/metrics', { headers: { 'x-access-token': 'sk-right' } });
    expect(await metrics.text()).toMatch(/watchpost_box_online\{box="box-a",name="Barn"\} 1\n/);
    expect(hub.store.segments.inRange(shipment.stream.id, NOON, NOON + DAY)).toHaveLength(2);
    const index = hub.store.indexes.listByStream(shipment.stream.id)[0]?.id;
    for (const [method, path, body] of [
      ['PATCH', `/rtstream/${shipment.stream.id}`, { name: 'Mine' }],
      ['POST', `/rtstream/${shipment.stream.id}/index/scene`, { prompt: 'cats' }],
      ['PATCH', `/rtstream/${shipment.stream.id}/index/scene/${index}/status`, { action: 'stop' }],
    ] as const) {
      expect(await hub.call(method, path, body)).toMatchObject({ status: 409, message: /belongs to the box box-a/ });
    }
  });

  it('gets a large one there over a line that breaks before any try could', async () => {
    await using box = aBox('box-b');
    const shipment = aShipment('box-b');
    const [head] = shipment.heads.filter(({ kind }) => kind === 'segment');
    if (head?.kind !== 'segment') throw new Error('no segment');
    const bytes = Buffer.alloc(3_000_000, 5);
    const parcel: Parcel = { ...head, body: bodyOf(bytes, 'video/iso.segment') };
    let taken = 0;
    const line = memoryLine();
    const fragile = {
      ...line,
      progressed: () => undefined,
      async take(more: number) {
        if (Math.floor((taken + more) / 700_000) > Math.floor(taken / 700_000)) {
          taken += more;
          throw new Error('the line broke');
        }
        taken += more;
      },
    };
    const failures = await insist(box, parcel, { line: fragile });
    expect(failures.length).toBeGreaterThan(3);
    const [segment] = door.hub.store.segments.inRange(shipment.stream.id, NOON, NOON + DAY);
    expect(segment?.bytes).toBe(bytes.byteLength);
  });

  it('gets a large one there through a proxy that takes no large requests', async () => {
    const refused: number[] = [];
    const front = createServer((request, response) => {
      const bytes = Number(request.headers['content-length']);
      if (bytes > 2 ** 20) {
        refused.push(bytes);
        request.resume().on('end', () => response.writeHead(413).end('<html>nginx'));
        return;
      }
      const { method, headers } = request;
      const onward = forward(door.url + request.url, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    }).listen(0, '127.0.0.1');
    await once(front, 'listening');
    // `address()` of a server that listens on TCP.
    const { port } = front.address() as AddressInfo;
    {
      await using box = aBox('box-g', { url: `http://127.0.0.1:${port}` });
      const shipment = aShipment('box-g');
      const [head] = shipment.heads.filter(({ kind }) => kind === 'segment');
      if (head?.kind !== 'segment') throw new Error('no segment');
      const parcel: Parcel = { ...head, body: bodyOf(Buffer.alloc(9_000_000, 6), 'video/iso.segment') };
      expect(await insist(box, parcel)).toEqual([]);
      expect(refused.length).toBeLessThanOrEqual(1);
      const [segment] = door.hub.store.segments.inRange(shipment.stream.id, NOON, NOON + DAY);
      expect(segment?.bytes).toBe(9_000_000);
    }
    front.closeAllConnections();
    front.close();
  });

  it('says what is wrong, and gives up only what the hub will never take', async () => {
    const [alert] = parcelsOf(aShipment('box-c'));
    if (!alert) throw new Error('no alert');
    const problem = (box: HubTarget, parcel = alert): Promise<Fault> =>
      box.send(parcel, memoryLine(), signal).then(
        () => Promise.reject(new Error('it was taken')),
        (error: Fault) => error,
      );
    await using unknown = aBox('box-c', { url: door.url, token: 'sk-canary' });
    door.hub.store.keys.revoke(door.hub.store.keys.find(hashKey('sk-canary'))?.id ?? 0);
    expect(await problem(unknown)).toMatchObject({ kind: 'unauthorized', message: /doesn’t know this token/ });
    await using foreign = aBox('box-d', { token: 'sk-box-a' });
    expect(await problem(foreign)).toMatchObject({ kind: 'forbidden', message: /belongs to the box box-a/ });
    await using box = aBox('box-c');
    const wrong = await problem(box, {
      ...alert,
      key: 'box-c/alert/x',
      facts: { ...alert.facts, firing: {} },
    } as never);
    expect(wrong).toBeInstanceOf(TargetRefusal);
    expect(wrong.message).toMatch(/facts\.firing\.id/);
    await box.send(alert, memoryLine(), signal);
    await using thief = aBox('box-e');
    const theirs = { ...JSON.parse(JSON.stringify(alert)), key: 'box-e/alert/x' };
    expect(await problem(thief, theirs)).toMatchObject({ kind: 'forbidden', message: /does not belong to this box/ });
  });

  it('keeps what a hub of another version does not take, and what somebody on the way refuses', async () => {
    const [alert] = parcelsOf(aShipment('box-h'));
    if (!alert) throw new Error('no alert');
    const newer = { ...alert, facts: { ...alert.facts, firing: {} } } as never; // As another version might write it.
    await using box = aBox('box-h', { version: '9.0.0' });
    const problem = await box.send(newer, memoryLine(), signal).catch((thrown: unknown) => thrown);
    expect(problem).toBeInstanceOf(TargetOutdated);
    expect(problem).toMatchObject({ message: /the hub has version 0\.0\.0-test and takes this: .*facts\.firing/ });

    let takes = ['segment'];
    const asked: (string | undefined)[] = [];
    const http = createServer((request, response) => {
      asked.push(request.url);
      const hello = JSON.stringify({ success: true, data: { hub: { version: '0.0.0-test' }, takes } });
      const isHello = request.url === '/v1/edge/hello';
      const answer = isHello ? hello : '<html>The plain HTTP request was sent to HTTPS port';
      request.resume().on('end', () => response.writeHead(isHello ? 200 : 400).end(answer));
    }).listen(0, '127.0.0.1');
    await once(http, 'listening');
    // `address()` of a server that listens on TCP.
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    {
      await using old = aBox('box-h', { url });
      await expect(old.send(alert, memoryLine(), signal)).rejects.toThrow(/takes no alert yet; give both/);
      expect(asked).not.toContain('/v1/edge/parcels');
    }
    takes = ['alert'];
    {
      await using far = aBox('box-h', { url });
      const refused = await far.send(alert, memoryLine(), signal).catch((thrown: unknown) => thrown);
      expect(refused).toMatchObject({ kind: 'unavailable', message: /no Watchpost of this version \(400\)/ });
      expect(refused).not.toBeInstanceOf(TargetRefusal);
    }
    http.closeAllConnections();
    http.close();
  });

  it('leaves a hub alone that is full, and whoever is none', async () => {
    const [alert] = parcelsOf(aShipment('box-f'));
    if (!alert) throw new Error('no alert');
    const failing = async (listener: RequestListener) => {
      const http = createServer(listener).listen(0, '127.0.0.1');
      await once(http, 'listening');
      // `address()` of a server that listens on TCP.
      const { port } = http.address() as AddressInfo;
      await using box = aBox('box-f', { url: `http://127.0.0.1:${port}` });
      const error = await box.send(alert, memoryLine(), signal).catch((thrown: unknown) => thrown);
      http.closeAllConnections();
      http.close();
      return error;
    };
    const full = await failing((_request, response) =>
      response.writeHead(503, { 'retry-after': '30' }).end('{"success":false,"message":"full"}'),
    );
    expect(full).toBeInstanceOf(TargetBusy);
    expect(full).toMatchObject({ pauseMs: 30_000 });
    expect(await failing((_request, response) => response.end('<html>'))).toMatchObject({
      message: 'sync.targets.hub: what answers at its address is no Watchpost of this version (200)',
    });
    const moved: RequestListener = (_request, response) =>
      void response.writeHead(308, { location: 'http://elsewhere.example/' }).end();
    expect(await failing(moved)).toMatchObject({ message: /redirects to elsewhere\.example/ });
  });
});
