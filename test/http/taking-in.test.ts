/** What was uploaded becomes a video, audio or an image: with VideoDB's own package, real sockets and ffmpeg. */

import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from 'videodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assetHandlers } from '#assets';
import type { Job } from '#domain';
import { type HttpServer, listen } from '#http';
import { Inference } from '#inference';
import { ModelLibrary } from '#models';
import { Lifetime, systemClock } from '#runtime';
import { ffmpeg } from '../assets/box.ts';
import { type Box, openBox } from './box.ts';

const life = new Lifetime();
let box: Box;
let server: HttpServer;
let base: string;
/** The inputs of jobs, in order. */
const inputs: Job['input'][] = [];

beforeAll(async () => {
  box = life.use(await openBox());
  const { deps, dir } = box;
  const models = await ModelLibrary.open(join(dir, 'models'), deps.log);
  const { signal } = new AbortController();
  const options = { models, detector: 'none', log: deps.log, clock: systemClock };
  const inference = life.use(await Inference.start(options, signal));
  const { ingest } = assetHandlers({ ...deps, inference, reservePercent: 0 });
  box.handlers.ingest = (job, context) => {
    inputs.push(job.input);
    return ingest(job, context);
  };
  server = life.use(await listen(box.app, { host: '127.0.0.1', port: 0 }, deps.log));
  base = `http://127.0.0.1:${server.address.port}`;
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=10:duration=2'];
  const sound = ['-f', 'lavfi', '-i', 'sine=duration=2'];
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', '-shortest'];
  ffmpeg(dir, [...picture, ...sound], [...codecs, 'Front gate.mp4']);
  ffmpeg(dir, sound, ['talk.mp3']);
  ffmpeg(dir, picture, ['-frames:v', '1', 'logo.png']);
});
afterAll(() => life[Symbol.asyncDispose]());

const collectionOf = () => connect({ apiKey: 'sk-right', baseUrl: base }).getCollection();
/** The codecs of what a link plays; not by a call that would keep the server from answering. */
async function codecsOf(url: string): Promise<string[]> {
  const fields = ['-show_entries', 'stream=codec_name', '-of', 'csv=p=0', url];
  const { stdout } = await promisify(execFile)('ffprobe', ['-loglevel', 'error', ...fields]);
  return stdout.trim().split('\n');
}
const lastInput = () => inputs.at(-1);

