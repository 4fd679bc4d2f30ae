/** The camera as it is now, by low-latency HLS: a real camera, the routes, and what players are given. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CameraStatus, hashKey } from '#domain';
import { LiveCopies, ViewRoom } from '#pipeline';
import { createLog, systemClock } from '#runtime';
import { type RtspServer, startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { ffmpeg, probeDuration } from '../e2e/support/ffmpeg.ts';
import { passingBlock } from '../e2e/support/videos.ts';
import { addStream, type Box, openBox, T0 } from './box.ts';

let camera: RtspServer;
let copies: LiveCopies;
let box: Box;
let id: string;

beforeAll(async () => {
  camera = await startRtspServer({ file: await passingBlock(240), name: 'yard', user: 'me', password: 'canary' });
  copies = new LiveCopies(new ViewRoom(), systemClock, createLog('silent'));
  box = await openBox({ liveCopies: copies });
  id = addCamera({ url: camera.url });
});
afterAll(async () => {
  await copies[Symbol.asyncDispose]();
  await box[Symbol.asyncDispose]();
  await camera[Symbol.asyncDispose]();
});

function addCamera(change: Parameters<typeof addStream>[1], facts: CameraStatus['facts'] | null = FACTS): string {
  const stream = addStream(box.store, { mediaTypes: ['video', 'audio'], ...change });
  box.live.statuses.push({ ...RECORDING, streamId: stream.id, ...(facts ? { facts } : {}) });
  return stream.id;
}

const FACTS = { videoCodec: 'h264', audioCodec: 'aac', width: 640, height: 360, fps: 10, transport: 'tcp' } as const;
const RECORDING: Omit<CameraStatus, 'streamId'> = {
  phase: 'recording',
  sinceMs: T0,
  restarts: 0,
  fpsSeen: 1,
  framesSeen: 1,
  framesDropped: 0,
  windowsDropped: 0,
  segmentsWritten: 1,
  bytesWritten: 1,
  notes: [],
  degraded: [],
};

async function link(): Promise<string> {
  const { data } = await box.call('GET', `/v1/streams/${id}/live`);
  return new URL(data.stream_url).pathname;
}

/** Without a key. */
const get = (path: string) => box.app.request(`http://box.local${path}`);
const beside = (path: string, name: string) => path.replace(/[^/]+$/, name);
const bytesOf = async (path: string) => Buffer.from(await (await get(path)).arrayBuffer());

/** Names and lengths as a player reads them. */
async function playlist(path: string, query = '') {
  const text = await (await get(path + query)).text();
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, ...groups]) => groups);
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1]);
  return {
    text,
    init: /MAP:URI="(.+)"/.exec(text)?.[1] ?? '',
    parts: all(/PART:DURATION=([\d.]+),URI="(\d+)-(\d+)\.m4s"(,INDEPENDENT=YES)?/g).map(([length, msn, n, start]) => ({
      length: Number(length),
      msn: Number(msn),
      n: Number(n),
      isIndependent: start !== undefined,
    })),
    segments: all(/EXTINF:([\d.]+),\n(\d+)\.m4s/g).map(([length, msn]) => ({
      length: Number(length),
      msn: Number(msn),
    })),
    hint: all(/PRELOAD-HINT:TYPE=PART,URI="(\d+)-(\d+)\.m4s"/g)[0]?.map(Number) ?? [],
    partTarget: number(/PART-TARGET=([\d.]+)/),
    holdBack: number(/PART-HOLD-BACK=([\d.]+)/),
    target: number(/TARGETDURATION:(\d+)/),
    first: number(/MEDIA-SEQUENCE:(\d+)/),
  };
}

