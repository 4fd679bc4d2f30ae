import type { TranscriptGap } from '#domain';
import { type Clock, type Log, messageOf } from '#runtime';
import { Gaps } from './gaps.ts';
import { bytesOf, SpoolFiles, type Utterance } from './spool-files.ts';
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

export interface SpoolStatus {
  /** How long the utterance has waited that has waited longest; 0 when none does. */
  lagMs: number;
  waiting: number;
  bytes: number;
  /** Stretches that were not written down, since the start. */
  gaps: number;
  perStream: Record<string, { lagMs: number; waiting: number }>;
}

interface Waiting extends Utterance {
  /** When it was complete, on the monotonic clock. */
  sinceMs: number;
  taken: boolean;
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
  /** What is being spoken, and on which stream. */
  readonly #open = new Map<Writing, string>();
  readonly #watchers = new Set<() => void>();
  /** Oldest first. */
  #waiting: Waiting[] = [];
  /** Bytes that may be written before the disk is asked again. */
  #granted = 0;

  private constructor(options: SpoolOptions) {
    this.#options = { perStreamBytes: 64 * MIB, totalBytes: 256 * MIB, ...options };
    this.#files = new SpoolFiles(options.dir);
    this.#gaps = new Gaps((gap) => options.recordGap(gap), options.log);
  }

  /** Finds again what an earlier run left. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options);
    const { complete, dropped } = await spool.#files.recover();
    const { clock } = options;
    const ageMs = ({ endMs }: Utterance) => Math.max(0, clock.nowMs() - endMs);
    for (const utterance of complete) spool.#enter(utterance, clock.monotonicMs() - ageMs(utterance));
    for (const utterance of dropped) await spool.#tellDropped(utterance, TOO_MUCH);
    return spool;
  }

  /** Someone begins to speak. Never rejects. */
  async begin(streamId: string, startMs: number): Promise<Writing> {
    this.#granted = 0;
    await this.#files.prepare(streamId).catch(() => undefined); // Beginning the file tells why.
    const writing = await Writing.begin(startMs, {
      path: this.#files.openPath(streamId, startMs),
      grant: (bytes) => this.#grant(streamId, bytes),
      ended: (endMs, writtenMs, missing) => this.#ended(streamId, writing, endMs, writtenMs, missing),
    });
    this.#open.set(writing, streamId);
    this.#changed();
    return writing;
  }

  /** What is to be written down next: what is urgent, then what is oldest. It stays until it is `done` or dropped. */
  take(isWanted: (utterance: Utterance) => boolean = () => true): Utterance | undefined {
    const free = this.#waiting.filter((entry) => !entry.taken && isWanted(entry));
    const urgent = this.#urgent();
    const next = free.find(({ streamId }) => urgent.has(streamId)) ?? free[0];
    if (next) next.taken = true;
    return next;
  }

  /** It could not be written down now. */
  putBack(utterance: Utterance): void {
    const entry = this.#find(utterance);
    if (entry) entry.taken = false;
  }

  read(utterance: Utterance): Promise<Int16Array<ArrayBuffer>> {
    return this.#files.read(utterance, 'pcm');
  }

  /** Its words are safe. */
  async done(utterance: Utterance): Promise<void> {
    this.#forget(utterance);
    await this.#files.remove(utterance, 'pcm');
  }

  /** It will never be written down. */
  async drop(utterance: Utterance, reason: string): Promise<void> {
    this.#forget(utterance);
    await this.#files.drop(utterance);
    await this.#tellDropped(utterance, reason);
  }

  /** Something was never heard. */
  async note(gap: TranscriptGap): Promise<void> {
    await this.#gaps.add(gap);
  }

  /** What is being spoken, as far as it can be read. */
  spoken(): Utterance[] {
    return [...this.#open].map(([{ startMs, writtenMs }, streamId]) => ({
      streamId,
      startMs,
      endMs: startMs + writtenMs,
    }));
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
    const nowMs = this.#options.clock.monotonicMs();
    const perStream: SpoolStatus['perStream'] = {};
    for (const { streamId, sinceMs } of this.#waiting) {
      const { lagMs, waiting } = perStream[streamId] ?? { lagMs: 0, waiting: 0 };
      perStream[streamId] = { lagMs: Math.max(lagMs, Math.round(nowMs - sinceMs)), waiting: waiting + 1 };
    }
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
    this.#waiting.push({ ...utterance, sinceMs, taken: false });
    this.#waiting.sort((a, b) => a.sinceMs - b.sinceMs || a.startMs - b.startMs);
    this.#changed();
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }

  #find({ streamId, startMs }: Utterance): Waiting | undefined {
    return this.#waiting.find((entry) => entry.streamId === streamId && entry.startMs === startMs);
  }

  #forget(utterance: Utterance): void {
    const entry = this.#find(utterance);
    this.#waiting = this.#waiting.filter((other) => other !== entry);
  }

  async #tellDropped({ streamId, startMs, endMs }: Utterance, reason: string): Promise<void> {
    const remove = () => this.#files.remove({ streamId, startMs, endMs }, 'dropped');
    await this.#gaps.add({ streamId, startMs, endMs, reason }, remove);
  }

  /** Makes room by dropping what waits; never what is being spoken or written down. */
  async #grant(streamId: string, bytes: number): Promise<boolean> {
    const { perStreamBytes, totalBytes } = this.#options;
    while (this.#bytes(streamId) + bytes > perStreamBytes) {
      if (!(await this.#dropFirst(TOO_MUCH, (entry) => entry.streamId === streamId))) return false;
    }
    while (this.#bytes() + bytes > totalBytes) if (!(await this.#dropLeastUrgent(TOO_MUCH))) return false;
    while (!(await this.#diskHas(bytes))) if (!(await this.#dropLeastUrgent(NO_ROOM))) return false;
    return true;
  }

  async #dropLeastUrgent(reason: string): Promise<boolean> {
    const urgent = this.#urgent();
    const dropped = await this.#dropFirst(reason, ({ streamId }) => !urgent.has(streamId));
    return dropped || this.#dropFirst(reason, () => true);
  }

  /** Each stream is asked about once. */
  #urgent(): Set<string> {
    const streams = new Set(this.#waiting.map(({ streamId }) => streamId));
    return new Set([...streams].filter((streamId) => this.#options.isUrgent(streamId)));
  }

  async #dropFirst(reason: string, matches: (entry: Waiting) => boolean): Promise<boolean> {
    const first = this.#waiting.find((entry) => !entry.taken && matches(entry));
    if (first) await this.drop(first, reason);
    return first !== undefined;
  }

  async #diskHas(bytes: number): Promise<boolean> {
    if (this.#granted < bytes) {
      const room = await this.#options.room();
      this.#granted = Math.min(room, ASK_DISK_EVERY);
    }
    if (this.#granted < bytes) return false;
    this.#granted -= bytes;
    return true;
  }

  #bytes(streamId?: string): number {
    let sum = 0;
    for (const entry of this.#waiting) {
      if (streamId === undefined || entry.streamId === streamId) sum += bytesOf(entry.endMs - entry.startMs);
    }
    for (const [{ writtenMs }, owner] of this.#open) {
      if (streamId === undefined || owner === streamId) sum += bytesOf(writtenMs);
    }
    return sum;
  }
}
