import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cleanAssets, nameUpload } from '#assets';
import type { AssetKind } from '#domain';
import { decodeImage } from '#inference';
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
async function upload(filename: string, input: string[], output: string[] = [], mediaType?: AssetKind) {
  const { uploadsDir, assetsDir } = box.deps;
  ffmpeg(uploadsDir, input, [...output, filename]);
  renameSync(join(uploadsDir, filename), join(uploadsDir, 'up-1'));
  await nameUpload('up-1', filename, box.deps);
  const { assetId } = await box.run(job('up-1', { filename, ...(mediaType ? { mediaType } : {}) }));
  const asset = box.store.assets.get(assetId ?? '');
  if (!asset) throw new Error('an asset');
  expect(readdirSync(uploadsDir)).toEqual([]);
  return { asset, playlist: join(assetsDir, asset.id, 'index.m3u8') };
}

const job = (uploadId: string, more: Record<string, unknown> = {}) =>
  box.job('ingest', { uploadId, ...about('clip.mp4'), ...more });

/** Uploads the bytes. */
function put(content: string | Buffer, id = 'up-1'): void {
  writeFileSync(join(box.deps.uploadsDir, id), content);
}

const nothingLeft = () => expect([readdirSync(box.deps.uploadsDir), readdirSync(box.deps.assetsDir)]).toEqual([[], []]);

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

  it('of sound alone is audio, of a picture an image, whatever it is called', async () => {
    const talk = await upload('talk.mp3', sound(3));
    expect(talk.asset).toMatchObject({ kind: 'audio', width: 0 });
    expect(talk.asset.id).toMatch(/^a-/);
    expect(probe(talk.playlist).codecs).toEqual(['aac']);
    put(blackPng(160, 120));
    const { assetId } = await box.run(job('up-1', { filename: 'page.html' }));
    const asset = box.store.assets.get(assetId ?? '');
    expect(asset).toMatchObject({ kind: 'image', lengthMs: 0, width: 160, thumbPath: `${assetId}/image.png` });
    expect(box.assetFiles(assetId ?? '')).toEqual(['image.png']);
  });

  it('of a video is audio when that is asked for, and it has sound', async () => {
    const options = ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', '-shortest'];
    const spoken = await upload('clip.mp4', [...video(2), ...sound(2)], options, 'audio');
    expect(spoken.asset).toMatchObject({ kind: 'audio', width: 0, height: 0 });
    expect(probe(spoken.playlist).codecs).toEqual(['aac']);
    expect((await upload('clip.mp4', video(2), ['-c:v', 'libx264'], 'audio')).asset.kind).toBe('video');
  });

  it('of a telephone that was held upright stands upright', async () => {
    ffmpeg(box.dir, video(2), ['-c:v', 'libx264', 'lying.mp4']);
    const lying = ['-i', join(box.dir, 'lying.mp4')];
    const { asset, playlist } = await upload('clip.mp4', lying, ['-c', 'copy', '-metadata:s:v', 'rotate=90']);
    expect(asset).toMatchObject({ width: 120, height: 160 });
    expect(sizeOf(playlist)).toBe('120x160');
    const thumb = readFileSync(join(box.deps.assetsDir, asset.thumbPath ?? ''));
    expect(await decodeImage(thumb, 0)).toMatchObject({ width: 120, height: 160 });
  });

  it('that has to be encoded gets no larger than what a small box can encode', async () => {
    const { asset, playlist } = await upload('old.avi', video(0.2, '2400x1200'), ['-c:v', 'mpeg4']);
    expect(asset).toMatchObject({ width: 1920, height: 960 });
    expect(sizeOf(playlist)).toBe('1920x960');
  });

  it('with a hole of hours keeps its times, and is not filled up with copies', async () => {
    const apart = ['-vf', 'setpts=N*36000/TB', '-fps_mode', 'passthrough', '-enc_time_base', '1/1000'];
    const { asset } = await upload('holey.mkv', video(0.2), [...apart, '-c:v', 'mjpeg']);
    expect(asset.lengthMs).toBeGreaterThan(35_900_000);
    expect(box.store.assets.pieces(asset.id)).toHaveLength(2);
  });
});

