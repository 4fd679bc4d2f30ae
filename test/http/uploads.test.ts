/** Files from outside, over real sockets: what upload links take, and what they refuse without leaving a trace. */

import { once } from 'node:events';
import { readdir, readFile, statfs, utimes } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sweepUploads } from '#assets';
import { type HttpServer, listen } from '#http';
import { MediaLinks } from '#playback';
import { systemClock } from '#runtime';
import { type Box, openBox, put } from './box.ts';

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;
const BOUNDARY = '----a-boundary';

let box: Box;
let server: HttpServer;

beforeEach(async () => {
  box = await openBox();
  await serve();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await box[Symbol.asyncDispose]();
});

async function serve(): Promise<void> {
  server = await listen(box.app, { host: '127.0.0.1', port: 0 }, box.deps.log);
}

function base(): string {
  return `http://127.0.0.1:${server.address.port}`;
}

async function uploadUrl(): Promise<string> {
  const { data } = await box.call('GET', '/collection/default/upload_url?name=clip');
  expect(data.upload_url).toMatch(/^http:\/\/box\.local:8080\/upload\/[\w.-]+$/);
  return base() + new URL(data.upload_url).pathname;
}

interface Told {
  status: number;
  success: boolean;
  message: string;
  data?: unknown;
}

async function send(url: string, body: BodyInit, init: RequestInit = {}): Promise<Told> {
  const answer = await fetch(url, { method: 'POST', body, ...init });
  // Every answer is an envelope.
  return { status: answer.status, ...((await answer.json()) as Omit<Told, 'status'>) };
}

function formOf(...parts: [field: string, content: string, filename?: string][]): FormData {
  const form = new FormData();
  for (const [field, content, filename] of parts) {
    if (filename === undefined) form.append(field, content);
    else form.append(field, new Blob([content]), filename);
  }
  return form;
}

/** What lies in the uploads directory, beside the files' names. */
async function stored(): Promise<string[]> {
  const names = await readdir(box.deps.uploadsDir).catch(() => []);
  return names.filter((name) => !name.endsWith('.name'));
}

async function content(): Promise<string> {
  const [name = '', ...others] = await stored();
  expect(others).toEqual([]);
  return readFile(join(box.deps.uploadsDir, name), 'utf8');
}

/** A request whose body the test writes. */
function open(url: string, headers: Record<string, string | number> = {}): ClientRequest {
  return request(url, { method: 'POST', headers });
}

async function answerTo(sent: ClientRequest): Promise<Told> {
  // Its only event of that name.
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  // Every answer is an envelope.
  return { status: answer.statusCode ?? 0, ...((await json(answer)) as Omit<Told, 'status'>) };
}

describe('an upload link', () => {
  it.each(['POST', 'PUT'])('takes the part "file" of a form by %s', async (method) => {
    const form = formOf(['note', 'x'], ['thumbnail', 'no', 'no.jpg'], ['file', 'hello', 'clip.mp4'], ['last', 'y']);
    const told = await send(await uploadUrl(), form, { method });
    expect(told).toEqual({ status: 200, success: true, message: '', data: { bytes: 5 } });
    expect(await content()).toBe('hello');
  });

  it.each(['POST', 'PUT'])('takes a body that is no form as the file by %s', async (method) => {
    expect(await send(await uploadUrl(), 'hello', { method })).toMatchObject({ status: 200, data: { bytes: 5 } });
    expect(await content()).toBe('hello');
  });

  it('takes a part that has no file name', async () => {
    const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
    const body = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"\r\n\r\nhello\r\n--${BOUNDARY}--\r\n`;
    expect(await send(await uploadUrl(), body, { headers })).toMatchObject({ status: 200, data: { bytes: 5 } });
  });

  it('takes an empty file in a form, for ingest to refuse', async () => {
    const told = await send(await uploadUrl(), formOf(['file', '', 'empty.mp4']));
    expect(told).toMatchObject({ status: 200, data: { bytes: 0 } });
  });

  it('asks for no key and minds no wrong one', async () => {
    const headers = { 'x-access-token': 'sk-wrong' };
    expect((await send(await uploadUrl(), 'hello', { headers })).status).toBe(200);
  });

  it('keeps what came last when it is used again', async () => {
    const url = await uploadUrl();
    await send(url, 'the first, longer one');
    await send(url, 'the second');
    expect(await content()).toBe('the second');
  });

  it('is for a collection that there is', async () => {
    expect(await box.call('GET', '/collection/c-none/upload_url')).toMatchObject({ status: 404 });
  });

  it.each([
    ['nonsense', 'nonsense'],
    ['of another purpose', () => box.deps.links.picturePath('img-1').split('t=')[1]],
    ['that has expired', () => linkOf(Date.now() - DAY_MS - 1000)],
    ['of another box', () => new MediaLinks(Buffer.alloc(32), systemClock).uploadPath('up-1').slice(8)],
  ])('is refused when it is %s', async (_, token) => {
    const path = `/upload/${typeof token === 'string' ? token : token()}`;
    expect(await send(base() + path, 'hello')).toMatchObject({ status: 403, success: false });
    expect(await stored()).toEqual([]);
  });

  it('lives for a day', async () => {
    expect(await send(`${base()}/upload/${linkOf(Date.now() - DAY_MS + 60_000)}`, 'hello')).toMatchObject({
      status: 200,
    });
  });
});

