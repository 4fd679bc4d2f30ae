/** Addresses on their way to one process: real ffmpeg, real sockets, a real camera that wants a password. */
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkSourceUrl } from '#camera';
import { Child, Lifetime } from '#runtime';
import { Handover } from '../../src/camera/handover.ts';
import { examine } from '../../src/camera/probe.ts';
import { startReading } from '../../src/camera/reading.ts';
import { Complaints } from '../../src/camera/reason.ts';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { ffmpeg } from '../e2e/support/ffmpeg.ts';
import { freePort } from '../e2e/support/ports.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { until } from '../e2e/support/waiting.ts';
import { FileCamera } from './file-camera.ts';

const life = new Lifetime();
let file = '';
beforeAll(async () => {
  file = join(life.use(await tempDir()).path, 'camera.mp4');
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=160x120:r=10:d=30', '-c:v', 'libx264', '-preset', 'ultrafast'];
  await ffmpeg(...picture, '-g', '10', '-b:v', '200k', file); // What says what is in it comes at its end.
});
afterAll(() => life[Symbol.asyncDispose]());

const TARGET = new URL('rtsp://me:canary@camera:554/way?key=canary');
const limits = () => ({ transport: 'tcp' as const, allowFile: false, signal: AbortSignal.timeout(60_000) });

/** What is answered, if anything, to a request of this process, or of another. */
function ask(address: string, request = `OPTIONS ${address} RTSP/1.0\r\nCSeq: 7\r\n\r\n`): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(new URL(address).port), '127.0.0.1', () => socket.write(request));
    socket.on('error', () => undefined);
    socket.on('data', (piece) => {
      answer += piece.toString();
    });
    socket.on('close', () => resolve(answer));
  });
}

/** Without a connection: it takes only one. */
async function isListening(port: number): Promise<boolean> {
  const place = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  const [, ...lines] = (await readFile('/proc/net/tcp', 'utf8')).split('\n');
  return lines.some((line) => line.includes(`${place}00000000:0000 0A`));
}

describe('an address that is handed over', () => {
  it('is given to the process that it is for, once', async () => {
    await using handover = await Handover.open(TARGET);
    expect(handover.address).toMatch(/^rtsp:\/\/127\.0\.0\.1:\d+\/handover\/[\w-]{32}$/);
    handover.allow(process.pid);
    expect(await ask(handover.address)).toContain(`CSeq: 7\r\nLocation: ${TARGET.href}\r\n`);
    expect(handover.isTaken).toBe(true);
    expect(await ask(handover.address)).toBe('');
  });

  it('is given to no other process, of the same user or not, which takes nothing from the right one', async () => {
    let strangers = 0;
    await using handover = await Handover.open(TARGET, () => {
      strangers += 1;
    });
    expect(await ask(handover.address), 'before anybody may').toBe('');
    await using other = await Child.start('sleep', ['60'], { stdio: 'ignore' });
    handover.allow(other.pid);
    expect(await ask(handover.address), 'by us, when it is for another').toBe('');
    expect(strangers).toBe(2);
    handover.allow(process.pid);
    expect(await ask(handover.address)).toContain(TARGET.href);
  });

  it.each([
    'OPTIONS rtsp://127.0.0.1/handover/x RTSP/1.0\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    `${'x'.repeat(5000)}`,
    '\r\n\r\n',
  ])('is given for no other request: %.30s', async (request) => {
    await using handover = await Handover.open(TARGET);
    handover.allow(process.pid);
    expect(await ask(handover.address, request)).toBe('');
    expect(handover.isTaken).toBe(false);
  });

  it('has no port left when it is over, though somebody holds a connection', async () => {
    const handover = await Handover.open(TARGET);
    const silent = ask(handover.address, 'OPTIONS');
    await handover[Symbol.asyncDispose]();
    expect(await silent).toBe('');
    expect(await ask(handover.address)).toBe('');
  });
});

describe('a camera', () => {
  it.each(['tcp', 'udp'] as const)('lets us in by %s with whatever stands in its password', async (transport) => {
    const password = 'p@s:/?#%41+ ü"<>\\^`{|}~!*()\';=,[]$&';
    await using camera = await startRtspServer({ file, name: 'yard', user: 'me', password });
    const { facts } = await examine(camera.url, { ...limits(), transport }, false);
    expect(facts).toMatchObject({ videoCodec: 'h264', width: 160, transport });
  });

  it('is read over HTTP with a password, also where its reader goes back and forth', async () => {
    await using camera = await FileCamera.start(file, 'me:p@s%/ w');
    expect((await examine(camera.url, limits(), false)).facts).toMatchObject({
      videoCodec: 'h264',
      width: 160,
      transport: 'http',
    });
    expect(camera.asked.length).toBeGreaterThan(1);
    await using elsewhere = await FileCamera.start(camera.url);
    expect((await examine(elsewhere.url, limits(), false)).facts, 'redirected by the camera itself').toMatchObject({
      width: 160,
    });
  });

  it('is read by RTMP, too: from a list that comes by a pipe', async () => {
    const port = await freePort();
    const path = `127.0.0.1:${port}/live/camera`;
    const sending = ['-v', 'quiet', '-re', '-i', file, '-c', 'copy', '-f', 'flv', '-listen', '1', `rtmp://${path}`];
    await using _camera = await Child.start('ffmpeg', sending, { stdio: 'ignore', graceMs: 500 });
    await until('the camera listens', () => isListening(port));
    const source = checkSourceUrl(`rtmp://me:canary@${path}`, { allowFile: false });
    const look = (address: string) => [
      ...['-rw_timeout', '20000000', '-protocol_whitelist', 'pipe,rtmp,tcp', '-analyzeduration', '1000000'],
      ...['-i', address, '-show_entries', 'stream=codec_name'],
    ];
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    await using child = await startReading('ffprobe', source, look, { stdio, complaints: new Complaints(source) });
    expect(await readFile(`/proc/${child.pid}/cmdline`, 'utf8')).not.toContain('canary');
    expect(await text(child.process.stdout ?? expect.fail('no stdout'))).toContain('codec_name=h264');
  });

  it('is named where it fails, not what leads to it', async () => {
    const nobody = examine('rtsp://me:canary@127.0.0.1:9/x', limits(), false);
    await expect(nobody).rejects.toThrow('the camera at 127.0.0.1:9 refused the connection');
  });

  it('is not blamed when its address never came to ffmpeg', async () => {
    const source = checkSourceUrl(TARGET.href, { allowFile: false });
    const complaints = new Complaints(source);
    const elsewhere = () => ['-loglevel', 'level+error', '-i', 'rtsp://127.0.0.1:9/handover/x'];
    await using child = await startReading('ffprobe', source, elsewhere, {
      stdio: ['ignore', 'pipe', 'pipe'],
      complaints,
    });
    child.process.stderr?.on('data', (lines: Buffer) => complaints.add(lines.toString()));
    await child.ended;
    const { message } = complaints.fault("can't be read");
    expect(message).toMatch(/^the camera at camera:554 was not asked.*Connection refused/);
    expect(message).not.toMatch(/127\.0\.0\.1|handover|canary/);
  });
});