async function upload(body: object): Promise<{ status: number; success: boolean; message: string; data: unknown }> {
  const headers = { 'x-access-token': 'sk-right', 'content-type': 'application/json' };
  const answer = await fetch(`${base}/collection/default/upload`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  // Every answer is an envelope.
  let envelope = (await answer.json()) as Awaited<ReturnType<typeof upload>> & { data?: { output_url?: string } };
  // What takes a slow machine more than some seconds is asked for where the answer says, as clients do.
  for (let url = envelope.data?.output_url; url; url = envelope.data?.output_url) {
    envelope = (await (await fetch(url, { headers })).json()) as typeof envelope;
  }
  return { ...envelope, status: answer.status };
}

async function send(content: BodyInit): Promise<string> {
  const { data } = await box.call('GET', '/collection/default/upload_url');
  const url = base + new URL(data.upload_url).pathname;
  await fetch(url, { method: 'POST', body: content });
  return url;
}

describe('the videodb package', () => {
  it('uploads a file and gets a video that plays', async () => {
    const collection = await collectionOf();
    const video = await collection.uploadFile({ filePath: join(box.dir, 'Front gate.mp4'), description: 'Monday' });
    if (!video || !('streamUrl' in video)) throw new Error('no video');
    expect(video).toMatchObject({ collectionId: collection.id, name: 'Front gate', description: 'Monday' });
    expect(video.id).toMatch(/^m-/);
    expect(Number(video.length)).toBeCloseTo(2, 0);
    expect(lastInput()).toMatchObject({ filename: 'Front gate.mp4', collectionId: collection.id });
    expect((await codecsOf(video.streamUrl)).slice(0, 2)).toEqual(['h264', 'aac']);
    const { status, headers } = await fetch(String(video.thumbnail));
    expect([status, headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    expect((await collection.getVideos()).map(({ id }) => id)).toContain(video.id);
    expect((await readdir(box.deps.uploadsDir)).filter((name) => !name.endsWith('.name'))).toEqual([]);
  });

  it('uploads sound and gets audio', async () => {
    const collection = await collectionOf();
    const uploaded = await collection.uploadFile({ filePath: join(box.dir, 'talk.mp3'), name: 'Talk' });
    const audio = await collection.getAudio(uploaded?.id ?? '');
    expect(audio).toMatchObject({ name: 'Talk', collectionId: collection.id });
    expect(audio.id).toMatch(/^a-/);
    expect(Number(audio.length)).toBeCloseTo(2, 0);
    expect((await codecsOf((await audio.generateUrl()) ?? ''))[0]).toBe('aac');
    expect(await audio.getTranscript()).toEqual([]);
    await audio.delete();
    expect(await collection.getAudios()).toEqual([]);
  });

  it('uploads a picture and gets an image', async () => {
    const collection = await collectionOf();
    const uploaded = await collection.uploadFile({ filePath: join(box.dir, 'logo.png') });
    const image = await collection.getImage(uploaded?.id ?? '');
    expect(image).toMatchObject({ name: 'logo', collectionId: collection.id });
    expect(image.id).toMatch(/^img-/);
    for (const url of [image.url, await image.generateUrl()]) {
      const answer = await fetch(url ?? '');
      expect(answer.headers.get('content-type')).toBe('image/png');
      const bytes = Buffer.from(await answer.arrayBuffer());
      expect(bytes.equals(await readFile(join(box.dir, 'logo.png')))).toBe(true);
    }
    await collection.deleteImage(image.id);
    expect(await collection.getImages()).toEqual([]);
  });

  it('has a file fetched from an address', async () => {
    const files = createServer(({ url = '' }, response) => {
      createReadStream(join(box.dir, basename(decodeURIComponent(url.split('?')[0] ?? '')))).pipe(response);
    });
    await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
    const { port } = files.address() as AddressInfo; // A TCP server's is always of this form.
    const url = `http://127.0.0.1:${port}/media/Front%20gate.mp4?signature=canary`;
    const video = await connect({ apiKey: 'sk-right', baseUrl: base }).uploadURL(undefined, { url, name: 'Fetched' });
    files.close();
    expect(video).toMatchObject({ name: 'Fetched' });
    expect(lastInput()).toMatchObject({ url, filename: 'Front gate.mp4' });
  });

  it('is told why a file is not taken in', async () => {
    await writeFile(join(box.dir, 'notes.txt'), 'no media at all');
    const notes = (await collectionOf()).uploadFile({ filePath: join(box.dir, 'notes.txt') });
    await expect(notes).rejects.toThrow('not media');
  });
});

describe('taking in an upload', () => {
  it('calls it what the client calls it, else what the file was called', async () => {
    const clip = await readFile(join(box.dir, 'logo.png'));
    const form = new FormData();
    form.append('file', new Blob([clip]), 'Der Hof – früh.png');
    expect(await upload({ url: await send(form) })).toMatchObject({ data: { name: 'Der Hof – früh' } });
    expect(await upload({ url: await send(clip), name: '  ' })).toMatchObject({ data: { name: 'Upload' } });
    const named = { name: 'Gate', description: null, callback_url: null, media_type: null };
    expect(await upload({ url: await send(clip), ...named })).toMatchObject({ data: { name: 'Gate' } });
  });

  it('recognises its own link behind another name of the box', async () => {
    const url = new URL(await send(await readFile(join(box.dir, 'logo.png'))));
    expect(await upload({ url: `https://other.example${url.pathname}` })).toMatchObject({ success: true });
  });

  it('happens once', async () => {
    const url = await send(await readFile(join(box.dir, 'logo.png')));
    expect(await upload({ url })).toMatchObject({ success: true });
    const again = await upload({ url });
    expect(again).toMatchObject({ status: 200, success: false, message: expect.stringContaining('no file here') });
  });

  it('lets nobody replace the file while it happens', async () => {
    const url = await send('a file');
    const { ingest } = box.handlers;
    let reached: () => void = () => undefined;
    let release: () => void = () => undefined;
    const working = new Promise<void>((resolve) => {
      reached = resolve;
    });
    box.handlers.ingest = async () => {
      reached();
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return {};
    };
    const first = upload({ url });
    await working;
    expect((await fetch(url, { method: 'POST', body: 'another' })).status).toBe(409);
    expect(await upload({ url })).toMatchObject({ success: false, message: expect.stringContaining('taken already') });
    release();
    await first;
    if (ingest) box.handlers.ingest = ingest;
  });

  it.each([
    [{}, 'url'],
    [{ url: '' }, 'url'],
    [{ url: 'file:///etc/passwd' }, 'url'],
    [{ url: 'rtsp://10.0.0.1/' }, 'url'],
    [{ url: 'http://10.0.0.1/a.mp4', media_type: 'text' }, 'media_type'],
    [{ url: 'http://10.0.0.1/a.mp4', name: 'x'.repeat(201) }, 'name'],
  ])('of %j is refused', async (body, field) => {
    const before = inputs.length;
    expect(await upload(body)).toMatchObject({ status: 400, message: expect.stringMatching(`^${field}: `) });
    expect(inputs).toHaveLength(before);
  });

  it('of a link that was altered or has expired is refused, not fetched from itself', async () => {
    expect(await upload({ url: `${base}/upload/nonsense` })).toMatchObject({ status: 403, success: false });
  });

  it('into a collection that there isn’t is refused', async () => {
    const answer = await box.call('POST', '/collection/c-none/upload', { url: 'http://10.0.0.1/a.mp4' });
    expect(answer).toMatchObject({ status: 404 });
  });
});
