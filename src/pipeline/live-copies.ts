import { LiveCopy } from '#camera';
import type { CameraFacts, Stream } from '#domain';
import { type Clock, Fault, type Log } from '#runtime';
import { LiveWindow } from './live-window.ts';
import type { ViewRoom } from './view-room.ts';

/** Players ask several times in a second, or once for each segment: who hasn't asked for so long has gone. */
const IDLE_MS = 10_000;
/** Who makes room for another hasn't asked for so long: longer than the longest segment. */
const LEFT_MS = 7000;

/** The stream that is recorded, or the smaller one where the camera has it. */
export type ViewSize = 'whole' | 'small';

interface Open {
  window: LiveWindow;
  copy: Promise<LiveCopy>;
  url: string;
  /** Players that wait for something. */
  asking: number;
  lastAskedMs: number;
  room: Disposable;
}

/**
 * Cameras that somebody watches live: one copy of each, however many watch it, begun when it is asked for and ended some
 * seconds after it was asked for last. One that ends by itself is begun anew by who asks next. Beyond what may run at once
 * the one that nobody asks for any more goes, else the new one is refused.
 */
export class LiveCopies implements AsyncDisposable {
  readonly #room: ViewRoom;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #open = new Map<string, Open>();
  readonly #ending = new Set<Promise<unknown>>();
  #sweeping: NodeJS.Timeout | undefined;
  #begun = 0;

  constructor(room: ViewRoom, clock: Clock, log: Log) {
    this.#room = room;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * The camera's window, when there is something to play in it; then what `use` makes of it. Throws `unavailable` with the
   * reason when the camera gives nothing or too much runs, `refused` and `invalid` when its kind can't be copied.
   */
  async watch<T>(
    stream: Stream,
    size: ViewSize,
    facts: CameraFacts | undefined,
    signal: AbortSignal,
    use: (window: LiveWindow) => Promise<T> | T,
  ): Promise<T> {
    const open = this.#running(stream, size) ?? this.#begin(stream, size, facts);
    open.asking += 1;
    try {
      await open.window.ready(signal);
      return await use(open.window);
    } finally {
      open.asking -= 1;
      open.lastAskedMs = this.#clock.monotonicMs();
    }
  }

  /** What has come, while it runs. */
  find(stream: Stream, size: ViewSize): LiveWindow | undefined {
    const open = this.#running(stream, size);
    if (open) open.lastAskedMs = this.#clock.monotonicMs();
    return open?.window;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [key, open] of this.#open) this.#end(key, open, new Fault('unavailable', 'the box is stopping'));
    await Promise.all(this.#ending);
  }

  #running(stream: Stream, size: ViewSize): Open | undefined {
    const open = this.#open.get(keyOf(stream, size));
    if (!open || open.url === urlOf(stream, size)) return open;
    this.#end(keyOf(stream, size), open, new Fault('unavailable', 'the camera has another address now'));
    return undefined;
  }

  #begin(stream: Stream, size: ViewSize, facts: CameraFacts | undefined): Open {
    if (!this.#room.hasRoom('copied')) this.#makeRoom();
    const url = urlOf(stream, size);
    // Segments are longer than a second.
    const window = new LiveWindow(Math.floor(this.#clock.nowMs() / 1000), this.#begun);
    this.#begun += 1;
    const sinks = {
      init: (init: Buffer) => {
        window.init = init;
      },
      fragment: (fragment: Parameters<LiveWindow['add']>[0]) => window.add(fragment),
    };
    const source = { stream, url, facts: url === stream.url ? facts : undefined };
    const room = this.#room.take('copied');
    const copy = LiveCopy.start(source, sinks, this.#clock);
    const open: Open = { window, copy, url, asking: 0, lastAskedMs: this.#clock.monotonicMs(), room };
    const key = keyOf(stream, size);
    this.#open.set(key, open);
    copy.then(
      async ({ ended }) => this.#end(key, open, await ended),
      (reason: Fault) => this.#end(key, open, reason),
    );
    this.#sweeping ??= setInterval(() => this.#sweep(), IDLE_MS / 4);
    return open;
  }

  #makeRoom(): void {
    const latest = this.#clock.monotonicMs() - LEFT_MS;
    const left = [...this.#open].filter(([, open]) => open.asking === 0 && open.lastAskedMs < latest);
    const [oldest] = left.sort(([, a], [, b]) => a.lastAskedMs - b.lastAskedMs);
    if (oldest) this.#end(...oldest, new Fault('unavailable', 'another camera is watched instead'));
  }

  #sweep(): void {
    const latest = this.#clock.monotonicMs() - IDLE_MS;
    for (const [key, open] of this.#open) {
      if (open.asking === 0 && open.lastAskedMs < latest) {
        this.#end(key, open, new Fault('unavailable', 'nobody watches this camera any more'));
      }
    }
  }

  #end(key: string, open: Open, reason: Fault): void {
    if (this.#open.get(key) !== open) return;
    this.#open.delete(key);
    open.window.end(reason);
    open.room[Symbol.dispose]();
    this.#log.debug({ stream: key, reason: reason.message }, 'a camera is no longer watched live');
    if (this.#open.size === 0) {
      clearInterval(this.#sweeping);
      this.#sweeping = undefined;
    }
    const ending = open.copy
      .then((copy) => copy[Symbol.asyncDispose]())
      .catch(() => undefined) // It never began; who asked has been told.
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}

function urlOf({ url, substreamUrl }: Stream, size: ViewSize): string {
  return size === 'small' ? (substreamUrl ?? url) : url;
}

function keyOf(stream: Stream, size: ViewSize): string {
  return `${stream.id} ${urlOf(stream, size) === stream.url ? 'whole' : size}`;
}
