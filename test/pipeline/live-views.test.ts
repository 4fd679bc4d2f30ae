/** A camera watched with little delay: a real RTSP server, the package's real ffmpeg. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveViews, type Viewer, ViewRoom } from '#pipeline';
import { systemClock } from '#runtime';
import { type RtspServer, startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { ffmpeg } from '../e2e/support/ffmpeg.ts';
import { processTree } from '../e2e/support/processes.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { aStream } from '../store/fixture.ts';

const FACTS = { videoCodec: 'h264', width: 320, height: 240, fps: 10, transport: 'tcp' } as const;
let dir: Awaited<ReturnType<typeof tempDir>>;
let camera: RtspServer;
let views: LiveViews;

beforeAll(async () => {
  dir = await tempDir();
  const file = join(dir.path, 'camera.mp4');
  await ffmpeg(
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=320x240:r=10:d=60',
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-g',
    '10',
    file,
  );
  camera = await startRtspServer({ file, name: 'camera', user: 'me', password: 'canary' });
  views = new LiveViews(new ViewRoom(), systemClock);
});
afterAll(async () => {
  await views[Symbol.asyncDispose]();
  await camera[Symbol.asyncDispose]();
  await dir[Symbol.asyncDispose]();
});

function viewer(bufferedBytes = 0) {
  const got: Buffer[] = [];
  const told: string[] = [];
  const socket: Viewer = { send: (data) => got.push(data), bufferedBytes, close: (reason) => told.push(reason) };
  return { socket, got, told };
}

/** Bytes. */
const PACKET = 188;

describe('a camera that is watched', () => {
  it('is sent to all who watch by one ffmpeg, as MPEG-TS, and no more when they have gone', async () => {
    const stream = aStream({ url: camera.url });
    const [first, second, slow] = [viewer(), viewer(), viewer(1e9)];
    const seats = [first, second, slow].map(({ socket }) => views.watch(stream, FACTS, socket));
    await expect.poll(() => Buffer.concat(second.got).length, { timeout: 30_000 }).toBeGreaterThan(10 * PACKET);
    expect(Buffer.concat(first.got)[0]).toBe(0x47);
    expect(slow.got).toEqual([]);
    for (const seat of seats) seat.left();
    const before = first.got.length;
    await views[Symbol.asyncDispose]();
    expect(first.got.length - before).toBeLessThan(2);
  });

  it('ends for who watches when the camera can not be reached, and begins anew for the next', async () => {
    const stream = aStream({ id: 'rts-2', url: 'rtsp://127.0.0.1:9/none' });
    const one = viewer();
    views.watch(stream, FACTS, one.socket);
    await expect.poll(() => one.told, { timeout: 30_000 }).toEqual(['the camera sends no picture any more']);
    const two = viewer();
    const seat = views.watch({ ...stream, url: camera.url, transport: 'udp' }, FACTS, two.socket);
    await expect.poll(() => two.got.length, { timeout: 30_000 }).toBeGreaterThan(0);
    const [ffmpeg] = (await processTree(process.pid)).filter(({ argv }) => argv.includes('mpeg1video'));
    expect(ffmpeg?.argv.join(' '), 'by the transport of the camera').toContain('-rtsp_transport udp');
    seat.left();
  });

  it('is refused when it is no RTSP, or when as many are watched already', () => {
    const stream = (n: number, url = camera.url) => aStream({ id: `rts-more-${n}`, url });
    expect(() => views.watch(stream(1, 'http://127.0.0.1/cam'), FACTS, viewer().socket)).toThrow(/not watched by RTSP/);
    const seats = [2, 3].map((n) => views.watch(stream(n), FACTS, viewer().socket));
    expect(() => views.watch(stream(4), FACTS, viewer().socket)).toThrow(/2 cameras are watched/);
    for (const seat of seats) seat.left();
  });

  it('tells nobody its password', async () => {
    const written: string[] = [];
    const write = process.stderr.write.bind(process.stderr);
    process.stderr.write = (text: string | Uint8Array) => written.push(String(text)) > 0;
    try {
      const other = new LiveViews(new ViewRoom(), systemClock);
      const gone = viewer();
      other.watch(aStream({ url: camera.url.replace('canary', 'canary-wrong') }), FACTS, gone.socket);
      await expect.poll(() => gone.told.length, { timeout: 30_000 }).toBe(1);
      await other[Symbol.asyncDispose]();
    } finally {
      process.stderr.write = write;
    }
    expect(written.join('')).toBe('');
  });
});
