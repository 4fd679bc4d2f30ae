/** Secrets that the box is given, in every place that takes one: nothing that it writes, sends, shows or stores tells them. */
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Child } from '#runtime';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { startLine } from './support/line.ts';
import { listener, mosquitto } from './support/mosquitto.ts';
import { ProcessWatch } from './support/process-watch.ts';
import { ffmpegsWithin } from './support/processes.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const CANARY = 'canary-';
const PASSWORD = `${CANARY}camera`;
const VARIABLE = 'YARD_PASSWORD';

interface Operation {
  parameters?: { name: string; in: string }[];
}

/** Every GET that the box documents, with ids of what is there. */
async function everyGet(appliance: TestAppliance, ids: Record<string, string>): Promise<string[]> {
  const answer = await appliance.request('GET', '/v1/openapi.json');
  const { paths } = (await answer.json()) as { paths: Record<string, { get?: Operation }> };
  return Object.entries(paths)
    .filter(([path, { get }]) => get !== undefined && path !== '/v1/live')
    .map(([path]) => path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? ids['id'] ?? 'default'));
}

/** Until the first piece of a view with little delay has come. */
async function look(appliance: TestAppliance, streamId: string): Promise<void> {
  const { websocket_url } = await appliance.data<{ websocket_url: string }>('GET', `/v1/streams/${streamId}/jsmpeg`);
  const socket = new WebSocket(websocket_url);
  await once(socket, 'message', { signal: AbortSignal.timeout(60_000) });
  socket.terminate();
}

/** Until what recorded is recorded by another ffmpeg. */
async function connectAnew(appliance: TestAppliance): Promise<void> {
  const before = (await ffmpegsWithin(appliance.dataDir)).map(({ pid }) => pid);
  for (const pid of before) process.kill(pid, 'SIGKILL');
  await until('another ffmpeg', async () =>
    (await ffmpegsWithin(appliance.dataDir)).some(({ pid }) => !before.includes(pid)),
  );
}

/** Who writes a password on a command line shows it; but not for as long as the command lasts. */
async function probeByHand(url: string, watch: ProcessWatch): Promise<void> {
  // What it asks the camera goes through here: it doesn't end before somebody has looked.
  const { port } = new URL(url);
  await using line = await startLine(Number(port));
  line.become({ delayMs: 300 });
  const through = url.replace(`:${port}/`, `:${line.port}/`);
  await using command = await Child.start(process.execPath, [MAIN, 'probe', through], { stdio: 'ignore' });
  watch.follow(command.pid);
  await until('a command line without its password', async () => {
    const shown = await readFile(`/proc/${command.pid}/cmdline`, 'utf8');
    return shown !== '' && !shown.includes(CANARY);
  });
  expect(await command.ended).toMatchObject({ code: 0 });
}

async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test('no secret that the box was given leaves it, or lies in it unsealed', async () => {
  const file = await passingBlock(60);
  await using camera = await startRtspServer({ file, name: 'yard', user: 'me', password: PASSWORD });
  await using broker = await mosquitto();
  await broker.start();
  await using ear = await listener(broker.port, '#');
  const away = 'http://127.0.0.1:9';
  const config = {
    mqtt: { url: `mqtt://127.0.0.1:${broker.port}`, username: 'box', password: `${CANARY}mqtt`, homeAssistant: true },
    models: { autoFetch: false, text: { url: `${away}/v1`, model: 'none', apiKey: `${CANARY}text` } },
    cameras: [
      { name: 'Yard', url: camera.url.replace(PASSWORD, `\${${VARIABLE}}`), substream: camera.url },
      { name: 'Wrong', url: camera.url.replace('me:', `${CANARY}user:`) },
    ],
    sync: {
      targets: [
        { name: 'hub', kind: 'hub', url: away, token: `${CANARY}hub`, allowCommands: true },
        {
          name: 'cloud',
          kind: 'videodb',
          url: away,
          apiKey: `${CANARY}cloud`,
          alertUrl: away.replace('//', `//me:${CANARY}alert@`),
        },
        {
          ...{ name: 'bucket', kind: 's3', endpoint: away, region: 'eu-1', bucket: 'b' },
          ...{ accessKeyId: 'me', secretAccessKey: `${CANARY}s3` },
        },
      ],
    },
  };
  await using watch = new ProcessWatch(CANARY);
  const env = { [VARIABLE]: PASSWORD };
  await using appliance = await TestAppliance.start({ config, logLevel: 'trace', whenServing: false, env });
  watch.follow(appliance.pid);
  await appliance.serving();
  const key = '/v1/control/config';
  await appliance.data('PATCH', key, {
    patch: { cameras: { Third: { url: `rtsp://me:${CANARY}patch@127.0.0.1:9/x` } } },
  });

  const recording = async () => {
    const { cameras } = await appliance.data<{ cameras: { name: string; phase: string; last_error?: string }[] }>(
      'GET',
      '/v1/status',
    );
    const [yard, wrong] = ['Yard', 'Wrong'].map((name) => cameras.find((one) => one.name === name));
    return yard?.phase === 'recording' && wrong?.last_error !== undefined;
  };
  await until('one camera records, and the other says why it does not', recording);
  await until('every target has been tried', async () => {
    const { sync } = await appliance.data<{ sync: { last_error?: object }[] }>('GET', '/v1/status');
    return sync.length === 3 && sync.some(({ last_error }) => last_error !== undefined);
  });

  const { results } = await appliance.data<{ results: { id: string; name: string }[] }>('GET', '/rtstream');
  const stream = results.find(({ name }) => name === 'Yard');
  await look(appliance, stream?.id ?? ''); // While it is connected.
  await Promise.all([
    appliance.data('POST', '/v1/control/cameras/probe', { url: camera.url }),
    connectAnew(appliance),
    probeByHand(camera.url, watch),
  ]);

  const paths = await everyGet(appliance, { id: stream?.id ?? '' });
  expect(paths.length).toBeGreaterThan(60);
  const told: string[] = [];
  for (const path of [...paths, '/', '/watch', '/v1/docs']) {
    const bytes = Buffer.from(await (await appliance.request('GET', path)).arrayBuffer());
    const text = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
    const at = text.indexOf(CANARY);
    if (at >= 0) told.push(`${path}: ${text.subarray(at - 40, at + 20).toString()}`);
  }
  expect(told, 'answers').toEqual([]);
  expect(appliance.output.includes(CANARY), 'log').toBe(false);
  expect(ear.heard.filter(({ topic, payload }) => `${topic} ${payload.toString()}`.includes(CANARY))).toEqual([]);

  for (const program of ['ffmpeg', 'ffprobe']) expect(watch.seen.get(program) ?? 0, program).toBeGreaterThan(0);
  expect([...watch.found], 'arguments and environments').toEqual([]);

  await appliance.kill('SIGKILL'); // As it crashes: whatever lies on the disk now stays there.
  const holding = [];
  for (const path of await filesBelow(appliance.dataDir))
    if ((await readFile(path)).includes(CANARY)) holding.push(path);
  expect(holding, 'files').toEqual([]);
});
