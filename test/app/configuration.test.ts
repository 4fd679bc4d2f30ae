import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Config } from '#config';
import type { ConfigLoss } from '#http';
import { createLog, Fault } from '#runtime';
import type { Store } from '#store';
import { Configuration } from '../../src/app/configuration.ts';
import { applyConfiguredCameras } from '../../src/app/configured.ts';
import { openStore, standingClock } from '../store/fixture.ts';

const clock = standingClock();
const log = createLog('silent');
const FILE = 'name: box # ours\ncameras: [{ name: yard, url: "rtsp://10.0.0.9/1" }]\n';

interface Box extends AsyncDisposable {
  store: Store;
  configuration: Configuration;
  config: Config;
  /** What the parts that follow saw, in order. */
  seen: unknown[];
  /** Throws for what a part can't do. */
  refuse: (config: Config) => void;
  /** What giving up the broker loses. */
  losses: ConfigLoss[];
  write(text: string): Promise<void>;
  /** As after a restart of the process. */
  again(): Promise<Configuration>;
}

async function open(text = FILE): Promise<Box> {
  const at = await openStore(clock);
  const file = join(at.dir, 'watchpost.yaml');
  const write = (content: string) => writeFile(file, content);
  await write(text);
  const deps = { source: { file, env: {} }, store: at.store, log };
  const configuration = await Configuration.open(deps);
  const config = configuration.inForce;
  const box: Box = {
    store: at.store,
    configuration,
    config,
    seen: [],
    refuse: () => undefined,
    losses: [],
    write,
    again: () => Configuration.open(deps),
    [Symbol.asyncDispose]: () => at[Symbol.asyncDispose](),
  };
  const parts = [
    {
      of: ['cameras', 'groups'],
      follow: () => void box.seen.push(at.store.streams.list().results.map(({ name }) => name)),
    },
    {
      of: ['mqtt'],
      follow: () => {
        box.refuse(config);
        box.seen.push(config.mqtt?.url);
      },
      loses: (wanted: Config) => (wanted.mqtt ? [] : box.losses),
    },
    { of: ['name'], follow: () => undefined },
  ];
  applyConfiguredCameras(config, at.store, clock);
  configuration.follow(parts, (before) => applyConfiguredCameras(config, at.store, clock, before));
  return box;
}

const problemsOf = async ({ configuration }: Box, patch: unknown) => (await configuration.check({ patch })).problems;

