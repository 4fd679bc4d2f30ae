/** A bucket of a real S3 server: OpenStack Swift, as Debian has it. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Parcel } from '#sync';
import { S3Target } from '../../src/sync/targets/s3.ts';
import { NOON } from '../store/fixture.ts';
import {
  aClip,
  aSegment,
  insist,
  longBytes,
  memoryLine,
  s3Config,
  sha256,
  skippingClock,
  someRecords,
  stream,
} from '../sync/targets/fixture.ts';
import { BUCKET, type Swift, startSwift } from './support/s3-server.ts';

const MIB = 2 ** 20;
const signal = new AbortController().signal;
const CHILD = fileURLToPath(new URL('support/s3-child.ts', import.meta.url));
const hasSwift = existsSync('/usr/lib/python3/dist-packages/swift');
if (!hasSwift) console.warn('skipped: a real S3 server; install the Debian package python3-swift');

describe.skipIf(!hasSwift)('a bucket', () => {
  let swift: Swift;
  let target: S3Target;
  const targetOf = (given: Record<string, unknown> = {}) =>
    new S3Target(s3Config({ endpoint: swift.url, ...given }), { wire: { env: {} } });

  beforeAll(async () => {
    swift = await startSwift();
    target = targetOf();
  });
  afterAll(async () => {
    await target[Symbol.asyncDispose]();
    await swift[Symbol.asyncDispose]();
  });

  async function names(prefix: string): Promise<string[]> {
    const { Contents = [] } = await swift.client.listObjectsV2({ Bucket: BUCKET, Prefix: prefix });
    return Contents.map(({ Key = '' }) => Key);
  }
  async function get(key: string) {
    const { Body, ContentType, Metadata } = await swift.client.getObject({ Bucket: BUCKET, Key: key });
    return { bytes: Buffer.from((await Body?.transformToByteArray()) ?? []), ContentType, Metadata };
  }
  async function uploads(): Promise<string[]> {
    const { Uploads = [] } = await swift.client.listMultipartUploads({ Bucket: BUCKET });
    return Uploads.map(({ Key = '' }) => Key);
  }

  it('holds each parcel under a name that tells box, camera and time', async () => {
    const own = targetOf({ prefix: 'site/north' });
    const alert = { kind: 'alert', key: 'box-1/alert/fire-1/verdict', facts: { stream, payload: { label: 'Tür' } } };
    const { body: _, ...clip } = aClip();
    const parcels: Parcel[] = [
      aSegment(),
      aSegment(NOON + 4000),
      { ...clip, ...alert } as unknown as Parcel, // So much of it is looked at.
      someRecords(),
    ];
    for (const parcel of parcels) await own.send(parcel, memoryLine(), signal);
    const day = new Date(NOON).toISOString().slice(0, 10).replaceAll('-', '/');
    const time = new Date(NOON).toISOString().slice(11, 24).replaceAll(':', '');
    const later = new Date(NOON + 4000).toISOString().slice(11, 24).replaceAll(':', '');
    expect(await names('site/north/')).toEqual([
      `site/north/box-1/all/${day}/${time}-records-1-9.0.jsonl`,
      `site/north/box-1/rts-1/${day}/${time}-alert-fire-1-verdict.jsonl`,
      `site/north/box-1/rts-1/${day}/${time}-segment-ses-1-${NOON}.m4s`,
      `site/north/box-1/rts-1/${day}/${later}-segment-ses-1-${NOON + 4000}.m4s`,
      'site/north/box-1/rts-1/init/ses-1.mp4',
    ]);
    const segment = await get(`site/north/box-1/rts-1/${day}/${time}-segment-ses-1-${NOON}.m4s`);
    expect(segment).toMatchObject({
      ContentType: 'video/iso.segment',
      Metadata: { camera: 'Vordert%C3%BCr', init: 'site/north/box-1/rts-1/init/ses-1.mp4' },
    });
    expect(segment.bytes).toHaveLength(1000);
    expect((await get('site/north/box-1/rts-1/init/ses-1.mp4')).bytes.toString()).toBe('init!');
    const line = await get(`site/north/box-1/rts-1/${day}/${time}-alert-fire-1-verdict.jsonl`);
    expect(JSON.parse(line.bytes.toString())).toEqual({ alert: { stream, payload: { label: 'Tür' } } });
    const records = await get(`site/north/box-1/all/${day}/${time}-records-1-9.0.jsonl`);
    expect(records.bytes.toString()).toBe(`${JSON.stringify({ stream })}\n`);
    await own[Symbol.asyncDispose]();
  });

  it('holds a parcel once, however often it is sent', async () => {
    const clip = aClip(Buffer.from('small'), 'again');
    for (let n = 0; n < 3; n += 1) await target.send(clip, memoryLine(), signal);
    expect((await names('watchpost/')).filter((name) => name.includes('again'))).toHaveLength(1);
  });

  it('takes what is large in parts, and the missing ones only after the box was killed', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'watchpost-s3-'));
    const state = join(dir, 'state.json');
    const child = fork(CHILD, [swift.url, state], { execArgv: ['--import', 'tsx'], silent: true });
    await once(child.stdout ?? child, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const line = memoryLine();
    line.resumed = JSON.parse(await readFile(state, 'utf8'));
    const bytes = longBytes();
    await target.send(aClip(bytes), line, signal);
    // The two parts that were there didn't go again.
    expect(line.moved).toBe(12 * MIB);
    expect(line.taken).toBeLessThan(12.1 * MIB);
    const [name = ''] = (await names('watchpost/')).filter((each) => each.endsWith('-clip-c1.mp4'));
    const object = await get(name);
    expect([sha256(object.bytes), object.ContentType]).toEqual([sha256(bytes), 'video/mp4']);
    // The answer to the last request was lost.
    await target.send(aClip(bytes), line, signal);
    expect((await names('watchpost/')).filter((each) => each.endsWith('-clip-c1.mp4'))).toEqual([name]);
    await rm(dir, { recursive: true });
  });

  it('begins anew where the parts are gone', async () => {
    const bytes = Buffer.alloc(6 * MIB, 7);
    const line = memoryLine();
    line.resumed = { uploadId: 'MjQwOGI3ZjQtN2NhYy00NTFkLWFlNGEtZjc3OGNjZjlmYzli' };
    expect(await insist(target, aClip(bytes, 'gone'), { line })).toEqual([
      'sync.targets.bucket: what was sent of it is gone from the bucket: it begins anew',
    ]);
    expect((await names('watchpost/')).filter((name) => name.includes('gone'))).toHaveLength(1);
  });

  it('is cleared of what was begun and given up, and of nothing that others began', async () => {
    const begin = (Key: string) => swift.client.createMultipartUpload({ Bucket: BUCKET, Key });
    await begin('watchpost/box-1/rts-1/given-up.mp4');
    await begin('watchpost/box-2/rts-1/of-others.mp4');
    const clock = { ...skippingClock(), nowMs: () => Date.now() };
    const today = new S3Target(s3Config({ endpoint: swift.url }), { clock, wire: { env: {} } });
    await today.send(aClip(Buffer.alloc(6 * MIB), 'today'), memoryLine(), signal);
    expect(await uploads()).toHaveLength(2);
    clock.nowMs = () => Date.now() + 8 * 86_400_000;
    await today.send(aClip(Buffer.alloc(6 * MIB), 'later'), memoryLine(), signal);
    expect(await uploads()).toEqual(['watchpost/box-2/rts-1/of-others.mp4']);
    await today[Symbol.asyncDispose]();
  });

  const wrong: [string, Record<string, unknown>, string][] = [
    ['bucket', { bucket: 'nowhere' }, 'sync.targets.bucket.bucket: there is no bucket "nowhere"'],
    ['secret', { secretAccessKey: 'canary-secret' }, 'sync.targets.bucket.secretAccessKey: it does not fit'],
    ['region', { region: 'eu-west-9' }, 'sync.targets.bucket.region: the server does not take "eu-west-9"'],
    ['rights', { accessKeyId: 'test:reader', secretAccessKey: 'reading' }, 'accessKeyId: the key may not do this'],
    ['address', { endpoint: 'http://127.0.0.1:1' }, 'no connection (ECONNREFUSED)'],
  ];
  it.each(wrong)('says plainly when the %s is wrong', async (_what, given, message) => {
    await using own = targetOf(given);
    for (const parcel of [aClip(), aClip(Buffer.alloc(6 * MIB))]) {
      const sent = own.send(parcel, memoryLine(), signal);
      await expect(sent).rejects.toThrow(message);
      await expect(sent).rejects.not.toThrow(/canary-secret|testing|reading/);
    }
  });

  it('says that the clock is wrong, and goes on with the clock of the server', async () => {
    await using own = targetOf();
    const now = Date.now.bind(Date);
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
    try {
      const failures = await insist(own, aClip(Buffer.from('late'), 'skew'));
      expect(failures).toEqual([
        expect.stringContaining("sync.targets.bucket: the box's clock and the server's differ"),
      ]);
    } finally {
      clock.mockRestore();
    }
  });

  it('is found by a name of its own, through a proxy', async () => {
    await using proxy = await startProxy(swift.port, (chunk) => chunk);
    const config = s3Config({ endpoint: 'http://s3.test', pathStyle: false });
    await using own = new S3Target(config, { wire: { env: proxy.env } });
    await own.send(aClip(Buffer.from('hosted'), 'hosted'), memoryLine(), signal);
    expect(new Set(proxy.hosts)).toEqual(new Set(['footage.s3.test']));
    expect((await names('watchpost/')).filter((name) => name.includes('hosted'))).toHaveLength(1);
  });

  it('keeps nothing that arrives damaged', async () => {
    await using proxy = await startProxy(swift.port, (chunk) => chunk.fill(0, 0, 1));
    await using own = new S3Target(s3Config({ endpoint: 'http://127.0.0.1' }), { wire: { env: proxy.env } });
    const sent = own.send(aClip(Buffer.from('intact'), 'damaged'), memoryLine(), signal);
    await expect(sent).rejects.toThrow('the server answered 400 (BadDigest)');
    expect((await names('watchpost/')).filter((name) => name.includes('damaged'))).toEqual([]);
  });
});

/** A proxy that leads everything to one server, and may change what is sent. */
async function startProxy(port: number, change: (chunk: Buffer) => Buffer) {
  const hosts: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    hosts.push(request.headers.host);
    const { pathname, search } = new URL(request.url ?? '');
    const to = { port, path: pathname + search, method: request.method, headers: request.headers };
    const onward = forward({ host: '127.0.0.1', ...to }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.on('data', (chunk: Buffer) => onward.write(change(chunk))).on('end', () => onward.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    hosts,
    // `address()` of a server that listens on TCP.
    env: { HTTP_PROXY: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
