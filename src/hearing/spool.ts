import type { TranscriptGap } from '#domain';
import { type Clock, type Log, messageOf } from '#runtime';
import { Gaps } from './gaps.ts';
import { SpoolFiles, type Utterance } from './spool-files.ts';
import { type Lag, WaitingList } from './waiting.ts';
import { Writing } from './writing.ts';

const MIB = 2 ** 20;
/** The disk is asked again after so many bytes. */
const ASK_DISK_EVERY = MIB / 4;
const TOO_MUCH = 'too much speech at once: the oldest was dropped';
const NO_ROOM = 'there was no room on the disk: the oldest speech was dropped';

export interface SpoolOptions {
  dir: string;
  clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  log: Log;
  /** Takes what was not written down into the transcript. May throw; then it is tried again. */
  recordGap(gap: TranscriptGap): void;
  /** Whether someone waits for the stream's words: they come first and are dropped last. */
  isUrgent(streamId: string): boolean;
  /** Bytes that may still be written to the disk. */
  room(): Promise<number>;
  perStreamBytes?: number;
  totalBytes?: number;
}

/** `lagMs` is that of the utterance that has waited longest; 0 when none does. */
export interface SpoolStatus extends Lag {
  bytes: number;
  /** Stretches that were not written down, since the start. */
  gaps: number;
  perStream: Record<string, Lag>;
}

/**
 * Speech on disk that nobody has written down yet: bounded, and durable from the moment it is spoken. Whoever reads it
 * takes an utterance, and removes it when its words are safe; a crash in between only means that it is taken again. When
 * there is no room the oldest utterance of the least urgent streams goes, and a gap is recorded in its place.
 */
export class Spool {
  readonly #options: Required<SpoolOptions>;
  readonly #files: SpoolFiles;
  readonly #gaps: Gaps;
  /** What is being spoken, on which stream, and how many bytes it was granted. */
  readonly #open = new Map<Writing, { streamId: string; bytes: number }>();
  readonly #watchers = new Set<() => void>();
  readonly #waiting = new WaitingList();
  /** Bytes that may be written before the disk is asked again. */
  #onDisk = 0;

  private constructor(options: SpoolOptions) {
    this.#options = { perStreamBytes: 64 * MIB, totalBytes: 256 * MIB, ...options };
    this.#files = new SpoolFiles(options.dir);
    this.#gaps = new Gaps((gap) => options.recordGap(gap), options.log);
  }

  /** Finds again what an earlier run left. A disk that can't be read leaves it empty; that is logged. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options);
    const { clock, log } = options;
    const tell = (error: unknown) =>
      log.error({ error: messageOf(error) }, 'speech of before could not be found again');
    try {
      const { complete, dropped } = await spool.#files.recover(tell);
      const ageMs = ({ endMs }: Utterance) => Math.max(0, clock.nowMs() - endMs);
      for (const utterance of complete) spool.#enter(utterance, clock.monotonicMs() - ageMs(utterance));
      for (const utterance of dropped) await spool.#tellDropped(utterance, TOO_MUCH);
    } catch (error) {
      tell(error);
    }
    return spool;
  }

  /** Someone begins to speak. Never rejects. */
  async begin(streamId: string, startMs: number): Promise<Writing> {
    this.#onDisk = 0;
    await this.#files.prepare(streamId).catch(() => undefined); // Beginning the file tells why.
    const writing = await Writing.begin(startMs, {
      path: this.#files.openPath(streamId, startMs),
      grant: (bytes) => this.#grant(writing, bytes),
      ended: (endMs, writtenMs, missing) => this.#ended(streamId, writing, endMs, writtenMs, missing),
    });
    this.#open.set(writing, { streamId, bytes: 0 });
    this.#changed();
    return writing;
  }

  /** What is to be written down next: what is urgent, then what is oldest. It stays until it is `done` or dropped. */
  take(isWanted: (utterance: Utterance) => boolean = () => true): Utterance | undefined {
    const urgent = this.#urgent();
    const next =
      this.#waiting.first((one) => urgent.has(one.streamId) && isWanted(one)) ?? this.#waiting.first(isWanted);
    if (next) this.#waiting.mark(next, true);
    return next;
  }

  /** It could not be written down now. */
  putBack(utterance: Utterance): void {
    this.#waiting.mark(utterance, false);
  }

  read(utterance: Utterance): Promise<Int16Array<ArrayBuffer>> {
    return this.#files.read(utterance, 'pcm');
  }

  /** Its words are safe. */
  async done(utterance: Utterance): Promise<void> {
    this.#waiting.remove(utterance);
    await this.#files.remove(utterance, 'pcm');
  }

  /** It will never be written down. */
  async drop(utterance: Utterance, reason: string): Promise<void> {
    this.#waiting.remove(utterance);
    await this.#files.drop(utterance).catch(() => undefined); // It is gone already: a gap all the same.
    await this.#tellDropped(utterance, reason);
  }

  /** Something was never heard. */
  async note(gap: TranscriptGap): Promise<void> {
    await this.#gaps.add(gap);
  }

