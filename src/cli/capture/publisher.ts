import { Child, messageOf, redactCredentials, retryDelay, systemClock } from '#runtime';
import { aborted } from '../terminal.ts';
import type { Channel } from './channel.ts';
import { publishArguments } from './encoding.ts';
import { Relay } from './relay.ts';

export interface PublisherEvents {
  publishing(): void;
  /** It is not, and why; it is tried again. */
  waiting(why: string, pauseMs: number): void;
  /** It has never begun, and trying again has not helped: the device can't be opened. */
  failed(why: string): void;
}

const RETRY = { firstMs: 250, capMs: 10_000 };
/** So often one after the other a device that has never worked may refuse. */
const MOST_REFUSALS = 4;
/** What has gone so long was good: the next pause is short again. */
const GOOD_MS = 30_000;

/** Sends one channel to the box until it is told to stop: one ffmpeg, begun anew whenever it ends. */
export class Publisher implements AsyncDisposable {
  readonly #channel: Channel;
  readonly #target: string;
  readonly #fps: number | undefined;
  readonly #events: PublisherEvents;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #hasPublished = false;

  private constructor(channel: Channel, target: string, fps: number | undefined, events: PublisherEvents) {
    this.#channel = channel;
    this.#target = target;
    this.#fps = fps;
    this.#events = events;
    this.#ended = this.#run(this.#stop.signal);
  }

  static start(channel: Channel, target: string, fps: number | undefined, events: PublisherEvents): Publisher {
    return new Publisher(channel, target, fps, events);
  }

  /** Ends ffmpeg in order: what was captured goes to the box first. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  /** Never rejects. */
  async #run(signal: AbortSignal): Promise<void> {
    let refusals = 0;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const begunMs = systemClock.monotonicMs();
      const { why, isDevice } = await this.#publish(signal);
      if (signal.aborted) return;
      refusals = isDevice ? refusals + 1 : 0;
      if (!this.#hasPublished && refusals >= MOST_REFUSALS) return this.#events.failed(why);
      if (systemClock.monotonicMs() - begunMs > GOOD_MS) attempt = 0;
      const pauseMs = retryDelay(RETRY, attempt);
      this.#events.waiting(why, pauseMs);
      await systemClock.sleep(pauseMs, signal).catch(() => undefined);
    }
  }

  /** One life of ffmpeg, and why it ended: because of the device, or on its way to the box. */
  async #publish(signal: AbortSignal): Promise<{ why: string; isDevice: boolean }> {
    const over = new AbortController();
    const end = (): void => over.abort();
    signal.addEventListener('abort', end, { once: true });
    try {
      let reason: string | undefined;
      const ended = (why?: string): void => {
        reason ??= why;
        end();
      };
      await using relay = await Relay.start(this.#target, { publishing: () => this.#begun(), ended });
      await using child = await this.#spawn(relay.url);
      const complaint = firstComplaint(child);
      void child.ended.then(end);
      await aborted(over.signal);
      await child[Symbol.asyncDispose]();
      return { why: reason ?? complaint(), isDevice: !relay.isReached };
    } catch (error) {
      return { why: messageOf(error), isDevice: true };
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  #begun(): void {
    this.#hasPublished = true;
    this.#events.publishing();
  }

  #spawn(url: string): Promise<Child> {
    const args = publishArguments(this.#channel, url, this.#fps);
    return Child.start('ffmpeg', args, { stdio: ['pipe', 'ignore', 'pipe'], ask: 'q', graceMs: 2000, tied: true });
  }
}

/** What ffmpeg says first tells most; what follows is what came of it. */
function firstComplaint({ process: { stderr } }: Child): () => string {
  let text = '';
  stderr?.setEncoding('utf8').on('data', (more: string) => {
    if (text.length < 2000) text += more;
  });
  return () => {
    const line = text.split('\n').find((one) => one.trim() !== '') ?? 'ffmpeg ended without a word';
    return redactCredentials(line.replace(/^(\[[^\]]*\] *)+/, '')).slice(0, 300);
  };
}
