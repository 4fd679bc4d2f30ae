import { once } from 'node:events';
import VideoStream from 'node-rtsp-stream';
import type { CameraFacts } from '#domain';
import { type Clock, Fault } from '#runtime';
import { checkSourceUrl, inputAddress } from './source-url.ts';

const WIDEST = 960;
/** Somebody who comes later sees nothing before the next picture of its own. */
const KEYFRAME_EVERY = 25;
/** An ffmpeg that gives nothing for so long hangs, or its camera has gone. */
const SILENCE_MS = 10_000;
const GRACE_MS = 1000;

/** The package opens a port for everybody and passes on ffmpeg's words, which may hold a password: neither is wanted. */
class Muxer extends VideoStream {
  override pipeStreamToSocketServer(): void {}
}

/**
 * A camera as it is now, with half a second of delay: MPEG-1 in MPEG-TS as JSMpeg plays it, by a connection and an ffmpeg
 * of its own, which costs a third of a core. Nothing of it is kept. Ended by whoever opened it, by silence, or when the
 * camera goes away.
 */
export class LiveView implements AsyncDisposable {
  /** Never rejects. */
  readonly ended: Promise<void>;
  readonly #muxer: Muxer;
  readonly #stopWatching: AbortController = new AbortController();
  #lastMs: number;

  private constructor(muxer: Muxer, clock: Clock) {
    this.#muxer = muxer;
    this.#lastMs = clock.monotonicMs();
    const { stream } = muxer.mpeg1Muxer;
    muxer.mpeg1Muxer.removeAllListeners('ffmpegStderr');
    stream.removeAllListeners('exit'); // It writes to our stderr.
    stream.on('error', () => undefined); // It ends, too.
    this.ended = once(stream, 'close').then(
      () => this.#stopWatching.abort(),
      () => this.#stopWatching.abort(),
    );
    muxer.on('camdata', () => {
      this.#lastMs = clock.monotonicMs();
    });
    void this.#watch(clock, this.#stopWatching.signal);
  }

  /**
   * Throws `refused` for what isn't RTSP, and `invalid` as `checkSourceUrl` does. A camera that can't be reached ends it.
   */
  static start(url: string, { width, height }: Pick<CameraFacts, 'width' | 'height'>, clock: Clock): LiveView {
    const source = checkSourceUrl(url, { allowFile: false });
    if (!source.protocol.startsWith('rtsp')) {
      throw new Fault('refused', 'this camera is not watched by RTSP: watch its HLS stream instead');
    }
    const muxer = new Muxer({
      name: 'live view',
      streamUrl: inputAddress(source),
      ffmpegOptions: {
        '-an': '',
        '-loglevel': 'fatal',
        '-threads': 1,
        '-r': 25, // MPEG-1 knows few rates.
        '-vf': `scale=${even(Math.min(WIDEST, width))}:${even((height * Math.min(WIDEST, width)) / width)}`,
        '-b:v': '1500k',
        '-bf': 0,
        '-g': KEYFRAME_EVERY,
        '-flush_packets': 1,
      },
    });
    return new LiveView(muxer, clock);
  }

  /** Each piece of MPEG-TS, as it comes. */
  onData(listener: (data: Buffer) => void): Disposable {
    this.#muxer.on('camdata', listener);
    return { [Symbol.dispose]: () => this.#muxer.off('camdata', listener) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { stream } = this.#muxer.mpeg1Muxer;
    stream.kill('SIGTERM');
    const late = setTimeout(() => stream.kill('SIGKILL'), GRACE_MS);
    await this.ended;
    clearTimeout(late);
  }

  async #watch(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(SILENCE_MS / 4, signal).catch(() => undefined);
      if (!signal.aborted && clock.monotonicMs() - this.#lastMs > SILENCE_MS) {
        this.#muxer.mpeg1Muxer.stream.kill('SIGKILL');
      }
    }
  }
}

function even(pixels: number): number {
  return Math.max(2, Math.round(pixels / 2) * 2);
}
