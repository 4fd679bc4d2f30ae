import { randomBytes } from 'node:crypto';
import type { PushProtocol, Stream } from '#domain';
import { type Clock, deadline, Fault, type Log, messageOf, retryDelays } from '#runtime';
import type { PushedStream, Said } from './messages.ts';
import { PushHost } from './push-host.ts';
import { publishKey } from './push-keys.ts';

/** What it makes up for after a crash is quick: publishers wait. */
const RESTART = { firstMs: 100, capMs: 30_000 };
const PING_EVERY_MS = 5000;
/** Nobody is kept waiting longer by a process that doesn't start. */
const ADMITS_WITHIN_MS = 5000;
/** It has lasted: the next crash is another matter. */
const LASTED_MS = 60_000;

export interface PushOptions {
  signingKey: Buffer;
  /** Publishers connect there. */
  host: string;
  ports: Record<PushProtocol, number>;
  /** How often it is asked whether its process lives; default: every 5 s. */
  pingEveryMs?: number;
  clock: Clock;
  log: Log;
}

/** That a stream may be published, until it is disposed of: whoever publishes it then is thrown off. */
export interface Admission extends Disposable {
  /** Resolves when somebody publishes the stream, with the address at which it is read; another one for each publisher. */
  published(signal: AbortSignal): Promise<string>;
  /** Why nobody can publish it. */
  readonly problem: string | undefined;
}

/**
 * Takes in the streams that are sent to the box, in a process of its own; without any it opens no port and runs nothing.
 * When the process ends, another is started: publishers have to connect anew.
 */
export class PushServer implements AsyncDisposable {
  readonly #options: PushOptions;
  readonly #readKey = randomBytes(16).toString('hex');
  readonly #admitted = new Map<string, PushedStream>();
  /** Streams that are published, and the how many-eth time since the start it is. */
  readonly #published = new Map<string, number>();
  #publications = 0;
  readonly #problems = new Map<PushProtocol, string>();
  readonly #listeners = new Map<string, Set<(publishing: boolean) => void>>();
  /** Streams whose publishers the process lets in. */
  #lets = new Set<string>();
  readonly #waiting = new Set<() => void>();
  #host: PushHost | undefined;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();

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

  /** At which address this machine reads the stream now; undefined when nobody publishes it. */
  addressOf({ id, push }: Stream): string | undefined {
    return push && this.#published.has(id) ? this.#readAt(id, push.protocol) : undefined;
  }

  /** From now on the stream may be published. Throws `internal` for one that isn't sent. */
  admit(stream: Stream): Admission {
    const { id, push } = stream;
    if (!push) throw new Fault('internal', `${id} is not sent to the box`);
    const { protocol } = push;
    this.#admitted.set(id, { id, protocol, key: publishKey(this.#options.signingKey, stream) });
    this.#tell();
    const problem = () => this.#problems.get(protocol);
    return {
      published: (signal) => this.#whenPublished(id, protocol, signal),
      get problem() {
        return problem();
      },
      [Symbol.dispose]: () => {
        this.#admitted.delete(id);
        this.#tell();
      },
    };
  }

  /** Resolves when publishers of the stream may come; soon in any case, and at once when it isn't admitted. */
  async letIn(streamId: string): Promise<void> {
    using stop = deadline(this.#stop.signal, ADMITS_WITHIN_MS);
    while (this.#admitted.has(streamId) && !this.#lets.has(streamId) && !stop.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        stop.signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** Tells when somebody begins to publish the stream, and when nobody does any more; what is the case now, at once. */
  onPublishing(streamId: string, listener: (publishing: boolean) => void): Disposable {
    const listeners = this.#listeners.get(streamId) ?? new Set();
    this.#listeners.set(streamId, listeners.add(listener));
    listener(this.#published.has(streamId));
    return {
      [Symbol.dispose]: () => {
        listeners.delete(listener);
        if (listeners.size === 0) this.#listeners.delete(streamId);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#host?.[Symbol.asyncDispose]();
    await this.#running;
  }

  #tell(): void {
    this.#host?.tell({ kind: 'streams', streams: [...this.#admitted.values()] });
    if (this.#admitted.size > 0 && !this.#stop.signal.aborted) this.#running ??= this.#run();
  }

  /** Once a stream may be published there is a process, until the box ends. */
  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    let delays = retryDelays(RESTART);
    while (!this.#stop.signal.aborted) {
      const sinceMs = clock.monotonicMs();
      const reason = await this.#live();
      if (this.#stop.signal.aborted) return;
      if (clock.monotonicMs() - sinceMs > LASTED_MS) delays = retryDelays(RESTART);
      log.warn({ error: messageOf(reason) }, 'pushed streams are cut off: their process is started again');
      await clock.sleep(delays.next().value, this.#stop.signal).catch(() => undefined);
    }
  }

  /** One life of the process; why it ended. */
  async #live(): Promise<unknown> {
    const { host, ports, pingEveryMs = PING_EVERY_MS } = this.#options;
    const readKey = this.#readKey;
    try {
      const process = await PushHost.start({ host, ports, readKey, pingEveryMs, onSaid: (said) => this.#hear(said) });
      this.#host = process;
      if (this.#stop.signal.aborted) await process[Symbol.asyncDispose]();
      this.#tell();
      await new Promise((resolve) => {
        if (process.gone.aborted) resolve(undefined);
        process.gone.addEventListener('abort', resolve, { once: true });
      });
      return process.gone.reason;
    } catch (error) {
      return error;
    } finally {
      this.#host = undefined;
      this.#lets.clear();
      for (const id of [...this.#published.keys()]) this.#become(id, false);
    }
  }

  #hear(said: Said): void {
    const { log } = this.#options;
    if (said.kind === 'publishing') this.#become(said.id, said.publishing);
    else if (said.kind === 'admits') {
      this.#lets = new Set(said.ids);
      for (const look of this.#waiting) look();
      this.#waiting.clear();
    } else if (said.kind === 'note') log.info(said.facts, said.text);
    else if (said.kind === 'door') {
      const { protocol, problem } = said;
      const isNews = problem !== undefined && problem !== this.#problems.get(protocol);
      if (problem === undefined) this.#problems.delete(protocol);
      else this.#problems.set(protocol, problem);
      if (isNews) log.error({ protocol, error: problem }, 'pushed streams are not taken in');
    }
  }

  #become(id: string, publishing: boolean): void {
    if (publishing) this.#published.set(id, ++this.#publications);
    else if (!this.#published.delete(id)) return;
    for (const listener of [...(this.#listeners.get(id) ?? [])]) listener(publishing);
  }

  async #whenPublished(id: string, protocol: PushProtocol, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    let stop: () => void = () => undefined;
    let begun: () => void = () => undefined;
    const published = new Promise<void>((resolve, reject) => {
      begun = resolve;
      stop = () => reject(signal.reason);
    });
    signal.addEventListener('abort', stop, { once: true });
    using _listening = this.onPublishing(id, (publishing) => publishing && begun());
    await published.finally(() => signal.removeEventListener('abort', stop));
    return this.#readAt(id, protocol);
  }

  /** The number makes it another address for each publisher: what is known of the one before may not be true of this one. */
  #readAt(id: string, protocol: PushProtocol): string {
    const port = this.#host?.readPorts[protocol];
    return `${protocol}://127.0.0.1:${port}/${id}/${this.#readKey}-${this.#published.get(id)}`;
  }
}
