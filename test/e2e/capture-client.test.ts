/**
 * A capture session from a desktop to the video: `watchpost capture` on an X server and a sound server, `watchpost listen`
 * and a webhook beside it; then the same with both sides killed in the middle of it.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from 'videodb';
import { expect, test } from 'vitest';
import { TestAppliance } from './support/appliance.ts';
import { type Desktop, startDesktop } from './support/desktop.ts';
import { freePort } from './support/ports.ts';
import { processTable } from './support/processes.ts';
import { type Running, running } from './support/running.ts';
import { tempDir } from './support/temp-dir.ts';
import { until } from './support/waiting.ts';
import { timeline } from './support/watching.ts';
import { startWebhook } from './support/webhook.ts';

const CHANNELS = ['--channel', 'mic:default', 'display:1', 'system_audio:default'];
const WHOLE = ['created', 'starting', 'active', 'stopping', 'stopped', 'exported'];
const run = promisify(execFile);

const capturing = (box: TestAppliance, { env }: Desktop, token: string, ...args: string[]) =>
  running(['capture', '--url', box.url, '--json', ...CHANNELS, ...args], { env: { ...env, WATCHPOST_TOKEN: token } });
const isTold = (client: Running, wanted: object) =>
  until(`the client tells ${JSON.stringify(wanted)}`, () => {
    const isWanted = (line: object) => Object.entries(wanted).every(([key, value]) => Reflect.get(line, key) === value);
    if (client.lines().some(isWanted)) return true;
    throw new Error(`it has said:\n${client.said()}`);
  });
/** The client's ffmpegs, whoever their parent is now. */
const grabbers = async () =>
  (await processTable()).filter(
    ({ argv, state }) => state !== 'Z' && argv.includes('rtsp') && (argv.includes('x11grab') || argv.includes('pulse')),
  );

async function startBox(dataDir: string, port: number, push: object): Promise<TestAppliance> {
  const config = { recording: { segmentSeconds: 2 }, ingest: { push } };
  return TestAppliance.start({ dataDir, port, config, logLevel: 'info' });
}

async function ports(): Promise<{ port: number; push: { rtmpPort: number; rtspPort: number } }> {
  return { port: await freePort(), push: { rtmpPort: await freePort(), rtspPort: await freePort() } };
}

interface CaptureLine {
  channel: string;
  event?: string;
  capture_session_id?: string;
  rtstream_name?: string;
  data: { rtstreams?: { name: string }[]; exported_video_id?: string; text?: string };
}

