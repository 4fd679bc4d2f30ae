import { setTimeout as timer } from 'node:timers/promises';
import { Publisher } from './publisher.ts';

const AGAIN_MS = 300;
const PICTURE = ['-an', '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '10'];
const CODECS: Record<string, string[]> = {
  display: [...PICTURE, '-pix_fmt', 'yuv420p'],
  mic: ['-vn', '-c:a', 'libopus', '-b:a', '48k'],
  system_audio: ['-vn', '-c:a', 'aac', '-b:a', '64k'],
};

/** Sends the channels of a capture session as a desktop's recorder does: each by RTSP, again when it is cut off. */
export class Recorder implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #publishers = new Set<Publisher>();
  readonly #ended: Promise<unknown>;

  constructor(channels: readonly { channel_id: string; rtsp_url?: string | undefined }[]) {
    this.#ended = Promise.all(channels.map((channel) => this.#send(channel)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const publisher of this.#publishers) publisher.kill('SIGKILL');
    await this.#ended;
  }

  async #send({ channel_id: id, rtsp_url: to }: { channel_id: string; rtsp_url?: string | undefined }): Promise<void> {
    const codecs = CODECS[id.split(':')[0] ?? ''];
    if (to === undefined || !codecs) throw new Error(`${id} has no address, or nobody knows what it is`);
    while (!this.#stop.signal.aborted) {
      const publisher = await Publisher.start({ to, codecs });
      this.#publishers.add(publisher);
      if (this.#stop.signal.aborted) publisher.kill('SIGKILL');
      await publisher.ended();
      this.#publishers.delete(publisher);
      await timer(AGAIN_MS);
    }
  }
}
