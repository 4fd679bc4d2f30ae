/** The configuration is changed over HTTP and by file while two real cameras record; they record on. */
import { writeFile } from 'node:fs/promises';
import { setTimeout as timer } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { mosquitto } from './support/mosquitto.ts';
import { tempDir } from './support/temp-dir.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { recordedSince, timeline } from './support/watching.ts';
import type { StatusAnswer } from './support/wire.ts';

const CONFIG = '/v1/control/config';
const AWAY = { url: 'rtsp://127.0.0.1:9/none' };
const AREA = [
  [0, 0],
  [1, 0],
  [1, 1],
];

/** As far as it is looked at here. */
interface Status extends StatusAnswer {
  delivery: { mqtt?: { connected: boolean } };
}

interface Change {
  patch: object;
  /** Of these paths; in that order by name. */
  changed: string[];
}

const event = (prompt: string) => ({ prompt, label: 'seen' });

const GOOD: Change[] = [
  { patch: { name: 'gatehouse' }, changed: ['name'] },
  { patch: { logLevel: 'info' }, changed: [] }, // The environment wins.
  { patch: { recording: { keepDays: 9 } }, changed: ['recording.keepDays'] },
  { patch: { recording: { reservePercent: 3 } }, changed: ['recording.reservePercent'] },
  { patch: { publicUrl: 'http://gate.local:8080' }, changed: ['publicUrl'] },
  { patch: { groups: { night: { arm: [{ from: '22:00', to: '06:00' }] } } }, changed: ['groups[night]'] },
  { patch: { cameras: { gate: AWAY } }, changed: ['cameras[gate]'] },
  { patch: { cameras: { gate: { transport: 'udp' } } }, changed: ['cameras[gate].transport'] },
  {
    patch: { cameras: { yard: { zones: { door: { polygon: AREA } } } } },
    changed: ['cameras[yard].zones[door]'],
  },
  {
    patch: { cameras: { yard: { indexes: { scenes: { events: [event('someone enters the door')] } } } } },
    changed: ['cameras[yard].indexes[scenes].events'],
  },
  { patch: { cameras: { hall: { recording: { mode: 'motion' } } } }, changed: ['cameras[hall].recording.mode'] },
  {
    patch: { cameras: { yard: { indexes: { often: { seconds: 2 } } } } },
    changed: ['cameras[yard].indexes[often]'],
  },
  { patch: { cameras: { gate: null } }, changed: ['cameras[gate]'] },
  { patch: { listen: '127.0.0.1:18999' }, changed: [] }, // The command line wins.
  { patch: { ingest: { maxConnecting: 4 } }, changed: ['ingest.maxConnecting'] },
];

const BAD: [patch: object, path: string][] = [
  [{ cameras: { yard: { transport: 'quic' } } }, 'cameras[yard].transport'],
  [{ cameras: { yard: { url: 'file:///etc/passwd' } } }, 'cameras[yard].url'],
  [{ cameras: { shed: {} } }, 'cameras[shed].url'],
  [{ cameras: { shed: { url: `rtsp://h/$\{HOME}` } } }, 'cameras[shed].url'],
  [
    {
      cameras: {
        yard: {
          zones: {
            z: {
              polygon: [
                [0, 0],
                [1, 1],
              ],
            },
          },
        },
      },
    },
    'cameras[yard].zones[z].polygon',
  ],
  [
    {
      cameras: {
        yard: {
          zones: {
            z: {
              polygon: [
                [0, 0],
                [640, 0],
                [1, 1],
              ],
            },
          },
        },
      },
    },
    'cameras[yard].zones[z].polygon[1][0]',
  ],
  [{ cameras: { yard: { indexes: { scenes: { seconds: 0 } } } } }, 'cameras[yard].indexes[scenes].seconds'],
  [
    { cameras: { yard: { indexes: { scenes: { events: [event('')] } } } } },
    'cameras[yard].indexes[scenes].events[0].prompt',
  ],
  [{ recording: { budgetGb: -1 } }, 'recording.budgetGb'],
  [{ recordings: {} }, ''],
  [{ groups: { night: { arm: [{ from: '25:00', to: '06:00' }] } } }, 'groups[night].arm[0].from'],
  [{ mqtt: { url: 'http://broker' } }, 'mqtt.url'],
  [{ dataDir: '/elsewhere' }, 'dataDir'],
  [{ ingest: { allowFile: true } }, 'ingest.allowFile'],
  [{ sync: { targets: { cloud: { kind: 'ftp' } } } }, 'sync.targets[cloud].kind'],
];

