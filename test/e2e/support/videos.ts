import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ffmpeg } from './ffmpeg.ts';

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/watchpost-videos', import.meta.url));
const FPS = 10;
const run = promisify(execFile);

/** H.264 with a keyframe every `gopSeconds` and nowhere else. */
function h264(fps: number, gopSeconds: number): string[] {
  const gop = String(fps * gopSeconds);
  const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-bf', '0'];
  return [...x264, '-g', gop, '-keyint_min', gop, '-sc_threshold', '0'];
}

const underWay = new Map<string, Promise<string>>();

/** Renders once per set of arguments; later calls find the file. */
function rendered(name: string, args: string[], input?: Buffer, form = 'mp4'): Promise<string> {
  const hash = createHash('sha256')
    .update(args.join('\0'))
    .update(input ?? '')
    .digest('hex');
  const file = join(CACHE, `${name}-${hash.slice(0, 12)}.${form}`);
  const rendering = underWay.get(file) ?? (existsSync(file) ? Promise.resolve(file) : render(file, args, input, form));
  underWay.set(file, rendering);
  return rendering;
}

async function render(file: string, args: string[], input: Buffer | undefined, form: string): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  const raw = `${file}.${process.pid}.raw`;
  const part = `${file}.${process.pid}.part.${form}`;
  if (input) await writeFile(raw, input);
  const fast = form === 'wav' ? [] : ['-movflags', '+faststart'];
  await ffmpeg('-y', ...args.map((arg) => (arg === 'RAW' ? raw : arg)), ...fast, part);
  await rename(part, file);
  await rm(raw, { force: true });
  return file;
}

