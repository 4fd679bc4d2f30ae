import { Child } from '#runtime';

export interface Publishing {
  /** As the box gave it. */
  to: string;
  /** Played over and over; default: a test picture that moves, and a tone. */
  file?: string;
  /** Options of the codecs; default: as VideoDB's connector has them, with a keyframe each second. */
  codecs?: string[];
  /** Of RTSP. */
  transport?: 'tcp' | 'udp';
}

const CONNECTOR = [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-g', '10', '-pix_fmt', 'yuv420p'],
  ...['-c:a', 'aac'],
];
const TEST_PICTURE = [
  ...['-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=10'],
  ...['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'],
];

/** ffmpeg, as it sends to the box by RTMP or RTSP. It doesn't try again: a refusal ends it. */
export class Publisher implements AsyncDisposable {
  readonly #child: Child;
  #output = '';

  private constructor(child: Child) {
    this.#child = child;
    child.process.stderr?.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString();
    });
  }

  static async start({ to, file, codecs = CONNECTOR, transport = 'tcp' }: Publishing): Promise<Publisher> {
    const input = file === undefined ? TEST_PICTURE : ['-re', '-stream_loop', '-1', '-i', file];
    const output = to.startsWith('rtmp') ? ['-f', 'flv', to] : ['-f', 'rtsp', '-rtsp_transport', transport, to];
    const argv = ['-nostdin', '-hide_banner', '-loglevel', 'error', ...input, ...codecs, ...output];
    return new Publisher(await Child.start('ffmpeg', argv, { stdio: ['ignore', 'ignore', 'pipe'], graceMs: 500 }));
  }

  /** What it said when it ended. */
  async refused(): Promise<string> {
    await this.#child.ended;
    return this.#output;
  }

  get running(): boolean {
    return this.#child.running;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async ended(): Promise<void> {
    await this.#child.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.ended;
  }
}
