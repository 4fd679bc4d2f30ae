import type { Stream } from '#domain';

/** Stands in for the server that takes in streams: a test says what is being sent. */
export class Published {
  readonly #now = new Set<string>();
  readonly #listeners = new Map<string, Set<(publishing: boolean) => void>>();

  urlFor(stream: Stream, host: string): string {
    return `rtsp://${host}:8554/${stream.id}/secret`;
  }

  onPublishing(streamId: string, listener: (publishing: boolean) => void): Disposable {
    const listeners = this.#listeners.get(streamId) ?? new Set();
    this.#listeners.set(streamId, listeners.add(listener));
    listener(this.#now.has(streamId));
    return { [Symbol.dispose]: () => void listeners.delete(listener) };
  }

  begin(streamId: string): void {
    this.#now.add(streamId);
    this.#tell(streamId, true);
  }

  end(streamId: string): void {
    this.#now.delete(streamId);
    this.#tell(streamId, false);
  }

  #tell(streamId: string, publishing: boolean): void {
    for (const listener of this.#listeners.get(streamId) ?? []) listener(publishing);
  }
}
