import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Channel } from '../../../src/cli/capture/channel.ts';
import { chosenChannels, findChannels } from '../../../src/cli/capture/channels.ts';
import { publishArguments } from '../../../src/cli/capture/encoding.ts';
import { type Tools, toolsOf } from './tools.ts';

const never = new AbortController().signal;
const PULSE = `* alsa_input.usb-Mic.mono [USB Mic (stereo)] (audio)
  alsa_output.pci.monitor [Monitor of Built-in Audio] (none)
  alsa_input.pci [Built-in Audio] (none)`;
const MONITORS = `Monitors: 2
 0: +*HDMI-1 1920/531x1080/299+0+0  HDMI-1
 1: +DP-1 2560/600x1440/340+1920+0  DP-1`;

let tools: Tools | undefined;
afterEach(() => {
  vi.unstubAllEnvs();
  tools?.[Symbol.dispose]();
  tools = undefined;
});

function have(scripts: Record<string, string>): void {
  tools = toolsOf({ ffmpeg: 'exit 1', ffprobe: 'exit 1', xrandr: 'exit 1', ...scripts });
  vi.stubEnv('PATH', tools.path);
}
const sources = (pulse: string, v4l2 = '') =>
  `case "$*" in *"-sources pulse") cat <<'END'\nAuto-detected sources for pulse:\n${pulse}\nEND\n;; *v4l2) cat <<'END'\n${v4l2}\nEND\n;; esac`;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'watchpost-machine-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}

function found(env: NodeJS.ProcessEnv = { DISPLAY: ':7' }): Promise<Channel[]> {
  const places = { displays: join(dir, 'X11'), cards: join(dir, 'pcm'), nodes: join(dir, 'v4l') };
  return findChannels({ env, ...places }, never);
}

describe('what can be captured', () => {
  it('is each monitor of the display, each microphone and loudspeaker, and each camera', async () => {
    have({
      ffmpeg: sources(PULSE, '  /dev/video0 [USB Camera] (none)\n  /dev/video1 [USB Camera] (none)'),
      xrandr: `[ "$*" = "--display :7 --listmonitors" ] && cat <<'END'\n${MONITORS}\nEND`,
    });
    put('v4l/video0/index', '0\n');
    put('v4l/video1/index', '1\n');
    const channels = await found();
    expect(channels.map(({ id, type, name }) => [id, type, name])).toEqual([
      ['mic:default', 'audio', 'USB Mic (stereo)'],
      ['mic:alsa_input.usb-Mic.mono', 'audio', 'USB Mic (stereo)'],
      ['mic:alsa_input.pci', 'audio', 'Built-in Audio'],
      ['system_audio:default', 'audio', 'what the loudspeakers play'],
      ['display:1', 'video', 'HDMI-1 1920×1080 on :7'],
      ['display:2', 'video', 'DP-1 2560×1440 on :7'],
      ['camera:0', 'video', 'USB Camera'],
    ]);
    const input = (id: string) => channels.find((one) => one.id === id)?.input;
    expect(input('mic:default')).toEqual({ format: 'pulse', address: 'default' });
    expect(input('system_audio:default')).toEqual({ format: 'pulse', address: '@DEFAULT_MONITOR@' });
    expect(input('display:2')).toEqual({
      format: 'x11grab',
      address: ':7+1920,0',
      options: ['-video_size', '2560x1440'],
    });
  });

  it('is the whole screen where nobody says which monitors it has', async () => {
    have({ ffprobe: 'echo 1366,768' });
    expect(await found()).toMatchObject([{ id: 'display:1', name: 'screen 1366×768 on :7', input: { address: ':7' } }]);
  });

  it('is what runs here, of which some may not let us in, where the session has no display', async () => {
    for (const name of ['X1', 'X0', 'lock']) put(`X11/${name}`, '');
    have({ ffprobe: 'case "$*" in *:1) echo 800,600;; esac' });
    expect((await found({})).map(({ id, input }) => [id, input.address])).toEqual([['display:1', ':1']]);
  });

  it('is what ALSA has where no sound server runs', async () => {
    put('pcm', '00-00: ALC256 Analog : ALC256 Analog : playback 1 : capture 1\n00-03: HDMI 0 : HDMI 0 : playback 1\n');
    have({});
    expect((await found()).map(({ id, name, input }) => [id, name, input.format, input.address])).toEqual([
      ['mic:default', 'ALC256 Analog', 'alsa', 'default'],
      ['mic:0,0', 'ALC256 Analog', 'alsa', 'plughw:0,0'],
    ]);
  });

  it('is no microphone where only loudspeakers are', async () => {
    have({ ffmpeg: sources('* speakers.monitor [Monitor of Speakers] (none)') });
    expect((await found()).map(({ id }) => id)).toEqual(['system_audio:default']);
  });

  it('is nothing where there is nothing, and no tool either', async () => {
    tools = toolsOf({}, { alone: true });
    vi.stubEnv('PATH', tools.path);
    expect(await found()).toEqual([]);
  });
});

describe('channels that are wanted', () => {
  it('are named as they are listed, or by their kind alone', async () => {
    have({ ffmpeg: sources(PULSE), ffprobe: 'echo 640,480' });
    const all = await found();
    const ids = (...wanted: string[]) => chosenChannels(wanted, all).map(({ id }) => id);
    expect(ids('mic:alsa_input.pci', 'display', 'mic', 'display:kms')).toEqual([
      'mic:alsa_input.pci',
      'display:1',
      'mic:default',
      'display:kms',
    ]);
    expect(() => ids('camera:0')).toThrow(/there is no "camera:0" here.*--list/);
    expect(() => ids('mi')).toThrow(/there is no "mi" here/);
    expect(() => ids('mic', 'mic:default')).toThrow(/"mic:default" is named twice/);
    expect(() => ids()).toThrow(/say what to capture/);
  });

  it('are encoded at little cost, with a keyframe every two seconds', async () => {
    have({ ffmpeg: sources(PULSE, '  /dev/video0 [Camera] (none)'), ffprobe: 'echo 641,481' });
    const all = await found();
    const line = (id: string, fps?: number) => {
      const [channel] = chosenChannels([id], all);
      return channel ? publishArguments(channel, 'rtsp://127.0.0.1:5/live', fps).join(' ') : '';
    };
    expect(line('display')).toContain('-f x11grab -framerate 10 -i :7 -vf crop=');
    expect(line('display')).toMatch(/-preset ultrafast -tune zerolatency .* -g 40 .*prev_forced_t\+2/);
    expect(line('display')).toMatch(/-f rtsp -rtsp_transport tcp rtsp:\/\/127\.0\.0\.1:5\/live$/);
    expect(line('display', 3)).toContain('-framerate 3 ');
    expect(line('display:kms')).toContain('-f kmsgrab -framerate 10 -i - -vf hwdownload,format=bgr0,crop=');
    expect(line('camera')).toContain('-f v4l2 -framerate 15 -video_size 1280x720 -i /dev/video0');
    expect(line('mic')).toContain('-f pulse -i default -c:a aac -ar 48000 -ac 1 ');
    expect(line('system_audio')).toContain('-f pulse -i @DEFAULT_MONITOR@ -c:a aac -ar 48000 -ac 2 ');
  });
});
