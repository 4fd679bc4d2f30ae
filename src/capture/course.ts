import type { CaptureChannel, CaptureSession, Job } from '#domain';
import { type Clock, isFault, type Log, messageOf, Wake } from '#runtime';
import type { Store } from '#store';
import { exportChannel } from './exports.ts';

/** How long channels have to begin: people are asked for permission meanwhile. */
const BEGIN_MS = 60_000;
/** A client from which nothing has come for so long is gone: longer than the box or a network takes to come back. */
const SILENT_MS = 60_000;
/** Streams that take longer to end are recorded to their end all the same. */
const END_MS = 60_000;
const LOOK_EVERY_MS = 10_000;

export interface CourseDeps {
  store: Pick<Store, 'captures' | 'streams' | 'assets' | 'jobs' | 'keys'>;
  /** Tells when somebody begins to send a stream, and when nobody does any more; what is the case now, at once. */
  push: { onPublishing(streamId: string, listener: (publishing: boolean) => void): Disposable };
  supervisor: { reconcile(): void; stopped(streamId: string): Promise<void> };
  jobs: {
    submit(kind: 'capture', input: Record<string, unknown>): Job;
    settled(id: string, withinMs: number, signal?: AbortSignal): Promise<Job>;
  };
  clock: Clock;
  log: Log;
}

/**
 * One session from its start to its end. Knows nothing that the store doesn't: another course goes on where this one was
 * cut off.
 */
export class Course implements AsyncDisposable {
  readonly #id: string;
  readonly #deps: CourseDeps;
  readonly #wake: Wake;
  readonly #stop = new AbortController();
  readonly #publishing = new Set<string>();
  readonly #ended: Promise<void>;

  constructor(id: string, deps: CourseDeps) {
    this.#id = id;
    this.#deps = deps;
    this.#wake = new Wake(deps.clock);
    this.#ended = this.#run(this.#stop.signal);
  }

  /** Resolves when nothing is left to be done, or it was cut off. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Somebody may have changed the session. */
  ring(): void {
    this.#wake.ring();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  /** Never rejects. */
  async #run(signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#deps;
    using _listening = this.#listen();
    while (!signal.aborted) {
      try {
        if (!(await this.#step(signal))) return;
      } catch (error) {
        if (signal.aborted) return;
        log.error({ session: this.#id, error: messageOf(error) }, 'a capture session is held up; trying again');
        await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
      }
    }
  }

  /** Goes through one status; false when nothing follows. */
  async #step(signal: AbortSignal): Promise<boolean> {
    const session = this.#deps.store.captures.get(this.#id);
    if (session?.status === 'starting') await this.#begin(session, signal);
    else if (session?.status === 'active') await this.#go(session, signal);
    else if (session?.status === 'stopping') await this.#finish(session);
    else {
      if (session?.status === 'stopped' && session.exported?.status === 'exporting') await this.#export(signal);
      return false;
    }
    return true;
  }

  /** Until every channel has begun, some haven't in time, or the session is stopped. */
  async #begin({ channels }: CaptureSession, signal: AbortSignal): Promise<void> {
    const { captures } = this.#deps.store;
    const untilMs = this.#deps.clock.monotonicMs() + BEGIN_MS;
    while (this.#is('starting', signal)) {
      const missing = channels.filter(({ streamId }) => !this.#publishing.has(streamId));
      const leftMs = untilMs - this.#deps.clock.monotonicMs();
      if (missing.length === 0) captures.advance(this.#id, 'active');
      else if (leftMs <= 0) this.#fail(`${named(missing)}: nothing was sent within ${BEGIN_MS / 1000} s of the start`);
      else await this.#wake.wait(leftMs, signal);
    }
  }

  /** Until the session is stopped, by its client or because nothing comes from it any more. */
  async #go({ channels }: CaptureSession, signal: AbortSignal): Promise<void> {
    const { clock, store, log } = this.#deps;
    let heardMs = clock.monotonicMs();
    while (this.#is('active', signal)) {
      if (channels.every(({ streamId }) => !store.streams.get(streamId))) {
        this.#fail('its streams were deleted');
        return;
      }
      if (this.#publishing.size > 0) heardMs = clock.monotonicMs();
      const leftMs = heardMs + SILENT_MS - clock.monotonicMs();
      if (leftMs <= 0) {
        log.warn({ session: this.#id }, 'a capture client has gone: its session is stopped');
        store.captures.advance(this.#id, 'stopping');
      } else await this.#wake.wait(Math.min(leftMs, LOOK_EVERY_MS), signal);
    }
  }

  async #finish({ channels }: CaptureSession): Promise<void> {
    const { supervisor, store, clock, log } = this.#deps;
    supervisor.reconcile();
    const late = new AbortController();
    const ended = Promise.all(channels.map(({ streamId }) => supervisor.stopped(streamId))).then(() => true);
    const inTime = await Promise.race([ended, clock.sleep(END_MS, late.signal).then(() => false)]);
    late.abort();
    if (!inTime) log.error({ session: this.#id }, 'streams of a capture session hang; it is stopped without them');
    const stays = channels.some((channel) => channel.store);
    store.captures.advance(this.#id, 'stopped', stays ? { exported: { status: 'exporting' } } : {});
  }

  /** What the job makes has its id before it begins: one that was cut off goes on, and none is made twice. */
  async #export(signal: AbortSignal): Promise<void> {
    const { captures } = this.#deps.store;
    try {
      const assetId = await exportChannel(this.#id, undefined, this.#deps, signal);
      captures.advance(this.#id, 'exported', { exported: { status: 'exported', assetId } });
    } catch (error) {
      signal.throwIfAborted();
      if (!isFault(error)) throw error;
      this.#deps.log.warn({ session: this.#id, error: messageOf(error) }, 'a capture session could not be exported');
      captures.noteExport(this.#id, { status: 'failed', error: messageOf(error) });
    }
  }

  #fail(error: string): void {
    const { store, supervisor, log } = this.#deps;
    log.warn({ session: this.#id, error }, 'a capture session has failed');
    store.captures.advance(this.#id, 'failed', { error });
    supervisor.reconcile();
  }

  #is(status: CaptureSession['status'], signal: AbortSignal): boolean {
    return !signal.aborted && this.#deps.store.captures.get(this.#id)?.status === status;
  }

  #listen(): Disposable {
    const { store, push } = this.#deps;
    const channels = store.captures.get(this.#id)?.channels ?? [];
    const heard = channels.map(({ streamId }) =>
      push.onPublishing(streamId, (publishing) => {
        if (publishing) this.#publishing.add(streamId);
        else this.#publishing.delete(streamId);
        this.#wake.ring();
      }),
    );
    return {
      [Symbol.dispose]: () => {
        for (const one of heard) one[Symbol.dispose]();
      },
    };
  }
}

function named(channels: readonly CaptureChannel[]): string {
  return channels.map(({ id }) => `"${id}"`).join(', ');
}
