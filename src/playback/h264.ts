import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { deadline, Fault, faultOfReading, feed, fitToFfmpeg, Gate } from '#runtime';

/** One piece of media with the init file that it needs; full paths. */
export interface MediaFiles {
  init: string;
  media: string;
}

/** What every H.264 rendition is, as playlists tell it: at most 720 lines, so that a Pi keeps up with playing. */
export const H264 = { codec: 'avc1.4d4028', lines: 720 };

const KEPT_BYTES = 64 * 1024 * 1024;
/** Players ask for a few pieces ahead; beyond this they are asked to come again. */
const MOST_WAITING = 16;
const LONGEST_MS = 30_000;

interface Made {
  init: Buffer;
  media: Buffer;
}

/** Which video a player without H.265 can't show, by the codecs of its playlist. */
export function needsH264(codecs: string | undefined): boolean {
  return codecs !== undefined && /^(?:hvc1|hev1|av01)\b/.test(codecs);
}

/**
 * H.264 for players that can't show what cameras record, made piece by piece when it is asked for, on the piece's own
 * times; so many at once at most, at the lowest priority, and kept in memory for a while. A player that asks for more than
 * can wait gets `unavailable` and asks again; a piece that takes longer than 30 s is `unavailable`,
 * one that is damaged `not_found`.
 */
export class H264Renditions implements AsyncDisposable {
  readonly #gate: Gate;
  readonly #stop = new AbortController();
  /** Newest used last. */
  readonly #made = new Map<string, Promise<Made>>();
  readonly #sizes = new Map<string, number>();
  #waiting = 0;

  constructor(atOnce: number) {
    this.#gate = new Gate(atOnce);
    setMaxListeners(0, this.#stop.signal);
  }

  async init(files: MediaFiles): Promise<Buffer> {
    return (await this.#rendition(files)).init;
  }

  async media(files: MediaFiles): Promise<Buffer> {
    return (await this.#rendition(files)).media;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Fault('unavailable', 'the appliance is stopping'));
    await Promise.allSettled(this.#made.values());
  }

  #rendition(files: MediaFiles): Promise<Made> {
    const known = this.#made.get(files.media);
    if (known) {
      this.#made.delete(files.media);
      this.#made.set(files.media, known);
      return known;
    }
    if (this.#waiting >= MOST_WAITING) {
      throw new Fault('unavailable', 'too many players want H.264 at once: try again in a few seconds');
    }
    const making = this.#make(files);
    this.#made.set(files.media, making);
    making.then(
      ({ init, media }) => this.#keep(files.media, init.length + media.length),
      () => this.#made.delete(files.media),
    );
    return making;
  }

  async #make({ init, media }: MediaFiles): Promise<Made> {
    this.#waiting += 1;
    try {
      using _turn = await this.#gate.enter(this.#stop.signal);
      const input = await readBoth(init, media);
      using limit = deadline(this.#stop.signal, LONGEST_MS);
      return split(await transcode(input, limit.signal));
    } finally {
      this.#waiting -= 1;
    }
  }

  #keep(key: string, bytes: number): void {
    this.#sizes.set(key, bytes);
    let total = [...this.#sizes.values()].reduce((sum, size) => sum + size, 0);
    for (const oldest of this.#made.keys()) {
      if (total <= KEPT_BYTES || oldest === key) return;
      total -= this.#sizes.get(oldest) ?? 0;
      this.#sizes.delete(oldest);
      this.#made.delete(oldest);
    }
  }
}

async function readBoth(init: string, media: string): Promise<Buffer> {
  try {
    return Buffer.concat([await readFile(init), await readFile(media)]);
  } catch (error) {
    throw faultOfReading(error, 'the file is no longer there');
  }
}

/** One thread, so that what records has the other cores; no pictures out of order, so that its times begin where the piece's do. */
async function transcode(input: Buffer, signal: AbortSignal): Promise<Buffer> {
  const video = ['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'main', '-level:v', '4.0', '-bf', '0'];
  const args = [
    ['-n', '19', 'ffmpeg', '-hide_banner', '-nostdin', '-loglevel', 'error', '-protocol_whitelist', 'pipe'],
    ['-copyts', '-threads', '1', '-f', 'mp4', '-i', 'pipe:0', '-map', '0:v:0', '-map', '0:a:0?'],
    ['-vf', `scale=-2:'min(${H264.lines},ih)'`, ...video, '-pix_fmt', 'yuv420p', '-g', '9999', '-threads', '1'],
    ['-fps_mode', 'passthrough', '-video_track_timescale', '90000', '-c:a', 'copy'],
    ['-f', 'mp4', '-movflags', 'delay_moov+default_base_moof+frag_discont+frag_custom+skip_trailer', 'pipe:1'],
  ].flat();
  const { output, code } = await feed('nice', await fitToFfmpeg(args), input, signal);
  if (signal.aborted) throw new Fault('unavailable', 'this box is too busy to make H.264 of it: try again later');
  if (code !== 0) throw damaged();
  return output;
}

/** Everything up to the first fragment is the init; it is the same for all pieces of a session. */
function split(mp4: Buffer): Made {
  for (let at = 0; at + 8 <= mp4.length; ) {
    const size = mp4.readUInt32BE(at);
    if (mp4.toString('latin1', at + 4, at + 8) === 'moof') {
      return { init: mp4.subarray(0, at), media: mp4.subarray(at) };
    }
    if (size < 8) break;
    at += size;
  }
  throw damaged();
}

function damaged(): Fault {
  return new Fault('not_found', "a piece of the recording can't be made H.264: it may be damaged");
}
