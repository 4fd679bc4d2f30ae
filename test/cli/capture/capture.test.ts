import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '#cli';
// Commands load what they need when they are run: that must not be a test's own time.
import '../../../src/cli/capture/capture.ts';
import { type BoxStandIn, boxStandIn } from './box-stand-in.ts';
import { type RtspStandIn, rtspStandIn } from './stand-in.ts';
import { type Tools, toolsOf } from './tools.ts';

/** Lists a microphone; publishes until it is asked to end or the connection does, as ffmpeg would. */
const FFMPEG = `case "$*" in *-sources*) [[ "$*" = *pulse ]] && echo '* mic [A microphone] (audio)'; exit;; esac
echo "$*" >> "$(dirname "$0")/argv"
[[ "$*" = *" $BROKEN "* ]] && { echo "[pulse @ 0x5] [error] the device is taken" >&2; exit 1; }
url="\${@: -1}"; port=\${url#rtsp://127.0.0.1:}
exec 3<>/dev/tcp/127.0.0.1/\${port%%/*}
printf 'RECORD %s RTSP/1.0\\r\\nCSeq: 1\\r\\n\\r\\n' "$url" >&3
cat <&3 >/dev/null & reader=$!
while kill -0 $reader 2>/dev/null; do read -rn1 -t 0.1 key; [ "$key" = q ] && { kill $reader; exit 0; }; done; exit 1`;

let tools: Tools;
let rtsp: RtspStandIn;
let box: BoxStandIn;
let printed: string[];
let noted: string[];
let stop: AbortController;

beforeEach(async () => {
  tools = toolsOf({ ffmpeg: FFMPEG, ffprobe: 'echo 640,480', xrandr: 'exit 1' });
  vi.stubEnv('PATH', tools.path);
  vi.stubEnv('DISPLAY', ':7');
  vi.stubEnv('BROKEN', 'nothing');
  rtsp = await rtspStandIn();
  box = await boxStandIn(rtsp.url);
  [printed, noted, stop] = [[], [], new AbortController()];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => noted.push(String(text)) > 0);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await box[Symbol.asyncDispose]();
  await rtsp[Symbol.asyncDispose]();
  tools[Symbol.dispose]();
});

const capturing = (...args: string[]) =>
  runCli(
    ['capture', '--url', box.url, '--token', 'st-right', '--channel', 'mic', 'display', '--json', ...args],
    stop.signal,
  );
const told = () => printed.map((line) => JSON.parse(line));
const soon = (check: () => void) => vi.waitFor(check, 20_000);
const sent = (times: number) =>
  soon(() => expect(told().filter(({ state }) => state === 'publishing')).toHaveLength(times));

