import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hashKey, type Scope } from '#domain';
import type { PackDesk } from '#models';
import { createLog, RecentLines } from '#runtime';
import { addStream, type Box, openBox } from './box.ts';

const PACK = { name: 'tiny', task: 'voice-activity', licence: 'MIT', here: true } as const;

let box: Box;
const recentLog = new RecentLines();
const restart = vi.fn<() => void>();
beforeEach(async () => {
  restart.mockReset();
  box = await openBox({ recentLog, restart });
});
afterEach(() => box[Symbol.asyncDispose]());

function addKey(...scopes: Scope[]): { id: number; headers: Record<string, string> } {
  const key = `sk-${scopes.join('-')}`;
  return { id: box.store.keys.add(hashKey(key), scopes.join(' '), scopes), headers: { 'x-access-token': key } };
}

describe('keys over HTTP', () => {
  it('are made, shown once, listed, and end at once', async () => {
    const made = await box.call('POST', '/v1/control/keys', { label: 'wall', scopes: ['read', 'read'] });
    expect(made).toMatchObject({ status: 201, data: { label: 'wall', scopes: ['read'] } });
    const { id, key } = made.data;
    const asWall = { 'x-access-token': key };
    expect((await box.call('GET', '/v1/groups', undefined, asWall)).status).toBe(200);
    const { data } = await box.call('GET', '/v1/control/keys');
    expect(data.keys).toContainEqual(expect.objectContaining({ id, label: 'wall', last_used_ms: expect.any(Number) }));
    expect(JSON.stringify(data)).not.toContain(key);
    expect((await box.call('DELETE', `/v1/control/keys/${id}`)).status).toBe(200);
    expect((await box.call('GET', '/v1/groups', undefined, asWall)).status).toBe(401);
    expect((await box.call('DELETE', `/v1/control/keys/${id}`)).status).toBe(404);
    expect((await box.call('DELETE', '/v1/control/keys/x')).status).toBe(404);
  });

  it.each([[[]], [['root']], ['all'], [undefined]])('refuses the scopes %j', async (scopes) => {
    expect(await box.call('POST', '/v1/control/keys', { label: 'x', scopes })).toMatchObject({
      status: 400,
      message: expect.stringContaining('scopes'),
    });
  });

  it.each<[Scope, number]>([
    ['read', 201],
    ['control', 201],
    ['all', 403],
    ['edge', 403],
  ])('with one for control one makes one for %s: %i', async (scope, status) => {
    const { headers } = addKey('control');
    const answer = await box.call('POST', '/v1/control/keys', { label: 'x', scopes: [scope] }, headers);
    expect(answer.status).toBe(status);
  });

  it('keep the last one that opens everything, and those that open more than one’s own', async () => {
    expect(await box.call('DELETE', '/v1/control/keys/1')).toMatchObject({ status: 409, error_code: 'conflict' });
    addKey('all');
    const { headers } = addKey('control');
    expect((await box.call('DELETE', '/v1/control/keys/1', undefined, headers)).status).toBe(403);
    expect((await box.call('DELETE', '/v1/control/keys/1')).status).toBe(200);
  });
});

describe('the audit log', () => {
  const entries = async (query = '') =>
    (await box.call('GET', `/v1/control/audit${query}`, undefined, admin)).data.entries;
  let admin: Record<string, string>;
  beforeEach(() => {
    admin = addKey('all').headers;
  });

  it('says who changed what and what was refused, newest first, and no secret', async () => {
    const made = await box.call('POST', '/v1/control/keys', { label: 'wall', scopes: ['read'] });
    await box.call('DELETE', '/v1/control/keys/999');
    await box.call('POST', '/v1/control/keys', { label: 'x', scopes: ['all'] }, addKey('read').headers);
    await box.call('PUT', '/v1/groups/night', {}); // Has a log of its own.
    expect(await entries()).toMatchObject([
      { who: 'key "read"', what: 'POST /v1/control/keys', result: 'forbidden' },
      { who: 'key "test"', what: 'DELETE /v1/control/keys/999', result: 'not_found' },
      { who: 'key "test"', what: 'POST /v1/control/keys', result: 'done', detail: 'key 3 "wall" for read' },
    ]);
    const [newest] = await entries('?limit=1');
    expect(await entries(`?before=${newest.id}`)).toHaveLength(2);
    expect(JSON.stringify(await entries())).not.toContain(made.data.key);
  });

  it('says what a hub asked for, and counts what changed nothing', async () => {
    const caller = { keyId: 0, name: 'hub "office"', scopes: ['read', 'control'], from: 'https://hub' } as const;
    const ask = (method: string, path: string) => box.app.request(`http://box${path}`, { method }, { caller });
    for (let i = 0; i < 3; i += 1) expect((await ask('GET', '/v1/status')).status).toBe(200);
    expect((await ask('PUT', '/v1/groups/night')).status).toBe(403);
    expect((await ask('DELETE', '/v1/control/keys/999')).status).toBe(404);
    expect((await ask('DELETE', '/v1/control/keys/999')).status).toBe(404);
    expect(await entries()).toMatchObject([
      { who: 'hub "office"', from: 'https://hub', what: 'DELETE /v1/control/keys/999', times: 1 },
      { who: 'hub "office"', from: 'https://hub', what: 'DELETE /v1/control/keys/999', times: 1 },
      { what: 'PUT /v1/groups/night', result: 'forbidden', times: 1 },
      { what: 'GET /v1/status', result: 'done', times: 3 },
    ]);
  });

  it('is bounded', async () => {
    for (let i = 0; i < 3; i += 1) box.store.audit.note({ who: 'w', from: '', what: `${i}`, result: 'done' });
    const { entries: all } = (await box.call('GET', '/v1/control/audit?limit=1000')).data;
    expect(all.map(({ what }: { what: string }) => what)).toEqual(['2', '1', '0']);
    expect((await box.call('GET', '/v1/control/audit?limit=1001')).status).toBe(400);
  });
});

