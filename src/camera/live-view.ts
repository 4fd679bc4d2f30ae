import VideoStream from 'node-rtsp-stream';
import type { CameraFacts, Stream } from '#domain';
import { type Child, type Clock, Fault } from '#runtime';
import { startReading } from './reading.ts';
import { Complaints } from './reason.ts';
import { checkSourceUrl, inputOptions, transportOf } from './source-url.ts';

const WIDEST = 960;
/** Somebody who comes later sees nothing before the next picture of its own. */
const KEYFRAME_EVERY = 25;
/** An ffmpeg that gives nothing for so long hangs, or its camera has gone. */
const SILENCE_MS = 10_000;
const GRACE_MS = 1000;

/**
 * The package opens a port for everybody, and starts an ffmpeg that shows the camera's password in its arguments, passes
 * on its words, and may outlive us: none of it is wanted.
 */
class Muxer extends VideoStream {
  override pipeStreamToSocketServer(): void {}
  override startMpeg1Stream(): void {}
}

/**
 * A camera as it is now, with half a second of delay: MPEG-1 in MPEG-TS as JSMpeg plays it, by a connection and an ffmpeg
 * of its own, which costs a third of a core. Nothing of it is kept. Ended by whoever opened it, by silence, or when the
 * camera goes away.
 */
export class LiveView implements AsyncDisposable {
  /** Never rejects. */
  readonly ended: Promise<void>;
  readonly #muxer = new Muxer({ name: 'live view', streamUrl: '' });
  readonly #stop = new AbortController();
  #lastMs: number;

  private constructor(ffmpeg: Promise<Child>, clock: Clock) {
    this.#lastMs = clock.monotonicMs();
    this.ended = this.#run(ffmpeg, clock).catch(() => undefined); // What can't be started has ended.
  }

  /**
   * Throws `refused` for what isn't RTSP, and `invalid` as `checkSourceUrl` does. A camera that can't be reached ends it.
   */
  static start({ url, transport }: Pick<Stream, 'url' | 'transport'>, facts: CameraFacts, clock: Clock): LiveView {
    const source = checkSourceUrl(url, { allowFile: false });
    if (!source.protocol.startsWith('rtsp')) {
      throw new Fault('refused', 'this camera is not watched by RTSP: watch its HLS stream instead');
    }
    const input = inputOptions(transportOf(source, transport));
    const ffmpeg = startReading('ffmpeg', source, (address) => [...input, '-i', address, ...outputOptions(facts)], {
      stdio: ['ignore', 'pipe', 'ignore'],
      graceMs: GRACE_MS,
      complaints: new Complaints(source),
    });
    return new LiveView(ffmpeg, clock);
  }

  /** Each piece of MPEG-TS, as it comes. */
  onData(listener: (data: Buffer) => void): Disposable {
    this.#muxer.on('camdata', listener);
    return { [Symbol.dispose]: () => this.#muxer.off('camdata', listener) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }

  async #run(ffmpeg: Promise<Child>, clock: Clock): Promise<void> {
    await using child = await ffmpeg;
    child.process.stdout?.on('data', (data: Buffer) => {
      this.#lastMs = clock.monotonicMs();
      this.#muxer.emit('camdata', data);
    });
    void child.ended.then(() => this.#stop.abort());
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await clock.sleep(SILENCE_MS / 4, signal).catch(() => undefined);
      if (clock.monotonicMs() - this.#lastMs > SILENCE_MS) child.kill('SIGKILL');
    }
  }
}

function outputOptions({ width, height }: Pick<CameraFacts, 'width' | 'height'>): string[] {
  const scaled = Math.min(WIDEST, width);
  const size = `${even(scaled)}:${even((height * scaled) / width)}`;
  return [
    ['-hide_banner', '-nostats', '-loglevel', 'fatal', '-an', '-threads', '1', '-vf', `scale=${size}`],
    ['-codec:v', 'mpeg1video', '-r', '25', '-b:v', '1500k', '-bf', '0', '-g', String(KEYFRAME_EVERY)], // It knows few rates.
    ['-flush_packets', '1', '-f', 'mpegts', 'pipe:1'],
  ].flat();
}

function even(pixels: number): number {
  return Math.max(2, Math.round(pixels / 2) * 2);
}