describe('watchpost capture', () => {
  it('makes a session, sends its channels until it is stopped, and says what became of it', async () => {
    const done = capturing('--store', 'display:1');
    await sent(2);
    box.state = { ...box.state, status: 'active' };
    await soon(() => expect(told().at(-1)).toEqual({ session_id: 'cap-1', status: 'active' }));
    stop.abort();
    expect(await done).toBe(0);
    expect(box.started).toEqual({
      session_id: 'cap-1',
      primary_video_channel_id: 'display:1',
      channels: [
        { channel_id: 'mic:default', channel_name: 'A microphone', type: 'audio', store: false, is_primary: false },
        { channel_id: 'display:1', channel_name: 'screen 640×480 on :7', type: 'video', store: true, is_primary: true },
      ],
    });
    const [make, start, ...end] = box.asked;
    expect([make, start]).toEqual(['POST /collection/default/capture/session', 'POST /capture/session/start']);
    expect(end).toEqual(['POST /capture/session/cap-1/stop']);
    expect(told().at(-1)).toEqual({ session_id: 'cap-1', status: 'exported', exported_video_id: 'm-1' });
    expect(rtsp.asked).toEqual(Array.from({ length: 2 }, () => `RECORD ${rtsp.url} RTSP/1.0`));
    expect(readFileSync(join(tools.dir, 'argv'), 'utf8')).not.toMatch(/secret|st-right/);
  });

  it('goes on with a session that was made before, and begins a channel anew that was cut off', async () => {
    const done = capturing('--session', 'cap-1');
    await sent(2);
    for (const socket of rtsp.sockets) socket.destroy();
    await sent(4);
    expect(told().find(({ state }) => state === 'waiting')?.reason).toMatch(/the box ended the connection|ECONNRESET/);
    stop.abort();
    await done;
    expect(box.asked[0]).toBe('POST /capture/session/start');
  });

  it('waits for a box that takes nothing yet, as after a restart', async () => {
    rtsp.answer = '503 not yet';
    const done = capturing();
    const refused = () => told().filter(({ channel_id: id, state }) => id === 'display:1' && state === 'waiting');
    await soon(() => expect(refused().length).toBeGreaterThan(3));
    expect(refused()[0].reason).toBe('the box refused the stream: 503 not yet');
    rtsp.answer = '200 OK';
    await sent(2);
    stop.abort();
    await done;
  });

  it('ends with the session, when somebody else stops it', async () => {
    const done = capturing();
    await sent(2);
    box.state = { ...box.state, status: 'stopped' };
    expect(await done).toBe(0);
    expect(told().at(-1)).toEqual({ session_id: 'cap-1', status: 'stopped' });
    await soon(() => expect(rtsp.sockets.size).toBe(0));
  });

  it('fails with the session, in the words of the box', async () => {
    const done = capturing();
    await sent(2);
    box.state = { ...box.state, status: 'failed', error: { message: '"mic:default": nothing was sent' } };
    await expect(done).rejects.toThrow('session cap-1 has failed: "mic:default": nothing was sent');
  });

  it('stops the session when a device can not be opened, and says which and why', async () => {
    vi.stubEnv('BROKEN', 'pulse');
    await expect(capturing()).rejects.toThrow('mic:default (A microphone) can not be captured: the device is taken');
    expect(box.asked.at(-1)).toBe('POST /capture/session/cap-1/stop');
    await soon(() => expect(rtsp.sockets.size).toBe(0));
  });

  it('leaves a session alone that it may not start, unless it has made it itself', async () => {
    box.refuse.set('/start', { status: 409, message: 'the session is stopped already' });
    await expect(capturing('--session', 'cap-1')).rejects.toMatchObject({ kind: 'conflict' });
    expect(box.asked).toEqual(['POST /capture/session/start']);
    await expect(capturing()).rejects.toMatchObject({ kind: 'conflict' });
    expect(box.asked.at(-1)).toBe('POST /capture/session/cap-1/stop');
  });

  it('goes on when its token expires: the channels have keys of their own', async () => {
    const done = capturing();
    await sent(2);
    for (const end of ['/cap-1', '/stop']) box.refuse.set(end, { status: 401, message: 'the token has expired' });
    await soon(() => expect(noted).toEqual(['the token has expired\n']));
    expect(rtsp.sockets.size).toBe(2);
    stop.abort();
    expect(await done).toBe(0);
    expect(noted.at(-1)).toMatch(/could not be told that this is the end \(the token has expired\)/);
    await soon(() => expect(rtsp.sockets.size).toBe(0));
  });

  it('wants to know what to send, and whose picture is shown of it', async () => {
    await expect(runCli(['capture', '--token', 'st-a'], stop.signal)).rejects.toThrow(/--channel: say what/);
    await expect(capturing('--primary', 'camera:0')).rejects.toThrow(/--primary: "camera:0" is not among/);
    await expect(capturing('--fps', '0')).rejects.toThrow(/--fps/);
    expect(box.asked).toEqual([]);
  });
});

it('shows what there is without asking any box', async () => {
  expect(await runCli(['capture', '--list', '--json'], stop.signal)).toBe(0);
  expect(told()).toEqual([
    {
      channels: [
        { channel_id: 'mic:default', type: 'audio', name: 'A microphone' },
        { channel_id: 'display:1', type: 'video', name: 'screen 640×480 on :7' },
      ],
    },
  ]);
});
