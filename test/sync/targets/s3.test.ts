/** What S3 servers may answer beside what the one of `test/e2e/bucket.test.ts` does. */

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TargetBusy, TargetRefusal } from '#sync';
import { S3Target } from '../../../src/sync/targets/s3.ts';
import { aClip, insist, memoryLine, s3Config } from './fixture.ts';

type Answer = (response: ServerResponse) => void;

const SECRET = 'canary-secret';
const signal = new AbortController().signal;
const large = aClip(Buffer.alloc(6 * 2 ** 20));

let answers: Answer[];
let asked: string[];
let target: S3Target;
let server: ReturnType<typeof createServer>;

beforeEach(async () => {
  [answers, asked] = [[], []];
  server = createServer((request, response) => {
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const condition = request.headers['if-none-match'] ?? '';
    asked.push([request.method, path.split('.').pop(), query, condition].filter((each) => each !== '').join(' '));
    request.resume().on('end', () => (answers.shift() ?? says(200))(response));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // `address()` of a server that listens on TCP.
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  target = new S3Target(s3Config({ endpoint, secretAccessKey: SECRET }), { wire: { env: {}, stallMs: 20_000 } });
});
afterEach(async () => {
  await target[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const says =
  (status: number, body = '', headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, { ...headers, 'content-type': 'application/xml' }).end(body);
const fails = (status: number, code: string, headers = {}): Answer =>
  says(status, `<Error><Code>${code}</Code><Message>${SECRET}</Message></Error>`, headers);

describe('a server that knows "only where there is none"', () => {
  it('is not sent again what it has', async () => {
    answers.push(fails(412, 'PreconditionFailed'));
    await target.send(aClip(), memoryLine(), signal);
    expect(asked).toEqual([expect.stringMatching(/ \*$/)]);
  });

  it('is asked without it for ever after saying that it does not', async () => {
    answers.push(fails(501, 'NotImplemented'));
    await target.send(aClip(), memoryLine(), signal);
    await target.send(aClip(), memoryLine(), signal);
    expect(asked.map((each) => each.endsWith('*'))).toEqual([true, false, false]);
  });
});

describe('what a server answers', () => {
  it.each([
    [404, 'NoSuchBucket', 'bucket: there is no bucket "footage"'],
    [403, 'InvalidAccessKeyId', 'accessKeyId: the server knows no such key'],
    [403, 'SomethingNew', 'accessKeyId: the key may not do this'],
    [301, 'PermanentRedirect', 'region: the bucket does not lie in us-east-1'],
    [400, 'AuthorizationHeaderMalformed', 'region: the server does not take "us-east-1"'],
    [500, 'InternalError', ': the server answered 500 (InternalError)'],
  ])('is said plainly: %s %s', async (status, code, message) => {
    answers.push(fails(status, code));
    const sent = target.send(aClip(), memoryLine(), signal);
    await expect(sent).rejects.toThrow(`sync.targets.bucket${message.startsWith(':') ? '' : '.'}${message}`);
    await expect(sent).rejects.not.toThrow(SECRET);
  });

  it('may be that it has too much to do, or never takes so much', async () => {
    answers.push(fails(503, 'SlowDown', { 'retry-after': '3' }), fails(400, 'EntityTooLarge'));
    const busy = target.send(aClip(), memoryLine(), signal);
    await expect(busy).rejects.toThrow(TargetBusy);
    await expect(busy).rejects.toMatchObject({ pauseMs: 3000 });
    await expect(target.send(aClip(), memoryLine(), signal)).rejects.toThrow(TargetRefusal);
  });

  it('may be nothing', async () => {
    answers.push((response) => response.destroy());
    await expect(target.send(aClip(), memoryLine(), signal)).rejects.toThrow('the connection broke off');
  });
});

describe('an upload in parts that the server knows no more', () => {
  const resumed = { uploadId: 'u1' };

  it('was completed where the object is there', async () => {
    answers.push(fails(404, 'NoSuchUpload'), says(200, '', { 'content-length': '6291456' }));
    await target.send(large, { ...memoryLine(), resumed }, signal);
    expect(asked).toEqual([expect.stringMatching(/^GET mp4 .*uploadId=u1/), 'HEAD mp4']);
  });

  it('begins anew where another one is there, or none', async () => {
    const line = { ...memoryLine(), resumed };
    const begun = says(200, '<InitiateMultipartUploadResult><UploadId>u2</UploadId></InitiateMultipartUploadResult>');
    const part = says(200, '', { etag: '"e"' });
    answers.push(
      fails(404, 'NoSuchUpload'),
      says(404),
      says(200),
      begun,
      part,
      part,
      says(200, '<CompleteMultipartUploadResult/>'),
    );
    expect(await insist(target, large, { line })).toEqual([expect.stringContaining('it begins anew')]);
    expect(line.moved).toBe(6 * 2 ** 20);
    expect(line.resumed).toEqual({ uploadId: 'u2' });
  });

  it('is not taken for complete when its last answer is an error in disguise', async () => {
    const begun = says(200, '<InitiateMultipartUploadResult><UploadId>u2</UploadId></InitiateMultipartUploadResult>');
    const part = says(200, '', { etag: '"e"' });
    answers.push(says(200), begun, part, part, fails(200, 'InternalError'));
    await expect(target.send(large, memoryLine(), signal)).rejects.toThrow('(InternalError)');
  });
});