describe('a change', () => {
  it('is in force at once, in the object that everybody reads, and after a restart', async () => {
    await using box = await open();
    const patch = { name: 'gatehouse', cameras: { hall: { url: 'rtsp://10.0.0.8/1' } }, listen: '127.0.0.1:9000' };
    expect(await box.configuration.check({ patch })).toMatchObject({ version: 1, problems: [] });
    expect(box.config.name).toBe('box');
    expect(await box.configuration.apply({ patch }, 'a key')).toEqual({
      version: 2,
      changed: expect.arrayContaining(['name', 'cameras[hall]', 'listen']),
      restartRequired: ['listen'],
    });
    expect(box.config.name).toBe('gatehouse');
    expect(box.seen).toEqual([['hall', 'yard']]);
    expect(box.configuration.status()).toMatchObject({ version: 2, restartRequired: ['listen'] });
    expect((await box.again()).inForce).toEqual(box.config);
    expect(box.configuration.history()).toMatchObject([{ by: 'a key' }, { by: 'configuration file' }]);
  });

  it('that says what is so already makes no version', async () => {
    await using box = await open();
    expect(await box.configuration.apply({ patch: { name: 'box' } }, 'a key')).toMatchObject({
      version: 1,
      changed: [],
    });
  });

  it.each([
    [{ cameras: { yard: { transport: 'quic' } } }, 'cameras[yard].transport', 'must be tcp or udp'],
    [{ cameras: { yard: { url: 'gopher://h' } } }, 'cameras[yard].url', 'must begin with one of rtsp://'],
    [{ cameras: { hall: {} } }, 'cameras[hall].url', 'is missing'],
    [{ cameras: { yard: { urll: 'x' } } }, 'cameras[yard]', 'did you mean `url`'],
    [{ recording: { reservePercent: 200 } }, 'recording.reservePercent', 'must not be more than 90'],
    [{ dataDir: '/elsewhere' }, 'dataDir', 'only be changed in the configuration file'],
    [
      { cameras: { yard: { indexes: { a: { events: [{ prompt: 'xyzzy frobs', label: 'x' }] } } } } },
      'cameras[yard].indexes[a].events[0].prompt',
      '',
    ],
  ])('that is wrong is refused by path and changes nothing: %j', async (patch, path, message) => {
    await using box = await open();
    expect(await problemsOf(box, patch)).toEqual([{ path, message: expect.stringContaining(message) }]);
    const before = structuredClone(box.config);
    await expect(box.configuration.apply({ patch }, 'a key')).rejects.toMatchObject({ kind: 'invalid' });
    expect(box.config).toEqual(before);
    expect(box.configuration.version).toBe(1);
  });

  it('sends no secret to another address, whoever asks; going back to where it was does', async () => {
    await using box = await open('mqtt: { url: "mqtt://a", password: "p" }');
    const away = { mqtt: { url: 'mqtt://b' } };
    const problem = { path: 'mqtt.password', message: expect.stringContaining('another address') };
    expect(await problemsOf(box, away)).toEqual([problem]);
    const yaml = 'mqtt: { url: "mqtt://b", password: (set) }';
    await expect(box.configuration.apply({ yaml }, 'a key')).rejects.toMatchObject({ problems: [problem] });
    const known = { mqtt: { url: 'mqtt://b', password: 'p' } };
    await box.configuration.apply({ patch: known }, 'a key');
    await box.configuration.apply({ version: 1 }, 'a key');
    expect(box.config.mqtt).toMatchObject({ url: 'mqtt://a', password: 'p' });
  });

  it('that can’t be taken back in the store is taken back in the parts', async () => {
    await using box = await open();
    const { configVersions } = box.store;
    const full = () => {
      throw new Error('the disk is full');
    };
    box.refuse = ({ mqtt }) => {
      if (!mqtt) return;
      Object.assign(configVersions, { takeBack: full });
      throw new Fault('unavailable', 'mqtt: no');
    };
    const change = box.configuration.apply({ patch: { name: 'a', mqtt: { url: 'mqtt://h' } } }, 'a key');
    await expect(change).rejects.toThrow('mqtt: no');
    expect(box.config.name).toBe('box');
    expect(box.seen).toEqual([undefined]);
  });

  it('made for another version than the one in force is a conflict', async () => {
    await using box = await open();
    await box.configuration.apply({ patch: { name: 'a' } }, 'a key', { version: 1, lossless: true });
    const late = box.configuration.apply({ patch: { name: 'b' } }, 'another key', { version: 1, lossless: true });
    await expect(late).rejects.toMatchObject({ kind: 'conflict' });
    expect(box.config.name).toBe('a');
  });

  it('by which something is lost is made for who knows it, and by the file', async () => {
    await using box = await open(`${FILE}mqtt: { url: "mqtt://h" }\n`);
    box.losses = [{ path: 'mqtt', message: '3 things wait for it' }];
    const patch = { mqtt: null };
    expect(await box.configuration.check({ patch })).toMatchObject({ changed: ['mqtt'], losses: box.losses });
    expect(await box.configuration.check({ patch: { name: 'a' } })).toMatchObject({ changed: ['name'], losses: [] });
    const unaware = box.configuration.apply({ patch }, 'a key', { lossless: true });
    await expect(unaware).rejects.toMatchObject({
      kind: 'conflict',
      message: 'mqtt: 3 things wait for it. Ask with force=true to do it all the same',
    });
    expect(box.config.mqtt?.url).toBe('mqtt://h');
    await box.configuration.apply({ patch: { name: 'a' } }, 'a key', { lossless: true });
    await box.configuration.apply({ patch }, 'a key', { lossless: false });
    expect('mqtt' in box.config).toBe(false);
    await box.configuration.apply({ version: 1 }, 'a key');
    await box.write(FILE);
    await expect(box.configuration.reload('a key', { lossless: true })).rejects.toMatchObject({ kind: 'conflict' });
    expect(box.config.mqtt?.url).toBe('mqtt://h');
    await box.configuration.reload();
    expect('mqtt' in box.config).toBe(false);
  });

  it('that a part can’t follow is taken back by itself: store, parts, versions', async () => {
    await using box = await open();
    box.refuse = ({ mqtt }) => {
      if (mqtt) throw new Fault('invalid', 'mqtt.caFile: is no PEM file');
    };
    const patch = { cameras: { yard: null, hall: { url: 'rtsp://10.0.0.8/1' } }, mqtt: { url: 'mqtt://h' } };
    await expect(box.configuration.apply({ patch }, 'a key')).rejects.toThrow(
      'mqtt.caFile: is no PEM file; the configuration is as it was before',
    );
    expect(box.config.cameras.map(({ name }) => name)).toEqual(['yard']);
    expect('mqtt' in box.config).toBe(false);
    const wanted = box.store.streams.list({ status: 'connected' }).results.map(({ name }) => name);
    expect(wanted).toEqual(['yard']);
    expect(box.seen).toEqual([['hall', 'yard'], ['hall', 'yard'], undefined]);
    expect(box.configuration.history()).toMatchObject([{ version: 1 }]);
    expect((await box.again()).inForce).toEqual(box.config);
  });

  it('that the store can’t keep leaves nothing behind', async () => {
    await using box = await open();
    box.store.streams.create = () => {
      throw new Fault('unavailable', 'the disk is full');
    };
    const change = box.configuration.apply({ patch: { cameras: { hall: { url: 'rtsp://10.0.0.8/1' } } } }, 'a key');
    await expect(change).rejects.toThrow('the disk is full');
    expect(box.seen).toEqual([]);
    expect(box.configuration.version).toBe(1);
    expect(box.config.cameras).toHaveLength(1);
  });

  it('is taken back by going back to a version, also one that the file made', async () => {
    await using box = await open();
    await box.configuration.apply({ patch: { name: 'a', mqtt: { url: 'mqtt://h' } } }, 'a key');
    await box.write(FILE.replace('box', 'lodge'));
    await box.configuration.reload();
    expect(box.config.name).toBe('a');
    expect(await box.configuration.apply({ version: 1 }, 'a key')).toMatchObject({
      version: 4,
      changed: ['mqtt', 'name'],
    });
    expect([box.config.name, box.config.mqtt]).toEqual(['box', undefined]);
    await expect(box.configuration.apply({ version: 99 }, 'a key')).rejects.toMatchObject({ kind: 'not_found' });
  });
});