const tone = (seconds: number) => ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`];

/**
 * A still grey yard through which a white block crosses in the first half of every `everySeconds`, from the second such
 * stretch on; with sound. A keyframe each second.
 */
export function passingBlock(seconds: number, everySeconds = 8): Promise<string> {
  const yard = `color=gray:s=640x360:r=${FPS}:d=${seconds},drawbox=x=0:y=240:w=640:h=120:color=0x404040:t=fill[yard]`;
  const block = `color=white:s=100x160:r=${FPS}:d=${seconds}[block]`;
  const phase = `mod(t,${everySeconds})`;
  const crossing = `x='-100+${phase}*${1500 / everySeconds}':y=140:enable='gte(t,${everySeconds})*lt(${phase},${everySeconds / 2})'`;
  const graph = `${yard};${block};[yard][block]overlay=${crossing}`;
  const encode = [...h264(FPS, 1), '-c:a', 'aac', '-shortest'];
  return rendered('passing-block', ['-f', 'lavfi', '-i', graph, ...tone(seconds), ...encode]);
}

/** A still room in which the light goes on and off, each for so many seconds; dark first. A keyframe each second. */
export function blinkingRoom(seconds: number, everySeconds = 2): Promise<string> {
  const room = `mandelbrot=s=320x180:r=1,trim=end_frame=1,loop=-1:1:0,fps=${FPS},trim=duration=${seconds}`;
  const light = `eq=contrast=0.5:brightness='if(mod(floor(t/${everySeconds}),2),0.3,-0.3)':eval=frame`;
  return rendered('blinking', ['-f', 'lavfi', '-i', `${room},${light}`, ...h264(FPS, 1)]);
}

/** How cameras send sound: ffmpeg's encoder, samples per second, channels. */
export interface SoundForm {
  encoder: 'aac' | 'pcm_alaw' | 'pcm_mulaw' | 'libopus';
  rate: number;
  channels: number;
}

/** The yard of `passingBlock` with the sound of a file, from the beginning and for as long as that lasts. */
export async function yardSounding(seconds: number, sound: string, form: SoundForm): Promise<string> {
  const inputs = ['-i', await passingBlock(seconds), '-i', sound, '-map', '0:v', '-map', '1:a', '-c:v', 'copy'];
  const encoding = ['-c:a', form.encoder, '-ar', String(form.rate), '-ac', String(form.channels)];
  // Only QuickTime holds what telephones speak.
  const container = form.encoder.startsWith('pcm') ? 'mov' : 'mp4';
  return rendered(`yard-${form.encoder}`, [...inputs, ...encoding, '-strict', '-2'], undefined, container);
}

/** A file's sound and no picture. */
export function onlySound(sound: string, { encoder, rate, channels }: SoundForm): Promise<string> {
  const encoding = ['-c:a', encoder, '-ar', String(rate), '-ac', String(channels)];
  return rendered(`only-${encoder}`, ['-i', sound, '-vn', ...encoding, '-strict', '-2']);
}

/** The yard without a microphone. */
export async function silentYard(seconds: number): Promise<string> {
  return rendered('yard-silent', ['-i', await passingBlock(seconds), '-an', '-c:v', 'copy']);
}

/** So many seconds of a tone. */
export function toneOf(seconds: number): Promise<string> {
  return rendered('tone', [...tone(seconds), '-c:a', 'pcm_s16le'], undefined, 'wav');
}

export interface Saying {
  atS: number;
  text: string;
  /** As espeak-ng knows it. */
  voice?: string;
}

/** What is said at which second, and silence around it, as a file. */
export async function spoken(seconds: number, sayings: readonly Saying[]): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  const files: string[] = [];
  for (const { text, voice = 'en-us' } of sayings) files.push(await sayingOf(text, voice)); // Each is made once.
  const inputs = files.flatMap((file) => ['-i', file]);
  const placed = sayings.map(({ atS }, i) => `[${i}]aresample=48000,adelay=${Math.round(atS * 1000)}:all=1[s${i}]`);
  const mixed = `${sayings.map((_, i) => `[s${i}]`).join('')}amix=inputs=${sayings.length}:normalize=0`;
  const graph = [...placed, `${mixed},apad=whole_dur=${seconds},atrim=duration=${seconds}`].join(';');
  return rendered('spoken', [...inputs, '-filter_complex', graph, '-c:a', 'pcm_s16le'], undefined, 'wav');
}

/** A file's sound from a second on, and silence around it. */
export function soundAt(seconds: number, atS: number, file: string): Promise<string> {
  const graph = `aresample=48000,adelay=${Math.round(atS * 1000)}:all=1,apad=whole_dur=${seconds},atrim=duration=${seconds}`;
  return rendered('sound', ['-i', file, '-ac', '1', '-af', graph, '-c:a', 'pcm_s16le'], undefined, 'wav');
}

async function sayingOf(text: string, voice: string): Promise<string> {
  const file = join(CACHE, `saying-${createHash('sha256').update(`${voice} ${text}`).digest('hex').slice(0, 12)}.wav`);
  if (!existsSync(file)) {
    const part = `${file}.${process.pid}.part`;
    await run('espeak-ng', ['-v', voice, '-s', '150', '-w', part, text]);
    await rename(part, file);
  }
  return file;
}

/** The yard of `passingBlock` with someone who talks: two sentences every ten seconds. */
export async function talkingYard(seconds: number): Promise<string> {
  const text = 'Good morning, this is the loading zone. The delivery van has arrived at the gate.';
  const sayings = Array.from({ length: Math.floor(seconds / 10) }, (_, i) => ({ atS: i * 10, text }));
  return yardSounding(seconds, await spoken(seconds, sayings), { encoder: 'aac', rate: 48_000, channels: 1 });
}

const CODE = { width: 320, height: 180, columns: 8, fps: FPS } as const;

/**
 * Every second of it shows which second it is: eight blocks, dark 0 and bright 1, the lowest bit rightmost, and below
 * them their opposites. A keyframe at each second's first picture. The light goes on and off every second, so that each
 * second is a scene of its own.
 */
export function codedSeconds(seconds: number): Promise<string> {
  const { width, height, fps } = CODE;
  const size = ['-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${width}x${height}`, '-r', String(fps), '-i', 'RAW'];
  const frames = Array.from({ length: seconds * fps }, (_, i) => codedFrame(Math.floor(i / fps)));
  return rendered('coded-seconds', [...size, ...h264(fps, 1)], Buffer.concat(frames));
}