/** The token of a link that was made at the time. */
function linkOf(nowMs: number): string {
  const path = new MediaLinks(box.store.signingKey, { ...systemClock, nowMs: () => nowMs }).uploadPath('up-1');
  return path.slice('/upload/'.length);
}

describe('an upload that is refused leaves nothing', () => {
  const form = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
  const part = (name: string) =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"; filename="a"\r\n\r\n`;

  it.each<[string, BodyInit, Record<string, string>, string]>([
    ['a form with two files', formOf(['file', 'a', 'a'], ['file', 'b', 'b']), {}, 'has two'],
    ['a form without a file', formOf(['video', 'a']), {}, 'no file'],
    ['a file in another part', formOf(['video', 'a', 'a.mp4']), {}, 'no file'],
    ['an empty form', `--${BOUNDARY}--\r\n`, form, 'form'],
    ['a form that is none', 'nothing of a form', form, 'form'],
    ['a form without boundary', 'x', { 'content-type': 'multipart/form-data' }, 'boundary'],
    ['a form that ends too early', `${part('file')}half of it`, form, 'form'],
    ['a form with a thousand fields', manyFields(1000), {}, 'too many parts'],
    ['an URL-encoded form', new URLSearchParams({ file: 'a' }), {}, 'no file'],
    ['an empty body', '', {}, 'no file'],
  ])('%s', async (_, body, headers, says) => {
    const told = await send(await uploadUrl(), body, { headers });
    expect(told).toMatchObject({ status: 400, success: false, message: expect.stringContaining(says) });
    expect(await stored()).toEqual([]);
  });

  it.each([
    ['a form', form, part('file')],
    ['a body', {}, ''],
    ['a body of known length', { 'content-length': 1_000_000 }, ''],
  ])('%s that breaks off', async (_, headers, head) => {
    const sent = open(await uploadUrl(), headers);
    sent.on('error', () => undefined); // We break it off.
    sent.write(`${head}${'x'.repeat(200_000)}`);
    await vi.waitFor(async () => expect(await stored()).toEqual([expect.stringMatching(/\.part$/)]), 20_000);
    sent.destroy();
    await vi.waitFor(async () => expect(await stored()).toEqual([]), 20_000);
  });

  it('what is announced to be larger than the room', async () => {
    await leaveRoom(5 * MIB);
    const sent = open(await uploadUrl(), { 'content-length': 6 * MIB });
    sent.flushHeaders();
    const told = await answerTo(sent);
    expect(told).toMatchObject({ status: 413, message: expect.stringContaining('no room') });
    sent.destroy();
    expect(await stored()).toEqual([]);
  });

  it.each([
    ['in a form', form, part('file')],
    ['as a body', {}, ''],
  ])('what turns out to be larger %s', async (_, headers, head) => {
    await leaveRoom(5 * MIB);
    const sent = open(await uploadUrl(), headers);
    sent.on('error', () => undefined); // The server stops reading.
    const told = answerTo(sent);
    sent.write(head);
    for (let i = 0; i < 96; i += 1) sent.write(Buffer.alloc(64 * 1024));
    expect(await told).toMatchObject({ status: 413, message: expect.stringContaining('no room') });
    sent.destroy();
    expect(await stored()).toEqual([]);
    expect((await fetch(`${base()}/v1/health`)).status).toBe(200);
  });

  it('anything when the recordings need what is left of the disk', async () => {
    box.deps.config.recording.reservePercent = 100;
    expect(await send(await uploadUrl(), 'hello')).toMatchObject({ status: 413 });
    expect(await stored()).toEqual([]);
  });

  it('a ninth at a time', async () => {
    const eight = await Promise.all(Array.from({ length: 8 }, async () => open(await uploadUrl())));
    const answers = eight.map(answerTo);
    for (const sent of eight) sent.write('x');
    await vi.waitFor(async () => expect(await stored()).toHaveLength(8), 20_000);
    const url = await uploadUrl();
    expect(await send(url, 'hello')).toMatchObject({ status: 503 });
    for (const sent of eight) sent.end('y');
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(await send(url, 'hello')).toMatchObject({ status: 200 });
  });
});

