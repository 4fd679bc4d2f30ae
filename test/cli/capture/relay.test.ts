import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Relay } from '../../../src/cli/capture/relay.ts';
import { type RtspStandIn, rtspStandIn } from './stand-in.ts';

let box: RtspStandIn;
let relay: Relay;
let said: string[];
beforeEach(async () => {
  box = await rtspStandIn();
  said = [];
  relay = await start(box.url);
});
afterEach(async () => {
  await relay[Symbol.asyncDispose]();
  await box[Symbol.asyncDispose]();
});

const start = (url: string) =>
  Relay.start(url, {
    publishing: () => said.push('publishing'),
    ended: (why) => said.push(`ended: ${why ?? 'ffmpeg knows why'}`),
  });
const soon = (check: () => void) => vi.waitFor(check, 20_000);

async function publisher(): Promise<Socket> {
  const socket = connect(Number(new URL(relay.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'connect');
  return socket;
}

function record(socket: Socket): void {
  socket.write(`ANNOUNCE ${relay.url} RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nv=0`);
  socket.write(`RECORD ${relay.url}/streamid=0 RTSP/1.0\r\nCSeq: 2\r\n\r\n`);
}

it('brings ffmpeg to an address that ffmpeg does not know', async () => {
  expect(relay.url).not.toContain('secret');
  const ffmpeg = await publisher();
  record(ffmpeg);
  await soon(() => expect(said).toEqual(['publishing']));
  expect(box.asked).toEqual([`ANNOUNCE ${box.url} RTSP/1.0`, `RECORD ${box.url}/streamid=0 RTSP/1.0`]);
  const packet = Buffer.from([0x24, 0, 0, 2, 1, 2]);
  ffmpeg.write(packet);
  await soon(() => expect(box.packets).toEqual([packet]));
  ffmpeg.destroy();
  await soon(() => expect(said).toEqual(['publishing', 'ended: ffmpeg knows why']));
  await soon(() => expect(box.sockets.size).toBe(0));
});

it('lets nobody in but the first', async () => {
  record(await publisher());
  await soon(() => expect(said).toEqual(['publishing'])); // So the first has been let in.
  const second = connect(Number(new URL(relay.url).port), '127.0.0.1');
  expect((await once(second, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' });
});

it('says in the box’s words why it takes nothing', async () => {
  box.answer = '403 somebody publishes this stream already';
  record(await publisher());
  await soon(() =>
    expect(said).toEqual(['ended: the box refused the stream: 403 somebody publishes this stream already']),
  );
});

it('says when the box is not there, or goes', async () => {
  const ffmpeg = await publisher();
  record(ffmpeg);
  await soon(() => expect(said).toEqual(['publishing']));
  const closed = once(ffmpeg, 'close');
  for (const socket of box.sockets) socket.destroy();
  await closed;
  expect(said[1]).toMatch(/^ended: the box ended the connection|ECONNRESET/);
  const { url } = box;
  await relay[Symbol.asyncDispose]();
  await box[Symbol.asyncDispose]();
  said = [];
  relay = await start(url);
  await publisher();
  await soon(() => expect(said[0]).toMatch(/^ended: .*ECONNREFUSED/));
  box = await rtspStandIn();
});

it('takes what the box takes and no more', async () => {
  const ffmpeg = await publisher();
  record(ffmpeg);
  await soon(() => expect(said).toEqual(['publishing']));
  for (const socket of box.sockets) socket.pause();
  const packet = Buffer.alloc(60_004, 1);
  packet.set([0x24, 0, 60_000 >> 8, 60_000 & 255]);
  let written = 0;
  const full = () => ffmpeg.writableLength > 1_000_000;
  while (!full() && written < 2000) {
    ffmpeg.write(packet);
    written += 1;
    await new Promise((resolve) => setImmediate(resolve)); // Whatever can go has gone.
  }
  expect(full()).toBe(true);
  for (const socket of box.sockets) socket.resume();
  await soon(() => expect(box.packets).toHaveLength(written));
});

it('knows no other addresses than those of RTSP', async () => {
  await expect(start('http://127.0.0.1/')).rejects.toThrow(/not RTSP/);
});
