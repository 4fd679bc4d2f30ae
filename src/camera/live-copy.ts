import type { CameraFacts, Stream } from '#domain';
import { type Child, type Clock, type Fault, messageOf } from '#runtime';
import { beginningS } from './beginnings.ts';
import { COPY_AAC } from './ffmpeg-arguments.ts';
import { type Fragment, FragmentReader } from './fragments.ts';
import { startReading } from './reading.ts';
import { Complaints } from './reason.ts';
import { checkSourceUrl, inputOptions, transportOf } from './source-url.ts';
import { StreamClock } from './stream-clock.ts';

/** Of one fragment: a picture, with the sound beside it. */
const FRAGMENT_US = '40000';
/** Whichever of picture and sound ceases, the other isn't held back for longer. */
const INTERLEAVE_US = '500000';
/** Connecting, and the first keyframe of a camera with a long distance between them. */
const START_MS = 20_000;
/** An ffmpeg that gives nothing for so long hangs, or its camera has gone. */
const SILENCE_MS = 6000;
const LOOK_EVERY_MS = 500;

/** What is copied, and from where. */
export interface CopiedSource {
  stream: Pick<Stream, 'id' | 'transport'>;
  url: string;
  /** What is known of it; without it, only its picture is copied. */
  facts: Pick<CameraFacts, 'videoCodec' | 'audioCodec'> | undefined;
}

/** A fragment that can tell when it begins, in Unix milliseconds: the later it is asked, the better it knows. */
export interface TimedFragment extends Fragment {
  atMs(): number;
}

/** Where a copy goes. Nothing here may wait. */
export interface CopySinks {
  init(init: Buffer): void;
  fragment(fragment: TimedFragment): void;
}

/**
 * A camera as it is now, in fragmented MP4 by stream copy: pictures as they are sent, sound as AAC, by a connection and an
 * ffmpeg of its own, which costs next to nothing. Nothing of it is kept. Ended by whoever started it, by silence, or when
 * the camera goes away. It never touches the recording.
 */
export class LiveCopy implements AsyncDisposable {
  /** Why. Never rejects. */
  readonly ended: Promise<Fault>;
  readonly #child: Child;
  readonly #clock: Clock;
  readonly #complaints: Complaints;
  readonly #times: StreamClock;
  #lastMs: number;
  #patienceMs = START_MS;
  #problem: string | undefined;
  #hasPictures = false;

  private constructor(child: Child, complaints: Complaints, sinks: CopySinks, clock: Clock) {
    this.#child = child;
    this.#clock = clock;
    this.#complaints = complaints;
    this.#times = new StreamClock(clock);
    this.#lastMs = clock.monotonicMs();
    const reader = new FragmentReader(
      (init) => sinks.init(init),
      (fragment) => this.#came(fragment, sinks),
    );
    const { stdout, stderr } = child.process;
    stderr?.setEncoding('utf8').on('data', (text: string) => this.#complaints.add(text));
    stdout?.on('data', (chunk: Buffer) => {
      try {
        reader.read(chunk);
      } catch (error) {
        this.#giveUp(messageOf(error));
      }
    });
    const watching = setInterval(() => this.#watch(), LOOK_EVERY_MS);
    this.ended = child.ended.then(({ code, signal }) => {
      clearInterval(watching);
      if (this.#problem !== undefined) return this.#complaints.faultOf('unavailable', this.#problem);
      return this.#complaints.fault(`gives no picture: ffmpeg ended (${signal ?? `status ${code}`})`);
    });
  }

  /** Throws `invalid` as `checkSourceUrl` does, `unavailable` without ffmpeg. A camera that can't be reached ends it. */
  static async start({ stream, url, facts }: CopiedSource, sinks: CopySinks, clock: Clock): Promise<LiveCopy> {
    const source = checkSourceUrl(url, { allowFile: false });
    const complaints = new Complaints(source);
    const lookedAtS = beginningS(stream.id);
    const argumentsWith = (address: string) =>
      [
        ['-hide_banner', '-nostats', '-nostdin', '-loglevel', 'level+warning'],
        inputOptions(transportOf(source, stream.transport)),
        ['-analyzeduration', String(lookedAtS * 1e6), '-fpsprobesize', '0', '-fflags', '+genpts', '-i', address],
        ['-map', '0:V:0', '-c:v', 'copy', ...(facts?.videoCodec === 'hevc' ? ['-tag:v', 'hvc1'] : [])],
        soundOptions(facts?.audioCodec),
        ['-max_interleave_delta', INTERLEAVE_US, '-flush_packets', '1', '-frag_duration', FRAGMENT_US],
        ['-f', 'mp4', '-movflags', 'empty_moov+default_base_moof+frag_keyframe+frag_discont+skip_trailer', 'pipe:1'],
      ].flat();
    const child = await startReading('ffmpeg', source, argumentsWith, {
      stdio: ['ignore', 'pipe', 'pipe'],
      graceMs: 1000,
      complaints,
    });
    return new LiveCopy(child, complaints, sinks, clock);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#problem ??= 'is not watched any more';
    await this.#child[Symbol.asyncDispose]();
  }

  #came(fragment: Fragment, sinks: CopySinks): void {
    const { pictures } = fragment;
    const startMs = (pictures?.startS ?? 0) * 1000;
    if (pictures) this.#sawPictures(startMs + pictures.durationS * 1000);
    sinks.fragment({ ...fragment, atMs: () => this.#times.toUtcMs(startMs) });
  }

  #sawPictures(endMs: number): void {
    this.#lastMs = this.#clock.monotonicMs();
    this.#patienceMs = SILENCE_MS;
    // RTSP's first picture often has no time of its own.
    if (this.#hasPictures) this.#times.arrived(endMs);
    else this.#times.arrivedFirst(endMs);
    this.#hasPictures = true;
  }

  #watch(): void {
    const silentMs = this.#clock.monotonicMs() - this.#lastMs;
    if (silentMs > this.#patienceMs) this.#giveUp(`sent no picture for ${Math.round(silentMs / 1000)} s`);
  }

  #giveUp(problem: string): void {
    this.#problem ??= problem;
    this.#child.kill('SIGKILL');
  }
}

/** AAC as it is sent, anything else made AAC. */
function soundOptions(codec: string | undefined): string[] {
  if (codec === undefined) return ['-an'];
  return ['-map', '0:a:0?', ...(codec === 'aac' ? COPY_AAC : ['-c:a', 'aac', '-b:a', '64k'])];
}
