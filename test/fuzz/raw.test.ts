/** What no HTTP library would send: bytes that are no request, and signed texts that were changed. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { World } from '../golden/world.ts';
import { FuzzClient } from './client.ts';
import { type Signed, signedBy } from './links.ts';
import { type Leak, leaksOf } from './sober.ts';

const seed = Number(process.env['FUZZ_SEED'] ?? 20_260_115);
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 40);

let world: World;
let client: FuzzClient;
let signed: Signed;
let leaks: Leak[];

beforeAll(async () => {
  world = await World.open();
  client = new FuzzClient(Number(world.host.split(':')[1]));
  signed = await signedBy(world, client);
  leaks = leaksOf(world.box);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await world[Symbol.asyncDispose]();
});

const KEY = 'x-access-token: sk-right';
const END = 'Connection: close\r\n\r\n';

/** Each answer on the connection: none is an inner error, those to what is no good request have the envelope. */
async function demandSoberBytes(bytes: Buffer, last = false): Promise<string> {
  const answer = await client.raw(bytes, last);
  const told = `${JSON.stringify(bytes.toString('latin1').slice(0, 300))} → ${answer.slice(0, 500)}`;
  if (answer !== '' && !/^HTTP\/1\.1 [24]\d\d /.test(answer)) throw new Error(told);
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  if (/^HTTP\/1\.1 4/.test(answer) && !/\r\ntransfer-encoding/i.test(head) && body !== '') demandWords(body, told);
  for (const [what, pattern] of leaks) if (pattern.test(answer)) throw new Error(`${what}: ${told}`);
  return answer;
}

function demandWords(body: string, told: string): void {
  const { success, message } = JSON.parse(body) as { success?: unknown; message?: unknown };
  if (success !== false || typeof message !== 'string' || message === '') throw new Error(told);
}

async function demandHealthy(): Promise<void> {
  const { status } = await client.send({ method: 'GET', url: '/v1/health', body: Buffer.alloc(0), headers: {} });
  expect(status).toBe(200);
}

describe('bytes that are no good request', { timeout: 120_000 }, () => {
  const host = 'Host: box';
  it.each([
    ['a path of raw UTF-8', `GET /rtstream/caf\u00e9\u{1f600} HTTP/1.1\r\n${host}\r\n${KEY}\r\n${END}`],
    ['NUL in the path', `GET /rtstream/a\0b HTTP/1.1\r\n${host}\r\n${KEY}\r\n${END}`],
    ['a backslash in the path', `GET /rtstream\\..\\.. HTTP/1.1\r\n${host}\r\n${KEY}\r\n${END}`],
    ['no slash before the path', `GET rtstream HTTP/1.1\r\n${host}\r\n${KEY}\r\n${END}`],
    ['dots above the root', `GET /../../../../etc/passwd HTTP/1.1\r\n${host}\r\n${KEY}\r\n${END}`],
    ['an absolute address', `GET http://evil.example/collection HTTP/1.1\r\n${host}\r\n${KEY}\r\n${END}`],
    ['an asterisk', `OPTIONS * HTTP/1.1\r\n${host}\r\n${KEY}\r\n${END}`],
    ['no host', `GET /collection HTTP/1.1\r\n${KEY}\r\n${END}`],
    ['two hosts', `GET /collection HTTP/1.1\r\n${host}\r\nHost: evil\r\n${KEY}\r\n${END}`],
    ['a host with a path', `GET /collection HTTP/1.1\r\nHost: evil/@x?\r\n${KEY}\r\n${END}`],
    ['HTTP/1.0', `GET /collection HTTP/1.0\r\n${KEY}\r\n${END}`],
    ['HTTP/9.9', `GET /collection HTTP/9.9\r\n${host}\r\n${END}`],
    ['an unknown method', `BREW /collection HTTP/1.1\r\n${host}\r\n${KEY}\r\n${END}`],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.padEnd(200, '\0')],
    ['a WebSocket to nowhere', `GET /ws/x HTTP/1.1\r\n${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`],
    [
      'a WebSocket to a route',
      `GET /collection HTTP/1.1\r\n${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
    ],
    [
      'two lengths',
      `POST /collection HTTP/1.1\r\n${host}\r\n${KEY}\r\nContent-Length: 2\r\nContent-Length: 3\r\n${END}{}x`,
    ],
    [
      'a length and chunks',
      `POST /collection HTTP/1.1\r\n${host}\r\n${KEY}\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n${END}0\r\n\r\n`,
    ],
    [
      'chunks that are none',
      `POST /collection HTTP/1.1\r\n${host}\r\n${KEY}\r\nTransfer-Encoding: chunked\r\n${END}zz\r\n{}`,
    ],
    ['a head of 64 KiB', `GET /collection HTTP/1.1\r\n${host}\r\nX-Long: ${'x'.repeat(65_536)}\r\n${END}`],
    ['a path of 64 KiB', `GET /${'x'.repeat(65_536)} HTTP/1.1\r\n${host}\r\n${END}`],
    ['a thousand headers', `GET /collection HTTP/1.1\r\n${host}\r\n${KEY}\r\n${'X-A: b\r\n'.repeat(1000)}${END}`],
    ['a control character in a header', `GET /collection HTTP/1.1\r\n${host}\r\n${KEY}\r\nX-A: a\x01b\r\n${END}`],
    ['a folded header', `GET /collection HTTP/1.1\r\n${host}\r\nX-A: a\r\n b\r\n${KEY}\r\n${END}`],
  ])('(%s) are answered soberly', async (_, text) => {
    const answer = await demandSoberBytes(Buffer.from(text, /[\u0100-\uffff]/.test(text) ? 'utf8' : 'latin1'));
    expect(answer).toMatch(/^HTTP\/1\.1 (?:2|4.*\r\n\r\n.*"success":false)/s);
    await demandHealthy();
  });

  it('(random ones, and requests with random bytes in them) are answered soberly', async () => {
    const good = Buffer.from(
      `POST /collection HTTP/1.1\r\n${host}\r\n${KEY}\r\nContent-Length: 12\r\n${END}{"name":"a"}`,
    );
    const noise = fc.uint8Array({ minLength: 1, maxLength: 60 });
    const spoilt = fc.tuple(noise, fc.nat(good.length), fc.nat(20)).map(([bytes, at, less]) => {
      return Buffer.concat([good.subarray(0, at), bytes, good.subarray(Math.min(good.length, at + less))]);
    });
    const bytes = fc.oneof(
      spoilt,
      noise.map((one) => Buffer.from(one)),
    );
    const property = fc.asyncProperty(bytes, async (one) => {
      await demandSoberBytes(one, true);
    });
    await fc.assert(property, { seed, numRuns: numRuns * 3, endOnFailure: true });
    await demandHealthy();
  });
});

describe('an open WebSocket', { timeout: 60_000 }, () => {
  it('bears any bytes, and its end', async () => {
    const upgrade = [
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${'A'.repeat(22)}==`,
    ];
    const head = Buffer.from([`GET /ws/${signed.socket} HTTP/1.1`, 'Host: box', ...upgrade, '\r\n'].join('\r\n'));
    const frames = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      // Text, binary, continuation, close, ping and what is reserved; masked or not; of lengths that are not kept.
      fc
        .tuple(fc.nat(255), fc.nat(255), fc.uint8Array({ maxLength: 30 }))
        .map(([a, b, rest]) => Uint8Array.of(a, b, ...rest)),
    );
    const property = fc.asyncProperty(fc.array(frames, { maxLength: 4 }), async (sent) => {
      const answer = await client.raw(Buffer.concat([head, ...sent]), true);
      expect(answer).toMatch(/^HTTP\/1\.1 101 /);
      expect(answer).toContain('connection_id');
    });
    await fc.assert(property, { seed, numRuns });
    await demandHealthy();
    await expect.poll(() => world.box.deps.hub.status().open).toBe(0);
  });
});

