import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Box, openBox } from './box.ts';

let box: Box;
beforeAll(async () => {
  box = await openBox();
});
afterAll(() => box[Symbol.asyncDispose]());

const send = async (bytes: Uint8Array) => {
  const headers = { 'x-access-token': 'sk-right', 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const response = await box.app.request('http://box/collection', {
    method: 'POST',
    headers,
    body: new Blob([new Uint8Array(bytes)]),
  });
  // An envelope.
  return { status: response.status, ...((await response.json()) as { message: string; data?: { name: string } }) };
};

describe('a packed body', () => {
  it('is read as what it holds, and by that it is too large', async () => {
    expect(await send(gzipSync('{"name": "Barn", "description": "x"}'))).toMatchObject({ data: { name: 'Barn' } });
    const bomb = gzipSync(JSON.stringify({ name: 'x'.repeat(64 * 1024 * 1024) }));
    expect(bomb.byteLength).toBeLessThan(100_000);
    expect(await send(bomb)).toMatchObject({ status: 413, message: /larger than 1 MiB/ });
  });

  it('that is none, or only half of one, is refused with words', async () => {
    const whole = gzipSync(JSON.stringify({ name: 'Barn' }));
    for (const wrong of [Buffer.from('{"name":"Barn"}'), whole.subarray(0, whole.byteLength - 9)]) {
      expect(await send(wrong)).toMatchObject({ status: 400, message: 'the body is not gzip, or broke off' });
    }
  });
});
