import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RecordingSession, Segment } from '#domain';
import { Child, Fault, faultOfReading } from '#runtime';

/** Less than this between two segments is the camera's own rounding. */
const SEAM_MS = 1000;
/** A reader that takes nothing for so long has gone, and an ffmpeg that gives nothing hangs. */
const STUCK_MS = 60_000;
const SOUND_FRAGMENT_US = '5000000';
const BROKEN = 'a piece of the recording is damaged or has been deleted meanwhile';

/** One piece of what is recorded, with what its session began with. */
export type ClipRow = Pick<Segment, 'startMs' | 'endMs' | 'path'> & {
  session: Pick<RecordingSession, 'id' | 'initPath' | 'codecs' | 'width' | 'height'>;
};

export interface OpenClip {
  stream: Readable;
  /** When nothing works on it any more. */
  ended: Promise<void>;
}

/**
 * MP4 of recorded segments as they are: nothing is decoded, and what is missing between them is left out. It is made while
 * it is read, in fragments, so that it begins at once and takes no room; it fails while it is read when a file has gone.
 * Throws `refused` when the camera's picture changed on the way, as one MP4 can't hold both, `not_found` when nothing of it
 * can be read, `unavailable` when the disk fails.
 */
export async function openClip(rows: readonly ClipRow[], mediaDir: string, signal: AbortSignal): Promise<OpenClip> {
  const [first] = rows;
  if (!first) throw new Fault('not_found', 'nothing is recorded in it');
  const runs = runsOf(rows);
  demandOneForm(rows, runs.length);
  const isHevc = /^(?:hvc1|hev1)/.test(first.session.codecs ?? '');
  const [only] = runs;
  const input = runs.length === 1 && only ? () => bytesOf(only, mediaDir) : () => asTransport(runs, mediaDir, signal);
  const format = runs.length === 1 ? 'mp4' : 'mpegts';
  const shape = { isHevc, soundOnly: first.session.width === 0 };
  const child = await Child.start('nice', ['-n', '10', 'ffmpeg', ...muxArguments(format, shape)], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const { stdin, stdout } = child.process;
  if (!stdin || !stdout) throw new Fault('internal', 'ffmpeg was started without pipes');
  // When a file can't be read, what came must not be taken for the whole: ffmpeg may have ended before it is killed.
  const feeding = pipeline(input, stdin).then(
    () => undefined,
    (error: unknown) => {
      child.kill('SIGKILL');
      return faultOfReading(error, BROKEN);
    },
  );
  const chunks = output(child, stdout, feeding, signal);
  const beginning = await chunks.next();
  if (beginning.done) throw new Fault('not_found', 'the recording of that time can not be read');
  const ended = child.ended.then(() => undefined);
  return { stream: Readable.from(following(beginning.value, chunks), { objectMode: false }), ended };
}

async function* following(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

function muxArguments(format: string, { isHevc, soundOnly }: { isHevc: boolean; soundOnly: boolean }): string[] {
  // Without keyframes there would be one fragment, which is in memory until the end.
  const fragments = soundOnly ? ['-frag_duration', SOUND_FRAGMENT_US] : [];
  const flags = soundOnly ? '' : 'frag_keyframe+';
  return [
    ['-hide_banner', '-nostats', '-loglevel', 'error', '-protocol_whitelist', 'pipe', '-f', format, '-i', 'pipe:0'],
    ['-map', '0:v:0?', '-map', '0:a:0?', '-c', 'copy', ...(isHevc ? ['-tag:v', 'hvc1'] : [])],
    format === 'mpegts' ? ['-bsf:a', 'aac_adtstoasc'] : [],
    [...fragments, '-movflags', `${flags}delay_moov+default_base_moof`, '-f', 'mp4', 'pipe:1'],
  ].flat();
}

/** Segments that follow each other without a gap and share an init file. */
function runsOf(rows: readonly ClipRow[]): ClipRow[][] {
  const runs: ClipRow[][] = [];
  for (const row of rows) {
    const last = runs.at(-1)?.at(-1);
    const joins = last && last.session.id === row.session.id && Math.abs(row.startMs - last.endMs) <= SEAM_MS;
    if (joins) runs.at(-1)?.push(row);
    else runs.push([row]);
  }
  return runs;
}

/** Throws `refused` for what one MP4 can't hold. */
export function demandOneForm(rows: readonly ClipRow[], runs: number = runsOf(rows).length): void {
  const [first] = rows;
  const form = ({ session: { codecs, width, height } }: ClipRow) => `${videoOf(codecs)} ${width}x${height}`;
  const other = first && rows.find((row) => form(row) !== form(first));
  if (other) {
    const at = new Date(other.startMs).toISOString();
    throw new Fault(
      'refused',
      `start: the camera's picture changed at ${at}: ask for what is before and after it apart`,
    );
  }
  if (runs > 1 && first && first.session.width > 0 && !/^(?:avc|hvc1|hev1)/.test(first.session.codecs ?? '')) {
    throw new Fault('refused', 'start: there are gaps in it, and only H.264 and H.265 can be joined: ask for a part');
  }
}

/** The family alone: what stands behind the dot may differ from start to start of a camera. */
function videoOf(codecs = ''): string {
  return codecs.split('.')[0] ?? '';
}

async function* bytesOf(run: readonly ClipRow[], mediaDir: string): AsyncGenerator<Buffer> {
  const [first] = run;
  if (!first) return;
  for (const path of [first.session.initPath, ...run.map((row) => row.path)]) {
    yield* createReadStream(join(mediaDir, path), { highWaterMark: 256 * 1024 });
  }
}

/** Runs as one MPEG transport stream, whose times go on where the run before has ended. */
async function* asTransport(runs: readonly ClipRow[][], mediaDir: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  let offsetMs = 0;
  for (const run of runs) {
    signal.throwIfAborted();
    await using child = await Child.start('nice', ['-n', '10', 'ffmpeg', ...transportArguments(offsetMs)], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const { stdin, stdout } = child.process;
    if (!stdin || !stdout) throw new Fault('internal', 'ffmpeg was started without pipes');
    const feeding = pipeline(() => bytesOf(run, mediaDir), stdin);
    feeding.catch(() => undefined); // Thrown below.
    yield* stdout;
    await feeding;
    offsetMs += run.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  }
}

function transportArguments(offsetMs: number): string[] {
  return [
    ['-hide_banner', '-nostats', '-loglevel', 'error', '-protocol_whitelist', 'pipe', '-f', 'mp4', '-i', 'pipe:0'],
    ['-map', '0:v:0?', '-map', '0:a:0?', '-c', 'copy', '-output_ts_offset', String(offsetMs / 1000)],
    // In large pieces: FFmpeg 4 loses the beginning of a transport stream that comes in small ones.
    ['-muxdelay', '0', '-muxpreload', '0', '-flush_packets', '0', '-f', 'mpegts', 'pipe:1'],
  ].flat();
}

/** What ffmpeg writes; ends ffmpeg when nobody reads it any more. */
async function* output(
  child: Child,
  stdout: Readable,
  feeding: Promise<Fault | undefined>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const stop = () => {
    child.kill('SIGKILL');
    stdout.destroy(); // What nobody reads any more would keep its end from being known.
  };
  signal.addEventListener('abort', stop, { once: true });
  let stuck = setTimeout(stop, STUCK_MS);
  try {
    for await (const chunk of stdout) {
      clearTimeout(stuck);
      stuck = setTimeout(stop, STUCK_MS);
      yield chunk;
    }
    const unread = await feeding;
    const { code } = await child.ended;
    if (unread) throw unread;
    if (code !== 0) throw new Fault('not_found', BROKEN);
  } finally {
    clearTimeout(stuck);
    signal.removeEventListener('abort', stop);
    stop();
  }
}