test.concurrent('thirty changes over HTTP and by file: right ones are in force, wrong ones refused by path, cameras record on', async () => {
  await using yard = await startRtspServer({ file: await passingBlock(240), name: 'yard' });
  await using hall = await startRtspServer({ file: await passingBlock(120, 1000), name: 'hall' });
  await using broker = await mosquitto();
  await broker.start();
  const recording = { segmentSeconds: 2 };
  const cameras = [yard, hall].map(({ url }, n) => ({ name: n === 0 ? 'yard' : 'hall', url }));
  await using box = await TestAppliance.start({ config: { recording, cameras } });
  const inFile = { name: 'test box', models: { autoFetch: false }, recording, cameras };
  const write = (file: object) => writeFile(box.configFile, JSON.stringify({ ...inFile, ...file }));
  const status = () => box.data<Status>('GET', '/v1/status');
  const ids = (await status()).cameras.map(({ stream_id: id }) => id);
  const firsts = await Promise.all(ids.map((id) => recordedSince(box, id, 0, 4)));

  for (const [n, { patch, changed }] of GOOD.entries()) {
    const found = await box.data<{ problems: []; changed: string[] }>('POST', `${CONFIG}/validate`, { patch });
    expect(found, JSON.stringify(patch)).toMatchObject({ problems: [], changed });
    expect(await box.data('PATCH', CONFIG, { patch })).toMatchObject({ changed });
    const [bad, path] = BAD[n] ?? [{}, ''];
    const wrong = await box.data<{ problems: { path: string }[] }>('POST', `${CONFIG}/validate`, { patch: bad });
    expect(wrong.problems[0]?.path, JSON.stringify(bad)).toBe(path);
    const refused = await box.request('PATCH', CONFIG, { patch: bad });
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining(path)]);
  }
  const view = await box.data<{ restart_required: string[]; set: unknown }>('GET', CONFIG);
  expect(view.restart_required).toEqual(['ingest.maxConnecting']);

  const server = (model: string) => ({ url: 'http://127.0.0.1:9/v1', model });
  await box.data('PATCH', CONFIG, { patch: { models: { text: server('writer'), vision: server('seer') } } });
  expect(await status()).toMatchObject({
    summaries: [{ name: 'endpoint', model: 'writer' }],
    telling: { tellers: [{ name: 'endpoint', model: 'seer' }] },
  });

  // By file, below what was changed over HTTP.
  await write({ groups: [{ name: 'away' }] });
  process.kill(box.pid, 'SIGHUP');
  const groups = async () => (await box.data<{ groups: { name: string }[] }>('GET', '/v1/groups')).groups;
  await until('the group of the file', async () => (await groups()).some(({ name }) => name === 'away'));
  await write({ cameras: [{ name: 'yard', url: 7 }] });
  expect((await box.request('POST', `${CONFIG}/reload`)).status).toBe(400);
  expect(await status()).toMatchObject({ configuration: { problem: expect.stringContaining('cameras[yard].url') } });
  await write({});
  await box.data('POST', `${CONFIG}/reload`);
  expect(await status()).toMatchObject({
    box: { name: 'gatehouse' },
    configuration: expect.not.objectContaining({ problem: expect.anything() }),
  });

  // A part that can't follow: all of the change is taken back by itself.
  const mqtt = { url: `mqtt://127.0.0.1:${broker.port}` };
  await box.data('PATCH', CONFIG, { patch: { mqtt } });
  const connected = async () => (await status()).delivery.mqtt?.connected === true;
  await until('the broker', connected);
  const broken = { name: 'broken', cameras: { shed: AWAY }, mqtt: { caFile: '/none/such.pem' } };
  const before = await box.data('GET', CONFIG);
  const failed = await box.request('PATCH', CONFIG, { patch: broken });
  expect([failed.status, await failed.text()]).toEqual([400, expect.stringContaining('mqtt.caFile: can')]);
  expect(await box.data('GET', CONFIG)).toEqual(before);
  await until('the broker again', connected);

  const nowMs = Date.now();
  await Promise.all(ids.map((id) => recordedSince(box, id, nowMs, 4)));
  for (const [n, id] of ids.entries()) {
    const { gaps } = await timeline(box, id);
    // What was recorded and not kept, as nothing moved in the hall, is no hole.
    expect(gaps.filter(({ start, unwanted }) => !unwanted && start * 1000 >= (firsts[n] ?? 0))).toEqual([]);
  }
  expect((await status()).cameras.filter(({ stream_id: id }) => ids.includes(id))).toMatchObject([
    { phase: 'recording', restarts: 0 },
    { phase: 'recording', restarts: 0 },
  ]);
});

test.concurrent('killed while a change is applied, the box starts with the former configuration or with the new one', async () => {
  await using dir = await tempDir();
  const options = { dataDir: `${dir.path}/data` };
  const patch = { name: 'after', cameras: { gate: AWAY }, groups: { night: {} } };
  for (const delayMs of [0, 4, 12]) {
    await using box = await TestAppliance.start(options);
    await box.data('POST', `${CONFIG}/rollback`, { version: 1 });
    const change = box.request('PATCH', CONFIG, { patch }).catch(() => undefined);
    await timer(delayMs);
    await box.kill('SIGKILL');
    await change;
    await using again = await TestAppliance.start(options);
    const { config } = await again.data<{ config: { name: string; cameras: { name: string }[] } }>('GET', CONFIG);
    const list = await again.data<{ results: { name: string; status: string }[] }>('GET', '/rtstream?status=connected');
    const isNew = config.name === 'after';
    expect(config.cameras.map(({ name }) => name)).toEqual(isNew ? ['gate'] : []);
    expect(list.results.map(({ name }) => name)).toEqual(isNew ? ['gate'] : []);
  }
});

test.concurrent('a file that is wrong at the start of a box that ran before leaves in force what served last', async () => {
  await using dir = await tempDir();
  const dataDir = `${dir.path}/data`;
  {
    await using box = await TestAppliance.start({
      dataDir,
      config: { name: 'before', cameras: [{ name: 'gate', ...AWAY }] },
    });
    await box.data('PATCH', CONFIG, { patch: { recording: { keepDays: 9 } } });
  }
  const wrong = { cameras: [{ name: 'gate', url: 7 }] };
  await using box = await TestAppliance.start({ dataDir, config: wrong });
  const { config } = await box.data<{ config: object }>('GET', CONFIG);
  expect(config).toMatchObject({ name: 'before', recording: { keepDays: 9 }, cameras: [{ name: 'gate' }] });
  const problem = expect.stringContaining('cameras[gate].url: must be');
  expect(await box.data('GET', '/v1/status')).toMatchObject({ configuration: { problem } });
  const fresh = TestAppliance.start({ dataDir: `${dir.path}/fresh`, config: wrong });
  await expect(fresh).rejects.toThrow('cameras[0].url: must be');
});
