/** Clips, snapshots and sheets over HTTP, from pieces that ffmpeg made. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RecordingSession } from '#domain';
import { ffmpeg } from '../e2e/support/ffmpeg.ts';
import { addStream, type Box, openBox, put, T0 } from './box.ts';

const KEY = { 'x-access-token': 'sk-right' };
const FROM = T0 / 1000;
let box: Box;
let streamId: string;

/** Red for the first four seconds, then blue, in pieces of two seconds. */
beforeAll(async () => {
  box = await openBox();
  const { id } = addStream(box.store, { name: 'Gate / "east"' });
  streamId = id;
  const home = join(box.deps.mediaDir, id, 'ses-1');
  await mkdir(home, { recursive: true });
  const colour = (name: string) => ['-f', 'lavfi', '-i', `color=${name}:s=640x360:r=5:d=4`];
  await ffmpeg(
    ...[...colour('red'), ...colour('blue'), '-filter_complex', '[0][1]concat=n=2:v=1:a=0', '-c:v', 'libx264'],
    ...['-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '10', '-output_ts_offset', '50', '-f', 'hls'],
    ...['-hls_time', '2', '-hls_list_size', '0', '-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', 'init.mp4'],
    ...['-hls_segment_options', 'movflags=+frag_discont', '-hls_segment_filename', join(home, '%d.m4s')],
    join(home, 'live.m3u8'),
  );
  const session: RecordingSession = {
    id: 'ses-1',
    streamId: id,
    startedMs: T0,
    initPath: `${id}/ses-1/init.mp4`,
    codecs: 'avc1.42c01e',
    width: 640,
    height: 360,
  };
  for (const n of [0, 1, 2, 3]) {
    const [startMs, endMs] = [T0 + n * 2000, T0 + (n + 1) * 2000];
    const path = `${id}/ses-1/${n}.m4s`;
    box.store.segments.add({ streamId: id, sessionId: 'ses-1', startMs, endMs, path, bytes: 1000 }, session);
  }
});
afterAll(() => box[Symbol.asyncDispose]());

const get = async (path: string, headers: Record<string, string> = KEY): Promise<Response> =>
  box.app.request(`http://box${`/v1/streams/${streamId}/${path}`}`, { headers });

async function colourOf(jpeg: ArrayBuffer, region?: { left: number; top: number; width: number; height: number }) {
  const picture = sharp(Buffer.from(jpeg));
  const { channels } = await (region ? sharp(await picture.extract(region).toBuffer()) : picture).stats();
  const [red = 0, , blue = 0] = channels.map(({ mean }) => mean);
  return red > blue ? 'red' : 'blue';
}

it('gives a stretch as an MP4 with a name that every system takes', async () => {
  const answer = await get(`clip.mp4?start=${FROM}&end=${FROM + 8}`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/mp4']);
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="Gate-east-2026-01-15T12-00-00Z.mp4"');
  const mp4 = Buffer.from(await answer.arrayBuffer());
  expect(mp4.subarray(4, 8).toString()).toBe('ftyp');
  const file = join(box.dir, 'clip.mp4');
  await put(file, mp4);
  await ffmpeg('-i', file, '-f', 'null', '-');
});

it('makes nothing for those who ask for headers alone', async () => {
  const { id } = addStream(box.store, { name: 'Snow' });
  const home = join(box.deps.mediaDir, id, 'ses-2');
  await mkdir(home, { recursive: true });
  // More than lies between ffmpeg and whoever reads.
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=s=1280x720:r=10:d=1', '-vf', 'noise=alls=100:allf=t+u', '-c:v', 'libx264'],
    ...['-preset', 'ultrafast', '-qp', '5', '-pix_fmt', 'yuv420p', '-f', 'hls', '-hls_segment_type', 'fmp4'],
    ...['-hls_time', '2', '-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', join(home, '%d.m4s')],
    join(home, 'live.m3u8'),
  );
  const session = {
    id: 'ses-2',
    streamId: id,
    startedMs: T0,
    initPath: `${id}/ses-2/init.mp4`,
    width: 1280,
    height: 720,
  };
  const piece = {
    streamId: id,
    sessionId: 'ses-2',
    startMs: T0,
    endMs: T0 + 1000,
    path: `${id}/ses-2/0.m4s`,
    bytes: 1,
  };
  box.store.segments.add(piece, session);
  const url = `http://box/v1/streams/${id}/clip.mp4?start=${FROM}&end=${FROM + 1}`;
  for (let n = 0; n < 4; n++) {
    const answer = await box.app.request(url, { method: 'HEAD', headers: KEY });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/mp4']);
  }
});

it('shows the moment that was asked for, as large as it was recorded', async () => {
  for (const [at, colour] of [
    [3.5, 'red'],
    [4.5, 'blue'],
    [7.99, 'blue'],
  ] as const) {
    const answer = await get(`snapshot.jpg?at=${FROM + at}`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    const jpeg = await answer.arrayBuffer();
    expect([await colourOf(jpeg), (await sharp(Buffer.from(jpeg)).metadata()).width]).toEqual([colour, 640]);
  }
  expect((await get('snapshot.jpg')).status).toBe(404); // Nothing is live.
  const frame = { atMs: T0, width: 2, height: 2, rgb: new Uint8Array(12).fill(99), sceneScore: 0 };
  box.live.frames.set(streamId, frame);
  expect((await get('snapshot.jpg')).status).toBe(200);
});

it('lays pictures of a stretch side by side, in order', async () => {
  const answer = await get(`sheet.jpg?start=${FROM}&end=${FROM + 8}&columns=2&rows=2`);
  expect(answer.status).toBe(200);
  const jpeg = await answer.arrayBuffer();
  expect(await sharp(Buffer.from(jpeg)).metadata()).toMatchObject({ width: 640, height: 360 });
  const cell = (column: number, row: number) => ({ left: column * 320, top: row * 180, width: 320, height: 180 });
  const colours = [cell(0, 0), cell(1, 0), cell(0, 1), cell(1, 1)].map((region) => colourOf(jpeg, region));
  expect(await Promise.all(colours)).toEqual(['red', 'red', 'blue', 'blue']);
});

it('wants a key, or a link that covers the stretch', async () => {
  const path = box.deps.links.manifestPath(streamId, T0 + 2000, T0 + 6000);
  const token = /\/hls\/([^/]+)\//.exec(path)?.[1] ?? '';
  const status = async (what: string, headers = {}) => {
    const answer = await get(what, headers);
    await answer.body?.cancel();
    return answer.status;
  };
  const within = `start=${FROM + 2}&end=${FROM + 6}`;
  expect(await status(`clip.mp4?${within}&t=${token}`)).toBe(200);
  expect(await status(`sheet.jpg?${within}&columns=1&rows=1&t=${token}`)).toBe(200);
  expect(await status(`snapshot.jpg?at=${FROM + 3}&t=${token}`)).toBe(200);
  for (const what of [
    `clip.mp4?${within}`,
    `clip.mp4?start=${FROM}&end=${FROM + 6}&t=${token}`,
    `clip.mp4?t=${token}`,
    `clip.mp4?${within}&t=${token}x`,
    `snapshot.jpg?at=${FROM + 7}&t=${token}`,
    `snapshot.jpg?t=${token}`,
    'snapshot.jpg',
  ]) {
    expect(await status(what), what).toBe(401);
  }
  const other = addStream(box.store).id;
  const elsewhere = await box.app.request(`http://box/v1/streams/${other}/clip.mp4?${within}&t=${token}`);
  expect(elsewhere.status).toBe(401);
});

it('makes two at a time', async () => {
  const asked = await Promise.all([1, 2, 3, 4].map(() => get(`sheet.jpg?start=${FROM}&end=${FROM + 8}&columns=1`)));
  const statuses = asked.map(({ status }) => status).sort((a, b) => a - b);
  expect(statuses).toEqual([200, 200, 503, 503]);
  expect((await get(`sheet.jpg?start=${FROM}&end=${FROM + 8}&columns=1&rows=1`)).status).toBe(200);
});

it('says what is wrong with the rest', async () => {
  const message = async (what: string) => {
    const answer = await get(what);
    return [answer.status, ((await answer.json()) as { message: string }).message];
  };
  expect(await message(`clip.mp4?start=${FROM + 100}&end=${FROM + 110}`)).toEqual([
    404,
    expect.stringMatching(/nothing/),
  ]);
  expect(await message(`clip.mp4?start=${FROM + 6}&end=${FROM}`)).toEqual([400, expect.stringMatching(/before start/)]);
  expect(await message(`sheet.jpg?columns=9`)).toEqual([400, expect.stringMatching(/columns/)]);
  expect((await message('snapshot.jpg?at=yesterday'))[0]).toBe(400);
});