describe('the file', () => {
  it('is taken over below the changes, and stays as it is', async () => {
    await using box = await open();
    await box.configuration.apply({ patch: { cameras: { yard: { transport: 'udp' } } } }, 'a key');
    await box.write(`${FILE}groups: [{ name: night }]\n`);
    expect(await box.configuration.reload()).toMatchObject({ changed: ['groups[night]'] });
    expect(box.config).toMatchObject({ groups: [{ name: 'night' }], cameras: [{ transport: 'udp' }] });
  });

  it.each([
    ['cameras: [', 'not valid YAML'],
    ['cameras: [{ name: yard, url: 5 }]', 'cameras[yard].url: must be'],
  ])('that is wrong changes nothing, and the status says so until it is mended: %s', async (text, message) => {
    await using box = await open();
    await box.write(text);
    await expect(box.configuration.reload()).rejects.toMatchObject({ kind: 'invalid' });
    expect(box.configuration.status().problem).toContain(message);
    expect(box.config.name).toBe('box');
    await box.write(FILE);
    await box.configuration.reload();
    expect(box.configuration.status().problem).toBeUndefined();
  });

  it('that no longer goes with the changes leaves in force what last did', async () => {
    await using box = await open();
    await box.configuration
      .apply({ patch: { mqtt: { url: 'mqtt://h', certFile: '/c' } } }, 'a key')
      .catch(() => undefined);
    await box.configuration.apply({ patch: { cameras: { yard: { transport: 'udp' } } } }, 'a key');
    await box.write('name: lodge\n');
    const after = await box.again();
    expect(after.inForce).toMatchObject({ name: 'box', cameras: [{ name: 'yard', transport: 'udp' }] });
    expect(after.status().problem).toContain('cameras[yard].url: is missing');
  });

  it('that was changed while the box was off makes a version', async () => {
    await using box = await open();
    await box.write(FILE.replace('box', 'lodge'));
    const after = await box.again();
    expect(after.history()).toMatchObject([{ by: 'configuration file', changed: ['name'] }, { version: 1 }]);
    expect((await box.again()).version).toBe(2);
  });
});

