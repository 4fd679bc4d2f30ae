/** Bad input, through the doors that people use: each is refused with words that say what to do, and no secret in them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lifetime } from '#runtime';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { watchpost } from './support/cli.ts';
import { freePort } from './support/ports.ts';
import { startSilentCamera } from './support/silent-camera.ts';
import { type TempDir, tempDir } from './support/temp-dir.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, cameraState, type Watch } from './support/watching.ts';

const CANARY = 'canary-d41d8cd98f';
const UNKNOWN_STREAM = 'rts-01890000-0000-7000-8000-000000000000';

describe('over HTTP', () => {
  const life = new Lifetime();
  let appliance: TestAppliance;
  let watch: Watch;

  beforeAll(async () => {
    appliance = life.use(await TestAppliance.start());
    watch = await addCamera(appliance, { url: `rtsp://127.0.0.1:${await freePort()}/none`, name: 'nobody there' });
  });
  afterAll(() => life[Symbol.asyncDispose]());

  async function refusal(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    const response = await appliance.request(method, path, body, headers);
    const answer: unknown = await response.json();
    expect(answer).toMatchObject({
      success: false,
      message: expect.stringMatching(/\S/),
      error_code: expect.any(String),
    });
    return { status: response.status, message: String((answer as { message: string }).message) }; // Asserted above.
  }

  test.each([
    ['gopher://192.168.1.20/1', /url.*rtsp/],
    ['file:///etc/passwd', /url/],
    ['concat:/etc/passwd|/etc/hostname', /url/],
    ['subfile,,start,0,end,10,,:/etc/passwd', /url/],
    ['-i /etc/passwd', /url/],
    ['rtsp://192.168.1.20/a -f null', /url/],
    ['rtsp://192.168.1.20/\n-y', /url/],
    ['pipe:0', /url/],
    ['/etc/passwd', /url/],
    ['', /url/],
  ])('refuses the address %j', async (url, words) => {
    const { status, message } = await refusal('POST', '/rtstream', { url, name: 'bad' });
    expect(status).toBe(400);
    expect(message).toMatch(words);
  });

  test('refuses a polygon that is none', async () => {
    const path = `/v1/streams/${watch.streamId}/zones`;
    const line = await refusal('PUT', path, {
      zones: [
        {
          name: 'door',
          polygon: [
            [0, 0],
            [1, 1],
          ],
        },
      ],
    });
    expect(line).toMatchObject({ status: 400, message: expect.stringMatching(/zones\[0\]\.polygon.*3/) });
    const pixels = await refusal('PUT', path, {
      zones: [
        {
          name: 'door',
          polygon: [
            [0, 0],
            [640, 0],
            [640, 360],
          ],
        },
      ],
    });
    expect(pixels).toMatchObject({ status: 400, message: expect.stringMatching(/zones\[0\]\.polygon/) });
  });

  test('says what it needs when a prompt has no word to look for', async () => {
    const { status, message } = await refusal('POST', '/rtstream/event', { event_prompt: 'detect when …', label: 'x' });
    expect(status).toBe(400);
    expect(message.match(/[“"'][^“”"']{5,}[”"']/g)?.length, message).toBeGreaterThanOrEqual(3);
  });

  test.each([
    ['GET', `/rtstream/${UNKNOWN_STREAM}`],
    ['GET', `/rtstream/${UNKNOWN_STREAM}/index/scene`],
    ['GET', '/collection/c-unknown'],
    ['GET', '/v1/no-such-thing'],
  ])('does not know %s %s', async (method, path) => {
    expect((await refusal(method, path)).status).toBe(404);
  });

  test('does not know indexes, events and alerts that are not there', async () => {
    const at = `/rtstream/${watch.streamId}/index`;
    expect((await refusal('GET', `${at}/0000000000000000`)).status).toBe(404);
    expect((await refusal('GET', `${at}/scene/0000000000000000`)).status).toBe(404);
    const noEvent = await refusal('POST', `${at}/${watch.indexId}/alert`, { event_id: 'event-0000000000000000' });
    expect(noEvent).toMatchObject({ status: 404, message: expect.stringContaining('event') });
    const noAlert = await refusal('PATCH', `${at}/${watch.indexId}/alert/0000000000000000/status`, {
      action: 'enable',
    });
    expect(noAlert.status).toBe(404);
  });

  test('refuses a wrong key and a missing one', async () => {
    for (const key of ['sk-wrong', ''])
      expect(await refusal('GET', '/collection', undefined, { 'x-access-token': key })).toMatchObject({
        status: 401,
        message: expect.stringContaining('x-access-token'),
      });
    expect((await appliance.request('GET', '/v1/health', undefined, { 'x-access-token': '' })).status).toBe(200);
  });

  test('refuses a body that is not a JSON object', async () => {
    expect(await refusal('POST', '/rtstream', '{"url": ')).toMatchObject({
      status: 400,
      message: expect.stringContaining('JSON'),
    });
    expect(await refusal('POST', '/rtstream', '[1]')).toMatchObject({
      status: 400,
      message: expect.stringContaining('JSON'),
    });
  });

  test('refuses a body of 10 MB and goes on serving', async () => {
    const huge = JSON.stringify({ url: 'rtsp://192.168.1.20/', name: 'x'.repeat(10_000_000) });
    expect(await refusal('POST', '/rtstream', huge)).toMatchObject({
      status: 413,
      message: expect.stringMatching(/larger|MiB|MB/),
    });
    expect((await appliance.request('GET', '/v1/health')).status).toBe(200);
  });
});

describe('a camera that can not be reached', () => {
  test('waits with a clear error, and no password is anywhere', { timeout: 240_000 }, async () => {
    await using locked = await startRtspServer({
      file: await passingBlock(240),
      name: 'locked',
      user: 'viewer',
      password: 'right',
    });
    await using silent = await startSilentCamera();
    await using appliance = await TestAppliance.start();
    const lockedAt = new URL(locked.url).host;
    const cases = [
      { name: 'closed', at: `127.0.0.1:${await freePort()}/none`, says: /refused|reach|answer/i },
      { name: 'locked', at: `${lockedAt}/locked`, says: /password|credential|unauthori[sz]ed|401/i },
      {
        name: 'missing',
        at: `127.0.0.1:${new URL(locked.url).port}/nothing`,
        says: /not found|404|path|password|401/i,
      },
      { name: 'silent', at: `127.0.0.1:${silent.port}/mute`, says: /answer|time|silent|respon/i },
    ];
    const paths = new Set<string>([
      '/v1/status',
      '/rtstream?limit=100',
      '/metrics',
      '/v1/health',
      '/v1/scenes',
      '/v1/alerts',
      '/collection',
    ]);
    for (const { name, at, says } of cases) {
      const { streamId, indexId } = await addCamera(appliance, { url: `rtsp://viewer:${CANARY}@${at}`, name });
      const error = await until(
        `${name} waits with an error`,
        async () => {
          const state = await cameraState(appliance, streamId);
          return state?.phase === 'waiting' ? (state.last_error ?? 'no error given') : undefined;
        },
        90_000,
      );
      expect(error, name).toMatch(says);
      paths
        .add(`/rtstream/${streamId}`)
        .add(`/rtstream/${streamId}/index/scene`)
        .add(`/rtstream/${streamId}/index/${indexId}`);
      paths.add(`/v1/timeline?stream=${streamId}&start=0&end=1`);
    }
    for (const path of paths) {
      const answer = await appliance.request('GET', path);
      const text = JSON.stringify([...answer.headers]) + (await answer.text());
      expect(text, path).not.toContain(CANARY);
    }
    const refused = await appliance.request('POST', '/rtstream', {
      url: `gopher://viewer:${CANARY}@192.168.1.20/`,
      name: 'x',
    });
    expect(await refused.text()).not.toContain(CANARY);
    await until('the log tells of it', () => appliance.output.includes('"camera":"locked"'));
    expect(appliance.output).not.toContain(CANARY);
    const probe = await watchpost(['probe', `rtsp://viewer:${CANARY}@${lockedAt}/locked`]);
    expect(probe).toMatchObject({ code: 1, stderr: expect.stringMatching(/password|credential|unauthori[sz]ed|401/i) });
    expect(probe.stdout + probe.stderr).not.toContain(CANARY);
  });

  test('records with the right password, which is nowhere either', async () => {
    await using open = await startRtspServer({
      file: await passingBlock(240),
      name: 'yard',
      user: 'viewer',
      password: CANARY,
    });
    await using appliance = await TestAppliance.start();
    const { streamId } = await addCamera(appliance, { url: open.url });
    await until('it records', async () => ((await cameraState(appliance, streamId))?.segments_written ?? 0) > 0);
    const status = await appliance.request('GET', '/v1/status');
    expect(await status.text()).not.toContain(CANARY);
    expect(appliance.output).not.toContain(CANARY);
  });
});

describe('on the command line', () => {
  let dir: TempDir;
  beforeAll(async () => {
    dir = await tempDir();
  });
  afterAll(() => dir[Symbol.asyncDispose]());

  const yard = (more: object) => ({ cameras: [{ name: 'yard', url: 'rtsp://192.168.1.20/stream1', ...more }] });

  test.each([
    ['an unknown key', { recordings: {} }, /recordings/],
    ['an unknown key deep inside', yard({ zone: [] }), /cameras\[0\]: unknown key .zone/],
    [
      'a polygon with two points',
      yard({
        zones: [
          {
            name: 'door',
            polygon: [
              [0, 0],
              [1, 1],
            ],
          },
        ],
      }),
      /cameras\[0\]\.zones\[0\]\.polygon: .*3/,
    ],
    [
      'a polygon in pixels',
      yard({
        zones: [
          {
            name: 'door',
            polygon: [
              [0, 0],
              [640, 0],
              [0, 360],
            ],
          },
        ],
      }),
      /cameras\[0\]\.zones\[0\]\.polygon/,
    ],
    ['a scheme that is not allowed', yard({ url: 'gopher://192.168.1.20/1' }), /cameras\[(0|yard)\]\.url: .*rtsp/],
    ['a file where files are not allowed', yard({ url: 'file:///etc/passwd' }), /cameras\[(0|yard)\]\.url: .*file/],
    [
      'a missing secret',
      yard({ url: `rtsp://viewer:\${NO_SUCH_SECRET}@192.168.1.20/` }),
      /cameras\[(0|yard)\]\.url: .*NO_SUCH_SECRET/,
    ],
    [
      'a prompt that is not understood',
      yard({ indexes: [{ name: 'scenes', events: [{ prompt: 'the vibe turns wistful', label: 'vibe' }] }] }),
      /cameras\[(0|yard)\]\.indexes\[(0|scenes)\]\.events\[0\]\.prompt/,
    ],
  ])('neither `config check` nor `run` takes %s', async (_, config, words) => {
    const file = join(dir.path, 'watchpost.json');
    await writeFile(file, JSON.stringify(config));
    for (const command of [
      ['config', 'check', file],
      ['run', '--config', file, '--data-dir', join(dir.path, 'data'), '--listen', '127.0.0.1:0'],
    ]) {
      const { code, stderr } = await watchpost(command);
      expect(stderr, command[0]).toMatch(words);
      expect(code, command[0]).toBe(1);
    }
  });

  test('says which file it can not read, and which command it does not know', async () => {
    const absent = await watchpost(['run', '--config', join(dir.path, 'absent.yaml')]);
    expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining('absent.yaml') });
    expect(await watchpost(['frobnicate'])).toMatchObject({ code: 2, stderr: expect.stringContaining('frobnicate') });
    const address = await watchpost(['run', '--data-dir', dir.path, '--listen', 'nowhere']);
    expect(address).toMatchObject({ code: 1, stderr: expect.stringContaining('HOST:PORT') });
  });

  test('refuses a second appliance on the same data directory', async () => {
    await using appliance = await TestAppliance.start();
    const second = await watchpost(['run', '--data-dir', appliance.dataDir, '--listen', '127.0.0.1:0']);
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('--data-dir') });
  });

  test('takes no pack that is none', async () => {
    const { code, stderr } = await watchpost(['models', 'import', dir.path, '--data-dir', join(dir.path, 'data')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/model\.json/);
  });
});