describe('an upload is refused, and nothing is left of it', () => {
  it.each([
    ['nothing', ''],
    ['text', 'hello'.repeat(1000)],
    ['a web page', '<!doctype html><html><body>hello</body></html>'],
    ['subtitles, which have no pictures', '1\n00:00:00,000 --> 00:00:01,000\nhello\n'],
    ['half a video', '\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41'],
  ])('when it is %s', async (_what, content) => {
    put(content);
    await expect(box.run(job('up-1'))).rejects.toThrow('not media that this box can read');
    nothingLeft();
  });

  it.each([
    [20_000, 20_000],
    [15_000, 15_000],
    [9000, 1],
  ])('when it is a picture of %d × %d pixels', async (width, height) => {
    put(blackPng(width, height));
    await expect(box.run(job('up-1'))).rejects.toThrow('more than 8192 pixels');
    nothingLeft();
  });

  it.each([
    ['HLS', (file: string) => `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:2,\n${file}\n#EXT-X-ENDLIST\n`],
    ['a list of files', (file: string) => `ffconcat version 1.0\nfile ${file.slice(file.lastIndexOf('/') + 1)}\n`],
  ])('when it is %s that names a file of this box', async (_what, playlist) => {
    ffmpeg(box.deps.uploadsDir, video(2), ['-c:v', 'libx264', '-f', 'mpegts', 'secret']);
    put(playlist(join(box.deps.uploadsDir, 'secret')));
    await expect(box.run(job('up-1'))).rejects.toThrow('not media that this box can read');
    expect([readdirSync(box.deps.uploadsDir), readdirSync(box.deps.assetsDir)]).toEqual([['secret'], []]);
  });

  it('when it was never sent', async () => {
    await expect(box.run(job('up-2'))).rejects.toThrow('nothing was uploaded');
  });

  it('when there is no room for it, or it grows beyond the room while it is encoded', async () => {
    ffmpeg(box.deps.uploadsDir, video(120, '640x480'), ['-c:v', 'mpeg4', '-f', 'avi', 'up-1']);
    let told = 0;
    const growing = box.run(job('up-1'), undefined, () => {
      told += 1;
      box.deps.reservePercent = 100;
    });
    await expect(growing).rejects.toThrow('there is no room for it');
    expect(told).toBeGreaterThan(0);
    nothingLeft();
    put('x');
    await expect(box.run(job('up-1'))).rejects.toThrow('there is no room for it');
    nothingLeft();
  });

  it('when its collection was deleted meanwhile', async () => {
    ffmpeg(box.deps.uploadsDir, video(1), ['-f', 'mp4', 'up-1']);
    await expect(box.run(job('up-1', { collectionId: 'c-gone' }))).rejects.toThrow('collection it was for was deleted');
    nothingLeft();
  });
});

describe('the job of an upload', () => {
  const bytes = () => ffmpeg(box.deps.uploadsDir, video(2), ['-f', 'mp4', 'up-1']);

  it('makes one asset, however often it runs', async () => {
    bytes();
    const once = job('up-1');
    expect(await box.run(once)).toEqual(await box.run(once));
    expect(box.store.assets.list()).toHaveLength(1);
  });

  it('begins again after a stop, which leaves it the file', async () => {
    bytes();
    const cut = job('up-1');
    await expect(box.run(cut, AbortSignal.abort(new Error('stopping')))).rejects.toThrow('stopping');
    expect(readdirSync(box.deps.uploadsDir)).toEqual(['up-1']);
    const { assetId } = await box.run(cut);
    expect(box.assetFiles(assetId ?? '')).toContain('index.m3u8');
  });

  it('begins again after a crash before the row was written, and ends after one that came later', async () => {
    bytes();
    const cut = job('up-1');
    const { assetId = '' } = await box.run(cut);
    const files = box.assetFiles(assetId);
    box.store.assets.delete(assetId); // The folder stays, as when the row was never written.
    bytes();
    await cleanAssets(box.deps);
    expect(existsSync(join(box.deps.assetsDir, assetId))).toBe(false);
    expect(await box.run(cut)).toEqual({ assetId });
    expect(box.assetFiles(assetId)).toEqual(files);
    bytes(); // As when the row was written, and the file not yet removed.
    expect(await box.run(cut)).toEqual({ assetId });
    expect(readdirSync(box.deps.uploadsDir)).toEqual([]);
  });
});

function sizeOf(file: string): string {
  const entries = ['-select_streams', 'v', '-show_entries', 'stream=width,height', '-of', 'csv=p=0:s=x'];
  const output = execFileSync('ffprobe', ['-loglevel', 'error', '-allowed_extensions', 'ALL', ...entries, file]);
  return output.toString().trim().split('\n')[0] ?? '';
}

/** All black, so that much of it is little to send. */
function blackPng(width: number, height: number): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 0, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.alloc((width + 1) * height), { level: 1 });
  const chunks = [chunk('IHDR', head), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);
}

function chunk(type: string, data: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(data.length);
  return Buffer.concat([size, Buffer.from(type, 'latin1'), data, Buffer.alloc(4)]); // Nobody checks the sum.
}