it('events and indexes that leave the configuration stop, and go on when they come back; others don’t', async () => {
  await using box = await open();
  const events = [{ prompt: 'a person', label: 'person' }];
  const day = { day: { events }, night: {} };
  await box.configuration.apply({ patch: { cameras: { yard: { indexes: day } } } }, 'a key');
  const [stream] = box.store.streams.list().results;
  const states = () => ({
    alerts: box.store.alerts.list().map(({ status }) => status),
    indexes: Object.fromEntries(
      box.store.indexes.listByStream(stream?.id ?? '').map(({ name, status }) => [name, status]),
    ),
  });
  const all = { scenes: 'running', day: 'running', night: 'running' };
  expect(states()).toEqual({ alerts: ['enabled'], indexes: all });
  await box.configuration.apply({ patch: { cameras: { yard: { indexes: { day: null } } } } }, 'a key');
  expect(states()).toEqual({ alerts: ['disabled'], indexes: { ...all, day: 'stopped' } });
  await box.configuration.apply({ version: 2 }, 'a key');
  expect(states()).toEqual({ alerts: ['enabled'], indexes: all });
});

it('a camera that somebody stopped stays so over restarts and changes, until it comes back into the configuration', async () => {
  await using box = await open();
  const wanted = () => box.store.streams.list().results.map((stream) => stream.wanted);
  const restart = () => applyConfiguredCameras(box.config, box.store, clock);
  const [stream] = box.store.streams.list().results;
  box.store.streams.update(stream?.id ?? '', { wanted: 'stopped' });
  restart();
  expect(wanted()).toEqual(['stopped']);
  await box.configuration.apply({ patch: { cameras: { yard: { transport: 'udp' } } } }, 'a key');
  expect(wanted()).toEqual(['stopped']);
  await box.configuration.apply({ patch: { cameras: { yard: null } } }, 'a key');
  restart();
  await box.configuration.apply({ version: 1 }, 'a key');
  expect(wanted()).toEqual(['connected']);
  restart();
  expect(wanted()).toEqual(['connected']);
});

it('changes that another box made can’t be read: the file serves alone, and that is said', async () => {
  await using box = await open();
  await box.configuration.apply({ patch: { name: 'gatehouse' } }, 'a key');
  box.store.configVersions.content = () => undefined;
  const after = await box.again();
  expect(after.inForce.name).toBe('box');
  expect(after.status().problem).toContain('another key');
  const change = after.apply({ patch: { name: 'lodge' } }, 'a key');
  expect(after.inForce.name).toBe('box'); // It waits for those who follow.
  after.follow([], () => undefined);
  await change;
  expect(after.inForce.name).toBe('lodge');
  expect(after.status().problem).toBeUndefined();
});

it('a reference that stands for something else by now is taken over with the file', async () => {
  const env = { MQTT_PASSWORD: 'before' };
  await using at = await openStore(clock);
  const text = `mqtt: { url: "mqtt://h", password: "${'$'}{MQTT_PASSWORD}" }`;
  const configuration = await Configuration.open({ source: { text, env }, store: at.store, log });
  configuration.follow([], () => undefined);
  env.MQTT_PASSWORD = 'after';
  expect(await configuration.reload()).toMatchObject({ version: 2, changed: ['mqtt.password'] });
  expect(configuration.inForce.mqtt?.password).toBe('after');
});