  /** What is being spoken, as far as it can be read. */
  spoken(): Utterance[] {
    const open = [...this.#open];
    return open.map(([{ startMs, writtenMs }, { streamId }]) => ({ streamId, startMs, endMs: startMs + writtenMs }));
  }

  /** Since when something was said on the stream that isn't written down yet; undefined when all is. */
  unwrittenFromMs(streamId: string): number | undefined {
    const spoken = this.spoken().filter((one) => one.streamId === streamId);
    const firstMs = Math.min(this.#waiting.earliestMs(streamId), ...spoken.map(({ startMs }) => startMs));
    return Number.isFinite(firstMs) ? firstMs : undefined;
  }

  readSpoken(utterance: Utterance): Promise<Int16Array<ArrayBuffer>> {
    return this.#files.read(utterance, 'open');
  }

  /** Records gaps that could not be recorded before. */
  async retryGaps(): Promise<void> {
    if (this.#gaps.pending > 0) await this.#gaps.flush();
  }

  /** Called when someone begins to speak, and when an utterance is complete. */
  onChange(watcher: () => void): Disposable {
    this.#watchers.add(watcher);
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) };
  }

  status(): SpoolStatus {
    const perStream = this.#waiting.lags(this.#options.clock.monotonicMs());
    const lagMs = Math.max(0, ...Object.values(perStream).map((stream) => stream.lagMs));
    const { length: waiting } = this.#waiting;
    return { lagMs, waiting, bytes: this.#bytes(), gaps: this.#gaps.count, perStream };
  }

  async #ended(
    streamId: string,
    writing: Writing,
    endMs: number,
    writtenMs: number,
    missing?: { fromMs: number; reason: string },
  ): Promise<void> {
    const { startMs } = writing;
    const utterance = { streamId, startMs, endMs: startMs + writtenMs };
    let lost = missing;
    try {
      if (writtenMs > 0) {
        await this.#files.complete(utterance);
        this.#enter(utterance, this.#options.clock.monotonicMs());
      } else await this.#files.removeOpen(streamId, startMs);
    } catch (error) {
      lost = { fromMs: startMs, reason: `what was said could not be kept: ${messageOf(error)}` };
    }
    this.#open.delete(writing);
    if (lost) await this.#gaps.add({ streamId, startMs: lost.fromMs, endMs, reason: lost.reason });
  }

  #enter(utterance: Utterance, sinceMs: number): void {
    this.#waiting.add(utterance, sinceMs);
    this.#changed();
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }

  async #tellDropped({ streamId, startMs, endMs }: Utterance, reason: string): Promise<void> {
    const remove = () => this.#files.remove({ streamId, startMs, endMs }, 'dropped');
    await this.#gaps.add({ streamId, startMs, endMs, reason }, remove);
  }

  /** Makes room by dropping what waits; never what is being spoken or written down. */
  async #grant(writing: Writing, bytes: number): Promise<boolean> {
    const granted = this.#open.get(writing);
    if (!granted) return false;
    const { perStreamBytes, totalBytes } = this.#options;
    const isOwn = ({ streamId }: Utterance) => streamId === granted.streamId;
    for (;;) {
      let dropped: boolean;
      if (this.#bytes(granted.streamId) + bytes > perStreamBytes) dropped = await this.#dropFirst(TOO_MUCH, isOwn);
      else if (this.#bytes() + bytes > totalBytes) dropped = await this.#dropLeastUrgent(TOO_MUCH);
      else if (this.#onDisk < bytes && !(await this.#askDisk(bytes))) dropped = await this.#dropLeastUrgent(NO_ROOM);
      else if (this.#onDisk < bytes || this.#bytes() + bytes > totalBytes)
        continue; // Another took it meanwhile.
      else {
        this.#onDisk -= bytes;
        granted.bytes += bytes;
        return true;
      }
      if (!dropped) return false;
    }
  }

  async #dropLeastUrgent(reason: string): Promise<boolean> {
    const urgent = this.#urgent();
    const dropped = await this.#dropFirst(reason, ({ streamId }) => !urgent.has(streamId));
    return dropped || this.#dropFirst(reason, () => true);
  }

  /** Each stream is asked about once; when that can't be told, none is. */
  #urgent(): Set<string> {
    try {
      return new Set([...this.#waiting.streams].filter((streamId) => this.#options.isUrgent(streamId)));
    } catch {
      return new Set();
    }
  }

  async #dropFirst(reason: string, matches: (utterance: Utterance) => boolean): Promise<boolean> {
    const first = this.#waiting.first(matches);
    if (first) await this.drop(first, reason);
    return first !== undefined;
  }

  async #askDisk(bytes: number): Promise<boolean> {
    this.#onDisk = Math.min(await this.#options.room(), Math.max(bytes, ASK_DISK_EVERY));
    return this.#onDisk >= bytes;
  }

  /** Of one stream, or of all. */
  #bytes(streamId?: string): number {
    const open = [...this.#open.values()].filter((one) => streamId === undefined || one.streamId === streamId);
    return open.reduce((sum, { bytes }) => sum + bytes, this.#waiting.bytes(streamId));
  }
}