describe('a camera watched live', () => {
  it('is a link to a playlist that players may ask for without a key, with codecs', async () => {
    const { data } = await box.call('GET', `/v1/streams/${id}/live`);
    expect(data.codecs).toMatch(/^avc1\.[0-9a-f]{6},mp4a\.40\.2$/);
    const answer = await get(new URL(data.stream_url).pathname);
    expect(answer.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('keeps the rules of the protocol while it goes on', async () => {
    const path = await link();
    let before = await playlist(path);
    for (let n = 0; n < 8; n++) {
      const [msn, part] = before.hint;
      const now = await playlist(path, `?_HLS_msn=${msn}&_HLS_part=${part}`);
      // What was asked for is there: as the last, or with something after it.
      const index = now.parts.findIndex((one) => one.msn === msn && one.n === part);
      expect(index >= 0 || now.parts.some((one) => one.msn > (msn ?? 0))).toBe(true);
      expect(now.target).toBe(before.target);
      expect(now.holdBack).toBeGreaterThanOrEqual(3 * now.partTarget - 0.001);
      expect(now.first).toBe(now.segments[0]?.msn ?? now.parts[0]?.msn);
      for (const { length } of now.segments) expect(Math.round(length)).toBeLessThanOrEqual(now.target);
      for (const { length } of now.parts) expect(length).toBeLessThanOrEqual(now.partTarget);
      for (const one of now.parts) if (one.n === 0) expect(one.isIndependent).toBe(true);
      // What was listed before still has its name and length, unless its segment has gone from the end.
      const near = now.parts[0]?.msn ?? 0;
      for (const old of before.parts.filter((one) => one.msn >= near)) expect(now.parts).toContainEqual(old);
      before = now;
    }
    expect(before.segments.length).toBeGreaterThan(0);
  });

  it('gives pictures and sound that play, by parts and by segments', async () => {
    const path = await link();
    const { hint } = await playlist(path);
    const { init, segments, parts } = await playlist(path, `?_HLS_msn=${hint[0]}`); // The whole segment.
    const last = segments.at(-1);
    const whole = await bytesOf(beside(path, `${last?.msn}.m4s`));
    const names = parts.filter(({ msn }) => msn === last?.msn).map(({ msn, n }) => `${msn}-${n}.m4s`);
    const inParts = await Promise.all(names.map((name) => bytesOf(beside(path, name))));
    expect(Buffer.concat(inParts).equals(whole)).toBe(true);
    const file = join(box.dir, 'piece.mp4');
    await writeFile(file, Buffer.concat([await bytesOf(beside(path, init)), whole]));
    await ffmpeg('-xerror', '-i', file, '-f', 'null', '-');
    expect(await probeDuration(file)).toBeGreaterThan(1);
  });

  it('gives the part that the playlist hints at as soon as it comes', async () => {
    const path = await link();
    const { hint } = await playlist(path);
    const answer = await get(beside(path, `${hint[0]}-${hint[1]}.m4s`));
    // A keyframe may have begun another segment instead.
    if (answer.status === 200) expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(100);
    else expect(answer.status).toBe(404);
    expect((await playlist(path)).hint).not.toEqual(hint);
  });

  it.each([
    ['?_HLS_part=1', 400],
    ['?_HLS_msn=99999999999', 400],
    ['?_HLS_msn=-1', 400],
    ['?_HLS_msn=1&_HLS_part=0', 404], // Of an earlier run.
  ])('answers %s with %i', async (query, status) => {
    expect((await get((await link()) + query)).status).toBe(status);
  });

  it.each(['1-init.mp4', '1.m4s', '1-0.m4s', '99999999999-0.m4s'])('has no %s', async (name) => {
    expect((await get(beside(await link(), name))).status).toBe(404);
  });
});

describe('a link to a live camera', () => {
  it('opens nothing when it was altered, and ends with the key that asked for it', async () => {
    const keyId = box.store.keys.add(hashKey('sk-wall'), 'wall', ['read']);
    const { data } = await box.call('GET', `/v1/streams/${id}/live`, undefined, { 'x-access-token': 'sk-wall' });
    const path = new URL(data.stream_url).pathname;
    expect((await get(path)).status).toBe(200);
    expect((await get(path.replace('/hls/', '/hls/a'))).status).toBe(403);
    box.store.keys.revoke(keyId);
    expect((await get(path)).status).toBe(403);
    expect((await get(beside(path, '1.m4s'))).status).toBe(403);
  });

  it.each([
    ['that is not connected', { url: 'rtsp://127.0.0.1:9/none' }, null, 'conflict', /not connected/],
    ['that nobody sends now', { url: '', push: { protocol: 'rtmp' } }, FACTS, 'conflict', /not connected/],
    [
      'that can not be reached',
      { url: 'rtsp://me:canary@127.0.0.1:9/none' },
      FACTS,
      'unavailable',
      /127\.0\.0\.1:9 refused/,
    ],
    ['without pictures', { mediaTypes: ['audio'] }, FACTS, 'refused', /sound only/],
  ] as const)('is not given for one %s', async (_which, change, facts, code, message) => {
    const { mediaTypes, ...rest } = { mediaTypes: ['video'] as const, ...change };
    const other = addCamera({ ...rest, mediaTypes: [...mediaTypes] }, facts);
    const answer = await box.call('GET', `/v1/streams/${other}/live`);
    expect(answer).toMatchObject({ success: false, error_code: code, message: expect.stringMatching(message) });
    expect(JSON.stringify(answer)).not.toContain('canary');
  });

  it('to the smaller stream leads to that, where the camera has one', async () => {
    const other = addCamera({ url: 'rtsp://127.0.0.1:9/none', substreamUrl: camera.url });
    expect(await box.call('GET', `/v1/streams/${other}/live`)).toMatchObject({ error_code: 'unavailable' });
    const { data } = await box.call('GET', `/v1/streams/${other}/live?size=small`);
    expect(data.codecs).toMatch(/^avc1\.[0-9a-f]{6}$/); // Without sound: nothing is known of it.
  });
});
