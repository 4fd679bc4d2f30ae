import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Box, ffmpeg, openBox, probe } from './box.ts';

let box: Box;
beforeEach(async () => {
  box = await openBox();
});
afterEach(() => box[Symbol.asyncDispose]());

const about = (filename: string) => ({
  collectionId: box.store.defaultCollection.id,
  name: 'clip',
  description: '',
  filename,
});
const video = (seconds: number, size = '160x120') => [
  '-f',
  'lavfi',
  '-i',
  `testsrc2=size=${size}:rate=10:duration=${seconds}`,
];
const sound = (seconds: number) => ['-f', 'lavfi', '-i', `sine=duration=${seconds}`];

/** Makes a file with ffmpeg, as somebody would upload it, and ingests it. */
async function upload(filename: string, input: string[], output: string[] = []) {
  const { uploadsDir } = box.deps;
  ffmpeg(uploadsDir, input, [...output, filename]);
  const { assetId } = await box.run(box.job('ingest', { uploadId: filename, ...about(filename) }));
  const asset = box.store.assets.get(assetId ?? '');
  if (!asset) throw new Error('an asset');
  expect(readdirSync(uploadsDir)).toEqual([]);
  return { asset, playlist: join(box.deps.assetsDir, asset.id, 'index.m3u8') };
}

describe('an upload', () => {
  it('of H.264 and AAC is copied, in pieces that begin at keyframes', async () => {
    const options = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '20', '-c:a', 'aac', '-shortest'];
    const { asset, playlist } = await upload('clip.mp4', [...video(6), ...sound(6)], options);
    expect(asset).toMatchObject({ kind: 'video', name: 'clip', width: 160, height: 120 });
    expect(asset.id).toMatch(/^m-[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(asset.lengthMs / 1000).toBeCloseTo(6, 0);
    expect(box.store.assets.pieces(asset.id).map(({ startMs }) => startMs)).toEqual([0, 2000, 4000]);
    expect(asset.bytes).toBeGreaterThan(1000);
    expect(probe(playlist)).toMatchObject({ codecs: expect.arrayContaining(['h264', 'aac']) });
    expect(existsSync(join(box.deps.assetsDir, asset.thumbPath ?? 'none'))).toBe(true);
  });

  it.each([
    ['old.avi', ['-c:v', 'mpeg4'], ['h264']],
    ['clip.mkv', ['-c:v', 'mjpeg', '-q:v', '5'], ['h264']],
  ])('of %s becomes what players take', async (filename, options, codecs) => {
    const { asset, playlist } = await upload(filename, video(3, '161x121'), options);
    expect(asset.kind).toBe('video');
    expect(probe(playlist).codecs).toEqual(codecs);
    expect(probe(playlist).seconds).toBeCloseTo(3, 0);
  });

  it('of sound alone is audio, of a picture an image', async () => {
    const talk = await upload('talk.mp3', sound(3));
    expect(talk.asset).toMatchObject({ kind: 'audio', width: 0 });
    expect(talk.asset.id).toMatch(/^a-/);
    expect(probe(talk.playlist).codecs).toEqual(['aac']);
    const { asset } = await upload('logo.png', video(1), ['-frames:v', '1']);
    expect(asset).toMatchObject({ kind: 'image', lengthMs: 0, width: 160, thumbPath: `${asset.id}/image.png` });
  });

  it.each([
    ['nothing', ''],
    ['text', 'hello'.repeat(1000)],
    ['half a video', '\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41'],
  ])('of %s is refused in words, and nothing is left', async (_what, content) => {
    writeFileSync(join(box.deps.uploadsDir, 'up-1'), content);
    const job = box.job('ingest', { uploadId: 'up-1', ...about('clip.mp4') });
    await expect(box.run(job)).rejects.toThrow('not media that this box can read');
    expect([readdirSync(box.deps.uploadsDir), readdirSync(box.deps.assetsDir)]).toEqual([[], []]);
  });

  it('that was never sent is refused', async () => {
    const job = box.job('ingest', { uploadId: 'up-2', ...about('clip.mp4') });
    await expect(box.run(job)).rejects.toThrow('nothing was uploaded');
  });

  it('is one asset, however often its job runs', async () => {
    ffmpeg(box.deps.uploadsDir, video(2), ['clip.mp4']);
    const job = box.job('ingest', { uploadId: 'clip.mp4', ...about('clip.mp4') });
    expect(await box.run(job)).toEqual(await box.run(job));
    expect(box.store.assets.list()).toHaveLength(1);
  });
});

describe('a download', () => {
  /** Serves until disposed of. */
  async function serve(listener: RequestListener) {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo; // A TCP server's is always of this form.
    return { url: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() };
  }
  const fetched = (url: string) => box.run(box.job('ingest', { url, ...about('clip.mp4') }));

  it('follows redirects and becomes an asset', async () => {
    ffmpeg(box.dir, video(2), ['served.mp4']);
    const { createReadStream } = await import('node:fs');
    using server = await serve((request, response) => {
      if (request.url === '/a') response.writeHead(302, { location: '/b' }).end();
      else createReadStream(join(box.dir, 'served.mp4')).pipe(response);
    });
    const { assetId } = await fetched(`${server.url}/a`);
    expect(box.store.assets.get(assetId ?? '')?.kind).toBe('video');
    expect(readdirSync(box.deps.uploadsDir)).toEqual([]);
  });

  it.each([
    ['/404', 'answered 404'],
    ['/page', 'a web page'],
    ['/round', 'redirected more than 5 times'],
    ['/away', 'must be an http:// or https:// address'],
    ['/short', 'broke off'],
  ])('of %s is refused: %s', async (path, reason) => {
    using server = await serve(({ url }, response) => {
      if (url === '/page') response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
      else if (url === '/round') response.writeHead(302, { location: '/round' }).end();
      else if (url === '/away') response.writeHead(302, { location: 'file:///etc/passwd' }).end();
      else if (url === '/short')
        response.writeHead(200, { 'content-length': '1000' }).write('x', () => response.destroy());
      else response.writeHead(404).end();
    });
    await expect(fetched(server.url + path)).rejects.toThrow(reason);
    expect(readdirSync(box.deps.uploadsDir)).toEqual([]);
  });

  it('from nowhere is refused', async () => {
    await expect(fetched('http://127.0.0.1:1/x')).rejects.toThrow('can not be reached');
  });
});
