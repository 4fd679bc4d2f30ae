/**
 * A real camera, a box that is killed on the way, VideoDB's cloud as its contract has it and a real S3 server: what fired
 * and what was recorded is there, each thing once, and plays.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { KEY, startCloud } from '../sync/targets/videodb-cloud.ts';
import { TestAppliance } from './support/appliance.ts';
import { ffmpeg } from './support/ffmpeg.ts';
import { Outbox } from './support/outbox.ts';
import { BUCKET, type Swift, startSwift } from './support/s3-server.ts';
import { tempDir } from './support/temp-dir.ts';
import { blinkingRoom } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, allJudged, arm } from './support/watching.ts';
import { startWebhook } from './support/webhook.ts';

const SECRET = 'testing';

test('a box killed on the way brings each thing once to VideoDB and to a bucket', { timeout: 240_000 }, async ({
  skip,
}) => {
  if (!existsSync('/usr/lib/python3/dist-packages/swift')) return skip('the Debian package python3-swift is missing');
  await using dir = await tempDir();
  await using swift = await startSwift();
  await using cloud = await startCloud();
  cloud.polls = 2;
  await using hook = await startWebhook({ refuse: 1 });
  await using camera = await startRtspServer({ file: await blinkingRoom(120, 3), name: 'room' });
  const clips = { preSeconds: 1, postSeconds: 1 };
  const keys = { accessKeyId: 'test:tester', secretAccessKey: SECRET };
  const targets = [
    { kind: 'videodb', name: 'cloud', url: cloud.url, apiKey: KEY, alertUrl: hook.url, send: { clips } },
    { kind: 's3', name: 'bucket', endpoint: swift.url, bucket: BUCKET, ...keys, send: { clips, segments: 'all' } },
  ];
  const start = () => TestAppliance.start({ dataDir: join(dir.path, 'data'), config: { sync: { targets } } });
  let box = await start();
  try {
    const room = await addCamera(box, { url: camera.url, name: 'Room 1' });
    await arm(box, room, { prompt: 'the light goes on', label: 'light' });
    // It is asked once a job makes it; that is noted on disk.
    await until('VideoDB makes a video', () => cloud.steps.includes('job'));
    await box.kill('SIGKILL');
    const said = box.output;
    cloud.polls = 0; // The others are made at once.
    box = await start();
    await until('more videos at VideoDB', () => cloud.videos.length >= 2);
    await box.data('PATCH', `/rtstream/${room.streamId}/status`, { action: 'stop' });
    await allJudged(box);

    const data = join(dir.path, 'data');
    using outbox = new Outbox(data);
    const fired = outbox.journal();
    const recorded = segmentsOf(data);
    await until('all alerts', () => new Set(hook.alerts.map((alert) => alert['firing_id'])).size >= fired.length);
    const names = await until('all alerts and segments in the bucket', async () => {
      const all = await namesIn(swift);
      const has = (kind: string) => all.filter((name) => name.includes(`-${kind}-`)).length;
      return has('alert') >= fired.length && has('segment') >= recorded.length && has('picture') > 0 && all;
    });

    expect(new Set(hook.alerts.map((alert) => alert['firing_id']))).toEqual(new Set(fired));
    expect(cloud.violations).toEqual([]);
    expect(new Set(cloud.videos.map(({ name }) => name)).size).toBe(cloud.videos.length);
    for (const { file } of cloud.videos) await expectPlays(dir.path, file ?? Buffer.alloc(0));
    const segments = names.filter((name) => name.includes('-segment-'));
    expect(segments.map((name) => Number(name.replace(/^.*-|\.m4s$/g, '')))).toEqual(recorded);
    await expectPlays(dir.path, await joined(swift, segments));
    const [alert = ''] = names.filter((name) => name.includes('-alert-'));
    expect(JSON.parse((await get(swift, alert)).toString())).toMatchObject({ alert: { stream: { name: 'Room 1' } } });
    for (const secret of [KEY, SECRET, 'presigned']) expect(said + box.output).not.toContain(secret);
  } finally {
    await box[Symbol.asyncDispose]();
  }
});

/** When the recorded segments begin, read beside the box. */
function segmentsOf(dataDir: string): number[] {
  const database = new Database(join(dataDir, 'watchpost.db'), { readonly: true });
  try {
    const rows = database.prepare<[], { at: number }>('SELECT start_ms AS at FROM segments ORDER BY start_ms').all();
    return rows.map(({ at }) => at);
  } finally {
    database.close();
  }
}

async function namesIn({ client }: Swift): Promise<string[]> {
  const { Contents = [] } = await client.listObjectsV2({ Bucket: BUCKET });
  return Contents.map(({ Key = '' }) => Key);
}

async function get({ client }: Swift, key: string): Promise<Buffer> {
  const { Body } = await client.getObject({ Bucket: BUCKET, Key: key });
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

/** Segments of the first session behind the init file that they name. */
async function joined(swift: Swift, segments: readonly string[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  let first: string | undefined;
  for (const key of segments) {
    const { Metadata = {} } = await swift.client.headObject({ Bucket: BUCKET, Key: key });
    first ??= Metadata['init'];
    if (Metadata['init'] === first) parts.push(await get(swift, key));
  }
  return Buffer.concat([await get(swift, first ?? ''), ...parts]);
}

/** ffmpeg says nothing while it decodes all of it, and finds pictures. */
async function expectPlays(dir: string, mp4: Buffer): Promise<void> {
  const file = join(dir, 'it.mp4');
  await writeFile(file, mp4);
  const pictures = await ffmpeg('-i', file, '-f', 'rawvideo', '-vf', 'scale=16:9', '-pix_fmt', 'gray', '-');
  expect(pictures.length).toBeGreaterThan(10 * 16 * 9);
}