function manyFields(count: number): FormData {
  return formOf(...Array.from({ length: count }, (_, i): [string, string] => [`f${i}`, 'x']));
}

/** As if other assets filled their share of the disk but for so many bytes. */
async function leaveRoom(bytes: number): Promise<void> {
  const { bsize, blocks } = await statfs(box.dir);
  box.store.assets.create(
    {
      id: 'm-huge',
      kind: 'video',
      collectionId: 'default',
      name: 'huge',
      description: '',
      lengthMs: 1,
      bytes: (blocks * bsize) / 2 - bytes,
      width: 1,
      height: 1,
      origin: { kind: 'upload', filename: '' },
      createdMs: 0,
    },
    [],
  );
}

describe('a large upload', () => {
  it.each([
    ['as a body', '', ''],
    ['in a form', `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"\r\n\r\n`, `\r\n--${BOUNDARY}--\r\n`],
  ])('of 100 MiB goes to disk without being held in memory %s', async (_, head, tail) => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const held = () => {
      collect();
      return process.memoryUsage().arrayBuffers;
    };
    const headers = head ? { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` } : {};
    const sent = open(await uploadUrl(), headers);
    const told = answerTo(sent);
    const chunk = Buffer.alloc(MIB, 'watchpost');
    const before = held();
    let most = 0;
    sent.write(head);
    for (let i = 0; i < 100; i += 1) {
      if (!sent.write(chunk)) await once(sent, 'drain');
      if (i % 10 === 9) most = Math.max(most, held() - before);
    }
    sent.end(tail);
    expect(await told).toMatchObject({ status: 200, data: { bytes: 100 * MIB } });
    expect(most / MIB).toBeLessThan(16);
  });
});

describe('uploads that nobody takes in', () => {
  it('go after a day, those that a job will read and young ones stay', async () => {
    const { uploadsDir } = box.deps;
    const files = ['up-old', 'up-old.name', 'up-young', 'up-awaited', 'up-coming.00.part'];
    for (const name of files) await put(join(uploadsDir, name), 'x');
    const old = new Date(Date.now() - 27 * 3_600_000);
    for (const name of files) if (!/young|part/.test(name)) await utimes(join(uploadsDir, name), old, old);
    box.store.jobs.add({ id: 'job-1', kind: 'ingest', input: { uploadId: 'up-awaited' }, createdMs: 0 });
    const nowMs = Date.now();
    await sweepUploads(box.deps, { nowMs });
    expect((await readdir(uploadsDir)).sort()).toEqual(['up-awaited', 'up-coming.00.part', 'up-young']);
    await sweepUploads(box.deps, { nowMs, starting: true });
    expect((await readdir(uploadsDir)).sort()).toEqual(['up-awaited', 'up-young']);
  });
});

describe('a connection that only drips', () => {
  it('is not left open for a body that never comes with a wrong link', async () => {
    const socket = connect(server.address.port, '127.0.0.1');
    socket.write('POST /upload/nonsense HTTP/1.1\r\nHost: box\r\nContent-Length: 1000\r\n\r\n');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 403 /);
    await once(socket, 'close');
  });
});