describe('the box from afar', () => {
  it('is well, or says what is not, the most urgent first', async () => {
    const stream = addStream(box.store);
    box.live.statuses = [
      {
        streamId: stream.id,
        phase: 'waiting',
        sinceMs: 0,
        lastError: 'wrong password',
        restarts: 3,
        fpsSeen: 0,
        framesSeen: 0,
        framesDropped: 0,
        windowsDropped: 0,
        degraded: [],
        segmentsWritten: 0,
        bytesWritten: 0,
        notes: [],
      },
    ];
    expect((await box.call('GET', '/v1/control/status')).data).toEqual({
      ok: false,
      attention: expect.arrayContaining(
        ['camera "Gate": wrong password', 'MQTT: away'].map((what) => ({ what, remedy: expect.any(String) })),
      ),
      box: { id: box.store.boxId, name: 'test box', version: '0.0.0-test', uptime_s: expect.any(Number) },
      cameras: 1,
      recording: 0,
    });
    box.live.statuses = [];
    box.deps.delivery.status = () => ({});
    expect((await box.call('GET', '/v1/control/status')).data.attention).toEqual([]);
  });

  it('says what ails the machine that it runs on, and what helps', async () => {
    box.deps.delivery.status = () => ({});
    const well = { cores: 4, memoryBytes: 1e9, memoryFreeBytes: 5e8, temperatureC: 60, limits: [], earlierLimits: [] };
    const attention = async (change: object) => {
      box.deps.machine.status = () => ({ ...well, ...change });
      return (await box.call('GET', '/v1/status')).data.attention;
    };
    expect(await attention({ earlierLimits: ['undervoltage'] })).toEqual([]);
    expect(
      await attention({ temperatureC: 82, memoryFreeBytes: 2e7, limits: ['undervoltage', 'throttled'] }),
    ).toMatchObject([
      { what: 'power: the machine gets too little voltage', remedy: expect.stringContaining('power supply') },
      { what: 'heat: the machine, at 82 °C, slows itself down', remedy: expect.stringContaining('fan') },
      { what: 'memory: 20 MB of 1000 MB are free' },
    ]);
    expect(await attention({ temperatureC: 86 })).toMatchObject([
      { what: 'heat: the machine, at 86 °C, is about to slow itself down' },
    ]);
  });

  it('shows the last lines of its log without credentials', async () => {
    const log = createLog('debug', { write: () => true } as unknown as NodeJS.WritableStream, recentLog);
    log.debug('one');
    log.warn({ camera: 'rtsp://admin:canary@10.0.0.9/' }, 'two');
    log.info('three');
    const lines = async (query: string) => (await box.call('GET', `/v1/control/log${query}`)).data.lines;
    expect(await lines('')).toMatchObject([{ msg: 'one' }, { msg: 'two' }, { msg: 'three' }]);
    expect(await lines('?lines=1')).toMatchObject([{ msg: 'three' }]);
    expect(await lines('?level=warn')).toMatchObject([{ msg: 'two', camera: 'rtsp://***@10.0.0.9/' }]);
    expect(JSON.stringify(await lines(''))).not.toContain('canary');
  });

  it('has its model packs fetched and removed', async () => {
    const desk = { list: async () => [PACK], pull: vi.fn<PackDesk['pull']>(), remove: vi.fn<PackDesk['remove']>() };
    Object.assign(box.deps.packDesk, desk);
    expect((await box.call('GET', '/v1/control/models')).data).toEqual({ models: [PACK] });
    await box.call('POST', '/v1/control/models/tiny/pull', { accept_licence: ['X'], update: 'true' });
    await box.call('DELETE', '/v1/control/models/tiny');
    expect(desk.pull.mock.calls).toEqual([['tiny', { acceptedLicences: ['X'], update: true }]]);
    expect(desk.remove.mock.calls).toEqual([['tiny']]);
  });

  it('answers before it restarts', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    expect((await box.call('POST', '/v1/control/restart')).status).toBe(200);
    expect(restart).not.toHaveBeenCalled();
    vi.runAllTimers();
    expect(restart).toHaveBeenCalledOnce();
    vi.useRealTimers();
  });
});