async function heard(dir: string): Promise<CaptureLine[]> {
  const text = await readFile(join(dir, 'videodb_events.jsonl'), 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

const statusesIn = async (dir: string) =>
  (await heard(dir)).flatMap(({ channel, event }) => (channel === 'capture_session' ? [event] : []));

test('a desktop is captured, watched while it lasts, and becomes a video with picture and sound', async () => {
  await using dir = await tempDir();
  await using desktop = await startDesktop();
  await using webhook = await startWebhook();
  const { port, push } = await ports();
  await using box = await startBox(join(dir.path, 'data'), port, push);
  const out = join(dir.path, 'events');
  await using ear = await running(['listen', out, '--url', box.url], { env: { WATCHPOST_API_KEY: box.key } });
  const wsConnectionId = await until('the id', () => /^WS_ID=(\S+)\n/.exec(ear.said())?.[1]);

  const conn = connect({ apiKey: box.key, baseUrl: box.url });
  const session = await conn.createCaptureSession({ endUserId: 'user-1', callbackUrl: webhook.url, wsConnectionId });
  const token = await conn.generateClientToken(600);
  await using client = await capturing(
    box,
    desktop,
    token,
    '--session',
    session.id,
    '--store',
    'display:1',
    'mic:default',
  );
  await isTold(client, { status: 'active' });

  await session.refresh();
  expect(session.getRTStream('mic').map(({ name }) => name)).toHaveLength(1);
  const [screen] = session.getRTStream('screen');
  await screen?.indexVisuals({ prompt: 'what moves', batchConfig: { type: 'time', value: 2, frameCount: 2 } });
  const scene = await until('the screen is described', async () =>
    (await heard(out)).find(({ channel }) => channel === 'visual_index'),
  );
  expect(scene).toMatchObject({ rtstream_name: 'display:1', data: { text: expect.stringMatching(/\S/) } });
  const state = await box.data<{ channels: { rtsp_url: string }[] }>('GET', `/capture/session/${session.id}`);
  const keys = state.channels.map(({ rtsp_url: url }) => url.split('/').at(-1) ?? url);
  const shown = (await grabbers()).map(({ argv }) => argv.join(' ')).join('\n');
  expect(shown).toContain('x11grab');
  for (const secret of [...keys, token]) expect(shown).not.toContain(secret);

  client.child.process.kill('SIGTERM');
  expect(await client.child.ended).toEqual({ code: 0, signal: null });
  const last = client.lines().at(-1);
  expect(last).toMatchObject({ session_id: session.id, status: 'exported', exported_video_id: expect.any(String) });
  await until('both heard the end', async () => {
    const events = (await heard(out)).filter(({ channel }) => channel === 'capture_session');
    return events.at(-1)?.event === 'capture_session.exported' && webhook.alerts.length >= WHOLE.length;
  });
  const live = (await heard(out)).filter(({ channel }) => channel === 'capture_session');
  const names = WHOLE.map((name) => `capture_session.${name}`);
  expect(live.map(({ event }) => event)).toEqual(names);
  expect(webhook.alerts.map(({ event }) => event)).toEqual(names);
  expect(live[2]?.data.rtstreams?.map(({ name }) => name).sort()).toEqual([
    'display:1',
    'mic:default',
    'system_audio:default',
  ]);

  const { stream_url: url } = await box.data<{ stream_url: string }>(
    'GET',
    `/video/${String(last?.['exported_video_id'])}`,
  );
  const show = ['-v', 'error', '-show_entries', 'stream=codec_name,width:format=duration', '-of', 'json', url];
  const { streams, format } = JSON.parse((await run('ffprobe', show)).stdout);
  expect(streams).toMatchObject([{ codec_name: 'h264', width: 640 }, { codec_name: 'aac' }]);
  expect(Number(format.duration)).toBeGreaterThan(2);
});

test('kill -9 of box and client in the middle costs no status, and tells none twice', async () => {
  await using dir = await tempDir();
  await using desktop = await startDesktop();
  await using webhook = await startWebhook({ once: true });
  const { port, push } = await ports();
  const start = () => startBox(join(dir.path, 'data'), port, push);
  let box = await start();
  const out = join(dir.path, 'events');
  await using ear = await running(['listen', out, '--url', box.url], { env: { WATCHPOST_API_KEY: box.key } });
  const clients: Running[] = [];
  try {
    await until('somebody listens', () => ear.said().includes('WS_ID='));
    const sessions = '/collection/default/capture/session';
    const made = await box.data<{ session_id: string }>('POST', sessions, {
      end_user_id: 'user-1',
      callback_url: webhook.url,
    });
    const id = made.session_id;
    const capture = async () => {
      const client = await capturing(box, desktop, box.key, '--session', id, '--store', 'display:1');
      clients.push(client);
      return client;
    };
    const state = () => box.data<{ status: string }>('GET', `/capture/session/${id}`);
    const status = async () => (await state()).status;
    const isNow = (wanted: string) =>
      until(`the session is ${wanted}`, async () => {
        const now = await state();
        if (now.status === wanted) return true;
        throw new Error(`it is ${JSON.stringify(now)}`);
      });
    const killBox = async () => {
      await box.kill('SIGKILL');
      box = await start();
    };

    let client = await capture();
    await isTold(client, { session_id: id });
    await until('the session has begun', async () => (await status()) !== 'created');
    await killBox();
    await isTold(client, { status: 'active' });
    const sent = () => client.lines().filter(({ state: now }) => now === 'publishing').length;
    const sentBefore = sent();
    await killBox();
    expect(await status()).toBe('active');
    await until('all is sent again', () => sent() >= sentBefore + 3);

    client.child.process.kill('SIGKILL');
    await client.child.ended;
    await until('nothing captures any more', async () => (await grabbers()).length === 0);
    client = await capture();
    await isTold(client, { channel_id: 'display:1', state: 'publishing' });
    expect(await status()).toBe('active');

    const { rtstreams } = await box.data<{ rtstreams: { id: string; channel_id: string }[] }>(
      'GET',
      `${sessions}/${id}`,
    );
    const screen = rtstreams.find(({ channel_id: kind }) => kind === 'screen')?.id ?? '';
    await until('the screen is recorded', async () => (await timeline(box, screen)).recorded.length > 0);

    client.child.process.kill('SIGTERM');
    await until('the end has begun', async () => (await status()) !== 'active');
    await killBox();
    await isNow('exported');
    const names = WHOLE.map((name) => `capture_session.${name}`);
    await until('the end is told', () => webhook.alerts.at(-1)?.['event'] === names.at(-1));
    expect(webhook.alerts.map(({ event }) => event)).toEqual(names);
    await until('the listener has heard the end', async () => (await statusesIn(out)).at(-1) === names.at(-1));
    expect(await statusesIn(out)).toEqual(names);
    await client.child.ended;
    await until('nothing captures any more', async () => (await grabbers()).length === 0);
  } finally {
    for (const client of clients) await client[Symbol.asyncDispose]();
    await box[Symbol.asyncDispose]();
  }
});
