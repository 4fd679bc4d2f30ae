import type { PushProtocol, Stream } from '#domain';
import { Fault } from '#runtime';
import { publishKey } from './push-keys.ts';

export interface PushOptions {
  signingKey: Buffer;
  ports: Record<PushProtocol, number>;
}

/** Takes in the streams that are sent to the box. Without any it opens no port. */
export class PushServer {
  readonly #options: PushOptions;
  readonly #listeners = new Map<string, Set<(publishing: boolean) => void>>();

  constructor(options: PushOptions) {
    this.#options = options;
  }

  /**
   * Where to send the stream, with its key: a secret. `host` is the box's name as the publisher knows it. Throws `internal`
   * for a stream that isn't sent.
   */
  urlFor(stream: Stream, host: string): string {
    const { signingKey, ports } = this.#options;
    if (!stream.push) throw new Fault('internal', `${stream.id} is not sent to the box`);
    const { protocol } = stream.push;
    const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
    return `${protocol}://${name}:${ports[protocol]}/${stream.id}/${publishKey(signingKey, stream)}`;
  }

  /** Tells when somebody begins to publish the stream, and when nobody does any more; what is the case now, at once. */
  onPublishing(streamId: string, listener: (publishing: boolean) => void): Disposable {
    const listeners = this.#listeners.get(streamId) ?? new Set();
    this.#listeners.set(streamId, listeners.add(listener));
    listener(false);
    return {
      [Symbol.dispose]: () => {
        listeners.delete(listener);
        if (listeners.size === 0) this.#listeners.delete(streamId);
      },
    };
  }
}
