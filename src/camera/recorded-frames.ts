import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Frame } from '#domain';
import { Child, Fault, fitToFfmpeg } from '#runtime';
import { readFrames } from './frame-reader.ts';
import { frameSize } from './plan.ts';

export interface RecordedSource {
  /** An init file and the segments that follow it without a gap, as absolute paths. */
  files: readonly string[];
  width: number;
  height: number;
  /** A frame about every so many ms, or `keyframes`: far cheaper, and as often as the recording has them. */
  every: number | 'keyframes';
  /** As of a live camera that is looked at for what is small. */
  fine?: boolean;
}

/** Decoded frames that wait for a slow reader; then ffmpeg waits too. */
const WAITING = 6;
/** An ffmpeg that says nothing for so long, while someone waits for a frame, hangs. */
const SILENCE_MS = 30_000;

/**
 * The frames of a recording, scaled as those of a live camera, with `atMs` from the start of the first segment. One
 * ffmpeg of low priority, which waits when nobody takes its frames and ends when the reader leaves. Throws `refused` when
 * there is nothing that it can decode or, after the frames before it, a file that can't be read; `unavailable` when it
 * hangs.
 */
export async function* recordedFrames(source: RecordedSource, signal: AbortSignal): AsyncGenerator<Frame, void> {
  signal.throwIfAborted();
  const { width, height } = frameSize(source, source.fine);
  const args = await fitToFfmpeg(['-n', '10', 'ffmpeg', ...argumentsFor(source, width, height)]);
  await using child = await Child.start('nice', args, {
    stdio: ['pipe', 'ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [stdin, , stderr, pixels, times] = child.process.stdio;
  if (!stdin || !(stderr instanceof Readable) || !(pixels instanceof Readable) || !(times instanceof Readable)) {
    throw new Fault('internal', 'ffmpeg was started without its pipes');
  }
  const complaint = lastLine(stderr);
  const feeding = feed(source.files, child);
  const queue = new FrameQueue(pixels);
  readFrames(pixels, times, width * height * 3, ({ streamMs, sceneScore, rgb }) =>
    queue.push({ atMs: Math.max(0, streamMs), width, height, rgb, sceneScore }),
  );
  void child.ended.then(() => queue.end());
  const stop = () => child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  let count = 0;
  try {
    for (let frame = await queue.next(SILENCE_MS); frame; frame = await queue.next(SILENCE_MS)) {
      count += 1;
      yield frame;
    }
    signal.throwIfAborted();
    const unreadable = await feeding;
    if (unreadable) throw new Fault('refused', 'a file of it is missing or can not be read', { cause: unreadable });
    if (count === 0) throw new Fault('refused', `no picture in it can be decoded: ${complaint() || 'it is empty'}`);
  } finally {
    signal.removeEventListener('abort', stop);
    child.kill('SIGKILL');
    await feeding;
  }
}

function argumentsFor({ every }: RecordedSource, width: number, height: number): string[] {
  const thinOut =
    every === 'keyframes' ? [] : [`select='isnan(prev_selected_t)+gte(t-prev_selected_t,${every / 1000 - 0.01})'`];
  const filters = [
    ...thinOut,
    `scale=${width}:${height}`,
    'settb=1/1000',
    "select='gte(scene,0)'",
    'metadata=mode=print:file=pipe\\\\:4:direct=1',
  ];
  return [
    ['-hide_banner', '-nostats', '-loglevel', 'error', '-threads', '1'],
    every === 'keyframes' ? ['-skip_frame:v', 'nokey'] : [],
    ['-protocol_whitelist', 'pipe', '-f', 'mp4', '-i', 'pipe:0', '-map', '0:V:0', '-vf', filters.join(',')],
    ['-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-threads', '1', 'pipe:3'],
  ].flat();
}

/** Returns why a file could not be read; that ffmpeg ended early is no such reason. */
async function feed(files: readonly string[], child: Child): Promise<unknown> {
  const { stdin } = child.process;
  if (!stdin) return undefined;
  let unreadable: unknown;
  async function* bytes(): AsyncGenerator<Buffer> {
    for (const file of files) {
      try {
        yield* createReadStream(file, { highWaterMark: 256 * 1024 });
      } catch (error) {
        unreadable = error;
        return;
      }
    }
  }
  await pipeline(bytes, stdin).catch(() => undefined);
  return unreadable;
}

function lastLine(stderr: Readable): () => string {
  let text = '';
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-500);
  });
  return () => text.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
}

/** Frames between ffmpeg and a reader; the pipe is paused while too many wait. */
class FrameQueue {
  readonly #pixels: Readable;
  readonly #frames: Frame[] = [];
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(pixels: Readable) {
    this.#pixels = pixels;
  }

  push(frame: Frame): void {
    this.#frames.push(frame);
    if (this.#frames.length >= WAITING) this.#pixels.pause();
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Undefined after the last. */
  async next(withinMs: number): Promise<Frame | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, withinMs, 'late');
    });
    try {
      while (this.#frames.length === 0 && !this.#ended) {
        this.#pixels.resume();
        const woken = new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        if ((await Promise.race([woken, late])) === 'late')
          throw new Fault('unavailable', 'ffmpeg hangs: it was ended');
      }
      return this.#frames.shift();
    } finally {
      clearTimeout(timer);
    }
  }
}