describe('a signed text that was changed', { timeout: 60_000 }, () => {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=~';

  /** Another letter, a letter less, one more, two that have changed places, or the end of another text. */
  const changes = fc.tuple(
    fc.constantFrom('other', 'less', 'more', 'swapped', 'cut'),
    fc.nat(),
    fc.constantFrom(...ALPHABET.split('')),
  );

  function change(text: string, [how, where, letter]: [string, number, string]): string {
    const at = where % text.length;
    const [before, here, after] = [text.slice(0, at), text.slice(at, at + 1), text.slice(at + 1)];
    if (how === 'less') return before + after;
    if (how === 'more') return before + letter + here + after;
    if (how === 'swapped') return before + after.slice(0, 1) + here + after.slice(1);
    return how === 'cut' ? before : before + letter + after;
  }

  it.each<[keyof Signed, (text: string) => { method: string; url: string; headers: Record<string, string> }]>([
    ['token', (text) => ({ method: 'GET', url: `/hls/${text}/segments/1.m4s`, headers: {} })],
    ['token', (text) => ({ method: 'GET', url: `/v1/watch/${text}`, headers: {} })],
    ['upload', (text) => ({ method: 'POST', url: `/upload/${text}`, headers: {} })],
    ['session', (text) => ({ method: 'GET', url: '/collection/default', headers: { 'x-access-token': text } })],
    ['picture', (text) => ({ method: 'GET', url: world.here(`/v1/pictures/m-1.jpg?t=${text}`), headers: {} })],
  ])('opens nothing (%s)', async (name, ask) => {
    const sent = (text: string) => client.send({ ...ask(text), body: Buffer.alloc(0) });
    const property = fc.asyncProperty(changes, async (how) => {
      const changed = change(signed[name], how);
      // Words and a dot before a signed text are left out, as in a player's slug.
      fc.pre(changed !== signed[name] && !changed.endsWith(`.${signed[name]}`) && changed !== '');
      const { status, text } = await sent(changed);
      if (![400, 401, 403, 404, 429].includes(status)) throw new Error(`${changed} → ${status} ${text.slice(0, 200)}`);
    });
    await fc.assert(property, { seed, numRuns });
    expect((await sent(signed[name])).status, 'the one that was not changed').toBeLessThan(
      name === 'upload' ? 401 : 300,
    );
  });
});
