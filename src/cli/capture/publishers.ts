import { Fault, systemClock } from '#runtime';
import type { Channel } from './channel.ts';
import { Publisher } from './publisher.ts';

/** Says what has changed: facts for programs, words for people. */
export type Tell = (facts: object, words: string) => void;

interface Sending {
  publisher: Publisher;
  publishing: boolean;
  /** When it was last, or since when it is meant to be. */
  sinceMs: number;
  failure?: string;
}

/** All channels of a session on their way to the box, each by itself: one that ends disturbs no other. */
export class Publishers implements AsyncDisposable {
  readonly #sending = new Map<Channel, Sending>();
  readonly #tell: Tell;

  private constructor(tell: Tell) {
    this.#tell = tell;
  }

  static start(addresses: ReadonlyMap<Channel, string>, fps: number | undefined, tell: Tell): Publishers {
    const publishers = new Publishers(tell);
    for (const [channel, address] of addresses) publishers.#send(channel, address, fps);
    return publishers;
  }

  /** Throws `unavailable` when a device could not be opened, though it was tried again. */
  demandBegun(): void {
    for (const [{ id, name }, { failure }] of this.#sending)
      if (failure !== undefined) throw new Fault('unavailable', `${id} (${name}) can not be captured: ${failure}`);
  }

  /** For how long nothing at all has been on its way. */
  silentMs(): number {
    const nowMs = systemClock.monotonicMs();
    const silent = [...this.#sending.values()].map(({ publishing, sinceMs }) => (publishing ? 0 : nowMs - sinceMs));
    return Math.min(...silent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#sending.values()].map(({ publisher }) => publisher[Symbol.asyncDispose]()));
  }

  #send(channel: Channel, address: string, fps: number | undefined): void {
    const { id } = channel;
    const state = { publishing: false, sinceMs: systemClock.monotonicMs() };
    const publisher = Publisher.start(channel, address, fps, {
      publishing: () => {
        Object.assign(state, { publishing: true });
        this.#tell({ channel_id: id, state: 'publishing' }, `${id} is sent`);
      },
      waiting: (reason, pauseMs) => {
        Object.assign(state, { publishing: false, ...(state.publishing && { sinceMs: systemClock.monotonicMs() }) });
        const words = `${id} is not sent: ${reason}; trying again in ${(pauseMs / 1000).toFixed(1)} s`;
        this.#tell({ channel_id: id, state: 'waiting', reason }, words);
      },
      failed: (failure) => Object.assign(state, { failure }),
    });
    this.#sending.set(channel, Object.assign(state, { publisher }));
  }
}
