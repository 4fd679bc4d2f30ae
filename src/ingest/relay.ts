import type { Clock } from '#runtime';
import type { PushedStream } from './messages.ts';
import { Publication, type Publisher } from './publication.ts';
import { sameKey } from './push-keys.ts';

export const LOOK_EVERY_MS = 1000;
/** Whoever guesses isn't to fill the log. */
const REFUSALS_NOTED_EVERY_MS = 10_000;

/** Why somebody isn't let in, in words that tell a stranger nothing. */
export class Refusal extends Error {}

export interface RelayEvents {
  publishing(id: string, publishing: boolean): void;
  /** A publisher came, went, or was refused. */
  note(text: string, facts: Record<string, string | number>): void;
}

/** Who may publish which stream by one protocol, and who does: one at a time. */
export class Relay<P extends Publisher> {
  readonly #events: RelayEvents;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #streams = new Map<string, PushedStream>();
  readonly #publications = new Map<string, Publication<P>>();
  #lookedMs: number;
  #notedMs = Number.NEGATIVE_INFINITY;

  constructor(events: RelayEvents, clock: Pick<Clock, 'monotonicMs'>) {
    this.#events = events;
    this.#clock = clock;
    this.#lookedMs = clock.monotonicMs();
  }

  /** Who publishes with a key that is none any more is thrown off. */
  setStreams(streams: readonly PushedStream[]): void {
    const before = this.#streams;
    this.#streams = new Map(streams.map((stream) => [stream.id, stream]));
    for (const [id, publication] of this.#publications) {
      if (this.#streams.get(id)?.key !== before.get(id)?.key) publication.end();
    }
  }

  /** Whether there is anything that may be published. */
  get isWanted(): boolean {
    return this.#streams.size > 0;
  }

  /**
   * Throws `Refusal` for a wrong key, and while another publisher sends; one that has been silent gives way. The
   * publication is to be told what comes, and when its publisher has gone.
   */
  publish({ id, key }: Place, publisher: P): Publication<P> {
    const stream = this.#streams.get(id);
    const { address } = publisher;
    if (!stream || !sameKey(key, stream.key)) {
      this.#noteRefusal('a publisher with a wrong address or key was refused', { address });
      throw new Refusal('there is no such stream, or it has another key');
    }
    const before = this.#publications.get(id);
    if (before?.holds) {
      this.#noteRefusal('a second publisher was refused', { stream: id, address, first: before.publisher.address });
      throw new Refusal('somebody publishes this stream already');
    }
    before?.end();
    const publication = new Publication(publisher, this.#clock, (publishing) =>
      this.#events.publishing(id, publishing),
    );
    this.#publications.set(id, publication);
    this.#events.note('a publisher has come', { stream: id, address });
    return publication;
  }

  /** Its publisher has ended the connection. */
  leave({ id }: Place, publication: Publication<P>): void {
    publication.end();
    if (this.#publications.get(id) !== publication) return;
    this.#publications.delete(id);
    this.#events.note('a publisher has gone', { stream: id, address: publication.publisher.address });
  }

  /** What is published now, for whoever has the key of those who read (a number after it is nothing). Throws `Refusal`. */
  readable({ id, key }: Place, readKey: string | undefined): Publication<P> {
    if (readKey === undefined || !sameKey(key.replace(/-\d+$/, ''), readKey))
      throw new Refusal('nothing can be read here');
    const publication = this.#publications.get(id);
    if (!publication?.publishing) throw new Refusal('nobody publishes this stream');
    return publication;
  }

  /** To be called every `LOOK_EVERY_MS`: lets the readers of silent publishers go, and those publishers in the end. */
  look(): void {
    const nowMs = this.#clock.monotonicMs();
    const slept = nowMs - this.#lookedMs > 3 * LOOK_EVERY_MS;
    this.#lookedMs = nowMs;
    for (const publication of this.#publications.values()) {
      if (slept) publication.excuse();
      publication.look();
      if (publication.gone) publication.end();
    }
  }

  #noteRefusal(text: string, facts: Record<string, string>): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#notedMs < REFUSALS_NOTED_EVERY_MS) return;
    this.#notedMs = nowMs;
    this.#events.note(text, facts);
  }
}

/** What an address names: rtmp://host/ID/KEY. */
export interface Place {
  id: string;
  key: string;
}

/** The last two parts of a path. */
export function placeOf(path: string): Place {
  const [id = '', key = ''] = path
    .split('/')
    .filter((part) => part !== '')
    .slice(-2);
  return { id, key };
}
