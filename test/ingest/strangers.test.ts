/** What somebody without a key may do to a port: nothing that others notice. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Door } from '../../src/ingest/door.ts';
import { Relay } from '../../src/ingest/relay.ts';
import { type RtmpPublisher, RtmpSession } from '../../src/ingest/rtmp-session.ts';
import { type RtspPublisher, RtspSession } from '../../src/ingest/rtsp-session.ts';

const AT = { host: '127.0.0.1', port: 0 };
const HANDSHAKE = Buffer.concat([Buffer.from([3]), Buffer.alloc(3072)]);
/** "createStream", a number and null, as AMF0 writes them. */
const CREATE_STREAM = Buffer.concat([
  Buffer.from([2, 0, 12]),
  Buffer.from('createStream'),
  Buffer.from([0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 5]),
]);
const CLOCK = { monotonicMs: () => performance.now() };
const EVENTS = { publishing: () => undefined, note: () => undefined };

let rtmp: Door<RtmpPublisher>;
let rtsp: Door<RtspPublisher>;
/** The ports' ends of all connections. */
const welcomed = new Set<Socket>();

beforeAll(async () => {
  const welcome = <S>(socket: Socket, session: S): S => {
    welcomed.add(socket);
    return session;
  };
  rtmp = await Door.open(AT, (...of) => welcome(of[0], new RtmpSession(...of)), { relay: new Relay(EVENTS, CLOCK) });
  rtsp = await Door.open(AT, (...of) => welcome(of[0], new RtspSession(...of)), { relay: new Relay(EVENTS, CLOCK) });
});

afterAll(async () => {
  await rtmp[Symbol.asyncDispose]();
  await rtsp[Symbol.asyncDispose]();
});

async function arrive(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined); // It may be cut off.
  await once(socket, 'connect');
  return socket;
}

/** Sends it all, and waits until it has been answered or cut off. */
async function send(port: number, data: Buffer): Promise<void> {
  const socket = await arrive(port);
  socket.resume();
  socket.end(data);
  await once(socket, 'close');
}

async function answersStill(): Promise<void> {
  const socket = await arrive(rtsp.port);
  socket.write('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n');
  expect(String(await once(socket, 'data'))).toContain('200 OK');
  socket.destroy();
  const other = await arrive(rtmp.port);
  other.write(HANDSHAKE.subarray(0, 1537));
  expect((await once(other, 'data'))[0].length).toBeGreaterThan(0);
  other.destroy();
}

/** An RTMP message of one chunk. */
function message(type: number, payload: Buffer): Buffer {
  const head = Buffer.from([3, 0, 0, 0, 0, 0, 0, type, 0, 0, 0, 0]);
  head.writeUIntBE(payload.length, 4, 3);
  return Buffer.concat([head, payload]);
}

describe('strangers', () => {
  it('may send what they like', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
    const rtmpMessage = fc.tuple(fc.constantFrom(1, 3, 4, 5, 8, 9, 15, 17, 18, 20), bytes);
    await fc.assert(
      fc.asyncProperty(bytes, fc.array(rtmpMessage, { maxLength: 5 }), async (raw, sent) => {
        await send(rtmp.port, raw);
        await send(rtmp.port, Buffer.concat([HANDSHAKE, raw]));
        await send(rtmp.port, Buffer.concat([HANDSHAKE, ...sent.map(([type, payload]) => message(type, payload))]));
        await send(rtsp.port, raw);
        await send(rtsp.port, Buffer.concat([Buffer.from('ANNOUNCE rtsp://b/a/b RTSP/1.0\r\nCSeq: 1\r\n\r\n'), raw]));
      }),
      { numRuns: 40 },
    );
    await answersStill();
  });

  it('make nobody keep a long message', async () => {
    const head = Buffer.from([3, 0, 0, 0, 0xff, 0xff, 0xff, 20, 0, 0, 0, 0]);
    const before = process.memoryUsage().arrayBuffers;
    await send(rtmp.port, Buffer.concat([HANDSHAKE, head, randomBytes(100_000)]));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  it.each([
    ['RTSP', () => rtsp.port, '', 'OPTIONS * RTSP/1.0\r\n\r\n'],
    ['RTMP', () => rtmp.port, HANDSHAKE, message(20, CREATE_STREAM)],
  ])('are cut off when they read no answers: %s', async (_, port, before, asked) => {
    const socket = await arrive(port());
    socket.pause();
    socket.write(before);
    let mostUnread = 0;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const many = Buffer.concat(Array<Buffer>(2000).fill(Buffer.from(asked)));
    const ask = () => {
      mostUnread = Math.max(mostUnread, ...[...welcomed].map(({ writableLength }) => writableLength));
      socket.write(many, (error) => error ?? setImmediate(ask));
    };
    ask();
    await closed;
    expect(mostUnread).toBeLessThan(2_000_000);
    await answersStill();
  });

  it('give way to those who come later', async () => {
    const first = await arrive(rtsp.port);
    const closed = once(first, 'close');
    const others = await Promise.all(Array.from({ length: 32 }, () => arrive(rtsp.port)));
    await answersStill();
    await closed;
    const open = () => [...welcomed].filter(({ destroyed, localPort }) => !destroyed && localPort === rtsp.port);
    await vi.waitFor(() => expect(open().length).toBeLessThanOrEqual(32), 20_000);
    for (const socket of others) socket.destroy();
  });
});