function codedFrame(second: number): Buffer {
  const { width, height, columns } = CODE;
  const frame = Buffer.alloc(width * height);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const bit = (second >> (columns - 1 - Math.floor((x * columns) / width))) & 1;
      const light = second % 2 === 0 ? 120 : 16;
      frame[y * width + x] = light + (bit === (y < height / 2 ? 1 : 0) ? 100 : 0);
    }
  return frame;
}

/** The second that a picture (file, address, or bytes of a JPEG) shows; throws when it isn't such a picture. */
export async function decodeSecond(...source: string[]): Promise<number> {
  const { columns } = CODE;
  const blocks = await ffmpeg(
    ...source,
    '-frames:v',
    '1',
    '-vf',
    `scale=${columns * 8}:16:flags=area`,
    '-pix_fmt',
    'gray',
    '-f',
    'rawvideo',
    '-',
  );
  // The middle of each block: its fourth pixel, and the fourth line of its half.
  const line = (y: number) => Array.from({ length: columns }, (_, i) => blocks[y * columns * 8 + i * 8 + 4] ?? 0);
  const lower = line(12);
  const differences = line(4).map((upper, i) => upper - (lower[i] ?? 0));
  if (differences.some((difference) => Math.abs(difference) < 40))
    throw new Error(`not a coded picture: ${differences.join(' ')}`);
  return Number.parseInt(differences.map((difference) => (difference > 0 ? '1' : '0')).join(''), 2);
}

/** A still scene at 1080p25 with a sensor's noise, 2 s between keyframes, about 4 Mb/s, with sound: a quiet camera. */
export function quietCamera(seconds: number): Promise<string> {
  const scene = `mandelbrot=s=1920x1080:r=1,trim=end_frame=1,loop=-1:1:0,fps=25,trim=duration=${seconds},noise=c0s=9:c0f=t`;
  const rate = ['-b:v', '4M', '-maxrate', '4M', '-bufsize', '8M'];
  return rendered('quiet-camera', [
    '-f',
    'lavfi',
    '-i',
    scene,
    ...tone(seconds),
    ...h264(25, 2),
    ...rate,
    '-c:a',
    'aac',
    '-shortest',
  ]);
}

/** A square of a colour on grey, where its middle is as fractions of the picture. */
export interface Shown {
  colour: string;
  x: number;
  y: number;
}

/** One square after the other, each for so many seconds. A keyframe each second. */
export function squaresInTurn(shown: readonly Shown[], secondsEach: number): Promise<string> {
  const side = 144;
  const parts = shown.map(({ colour, x, y }, i) => {
    const box = `x=${Math.round(x * 640 - side / 2)}:y=${Math.round(y * 360 - side / 2)}:w=${side}:h=${side}`;
    return `color=gray:s=640x360:r=${FPS}:d=${secondsEach},drawbox=${box}:color=${colour}:t=fill[p${i}]`;
  });
  const graph = [...parts, `${shown.map((_, i) => `[p${i}]`).join('')}concat=n=${shown.length}`].join(';');
  return rendered('squares', ['-f', 'lavfi', '-i', graph, ...h264(FPS, 1)]);
}

/** A still picture for so many seconds, as a camera of its size would send it. A keyframe each second. */
export function stillOf(file: string, seconds: number): Promise<string> {
  const input = ['-loop', '1', '-framerate', String(FPS), '-t', String(seconds), '-i', file];
  return rendered('still', [...input, '-vf', 'scale=1280:-2', ...h264(FPS, 1)]);
}
