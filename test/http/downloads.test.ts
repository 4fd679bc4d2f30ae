/** What links play, as files: real ffmpeg, on pieces as uploads have them. */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#domain';
import { addAsset } from '../golden/seeds.ts';
import { addStream, addVideo, type Box, openBox, record, T0 } from './box.ts';

let box: Box;
let video: string;
beforeAll(async () => {
  box = await openBox();
  video = addAsset(box, newId('video'));
});
afterAll(() => box[Symbol.asyncDispose]());

const download = (stream_link: unknown, name?: string) => box.call('POST', '/download', { stream_link, name });
const linkOf = async (id: string): Promise<string> => (await box.call('GET', `/video/${id}`)).data.stream_url;

async function saved(url: string) {
  const response = await box.app.request(url);
  const file = join(box.dir, 'saved.mp4');
  writeFileSync(file, Buffer.from(await response.arrayBuffer()));
  const shown = ['-show_entries', 'format=duration:stream=codec_name', '-of', 'json'];
  const report: { format: { duration: string }; streams: { codec_name: string }[] } = JSON.parse(
    execFileSync('ffprobe', ['-v', 'error', ...shown, file], { encoding: 'utf8' }),
  );
  const codecs = report.streams.map(({ codec_name }) => codec_name);
  return { headers: response.headers, seconds: Number(report.format.duration), codecs };
}

describe('a download', () => {
  it('is an MP4 of what the link plays, without a key', async () => {
    const { data } = await download(await linkOf(video), 'Yard: Monday/1.mp4');
    expect(data).toMatchObject({ id: video, name: 'Yard-Monday-1.mp4', status: 'done' });
    const { headers, seconds, codecs } = await saved(data.download_url);
    expect(headers.get('content-type')).toBe('video/mp4');
    expect(headers.get('content-disposition')).toBe('attachment; filename="Yard-Monday-1.mp4"');
    expect(codecs).toEqual(['h264']);
    expect(seconds).toBeCloseTo(12, 1);
  });

  it('takes the video’s own name, and the link of the player', async () => {
    const { player_url } = (await box.call('GET', `/video/${video}`)).data;
    expect((await download(player_url)).data.name).toBe('Yard.mp4');
  });

  it('of shots from several videos is one file', async () => {
    const other = addAsset(box, newId('video'));
    const shots = [video, other].map((id) => ({ video_id: id, shots: [[4, 8]] }));
    const { stream_url } = (await box.call('POST', '/compile', shots)).data;
    const { seconds, codecs } = await saved((await download(stream_url, 'both')).data.download_url);
    expect(codecs).toEqual(['h264']);
    expect(seconds).toBeCloseTo(8, 1);
  });

  it('of a camera’s recording is asked for in the same way', async () => {
    const { id } = addStream(box.store, { name: 'Front gate' });
    await record(box, id, 0, 2);
    const { stream_url } = (await box.call('GET', `/rtstream/${id}/stream?start=${T0 / 1000}&end=${T0 / 1000 + 8}`))
      .data;
    const { data } = await download(stream_url);
    expect(data).toMatchObject({ id, name: 'Front-gate.mp4' });
    expect((await box.app.request(data.download_url, { method: 'HEAD' })).headers.get('content-type')).toBe(
      'video/mp4',
    );
  });

  it('is refused with what is wrong', async () => {
    expect(await download('http://elsewhere/a.m3u8')).toMatchObject({
      status: 200,
      success: false,
      message: expect.stringContaining('stream_link'),
    });
    expect(await download(7)).toMatchObject({ status: 400, message: expect.stringContaining('stream_link') });
    expect(await download('http://box/hls/forged/manifests/m-1/0-1.m3u8')).toMatchObject({ status: 403 });
    const gone = addAsset(box, newId('video'));
    const link = await linkOf(gone);
    const { download_url } = (await download(link)).data;
    box.store.assets.delete(gone);
    expect(await download(link)).toMatchObject({ status: 404 });
    expect((await box.app.request(download_url)).status).toBe(404);
    const forged = download_url.replace(/downloads\/[^/]+/, 'downloads/forged');
    expect((await box.app.request(forged)).status).toBe(403);
  });

  it('of pictures that do not fit into one file says so', async () => {
    const wide = await addVideo(box, 1, { width: 1920, height: 1080 });
    const shots = [video, wide.id].map((id) => ({ video_id: id, shots: [[0, 2]] }));
    const { stream_url } = (await box.call('POST', '/compile', shots)).data;
    expect(await download(stream_url)).toMatchObject({
      status: 200,
      success: false,
      message: expect.stringContaining('POST /editor'),
    });
  });

  it('is one of two at most', async () => {
    const { download_url } = (await download(await linkOf(video))).data;
    // More than pipes hold, and nobody reads: they go on.
    const begun = [await box.app.request(download_url), await box.app.request(download_url)];
    expect((await box.app.request(download_url)).status).toBe(503);
    for (const { body } of begun) await body?.cancel();
    const status = async () => {
      const response = await box.app.request(download_url);
      await response.body?.cancel();
      return response.status;
    };
    await expect.poll(status, { timeout: 20_000 }).toBe(200);
  });

  it('breaks off when what it holds is deleted, rather than look whole', async () => {
    const doomed = addAsset(box, newId('video'));
    const { download_url } = (await download(await linkOf(doomed))).data;
    rmSync(join(box.deps.assetsDir, doomed, '2.m4s'));
    const broken = async () => {
      const response = await box.app.request(download_url);
      if (response.status === 200) await response.arrayBuffer();
      return response.status;
    };
    await expect.poll(() => broken().catch(() => 'broken off'), { timeout: 20_000 }).toBe('broken off');
  });
});
