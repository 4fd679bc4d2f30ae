import { statfs } from 'node:fs/promises';
import { type Clock, Fault, isSane } from '#runtime';
import type { Erased, Eraser } from './eraser.ts';
import type { Garbage, Leftover, Roots } from './garbage.ts';
import { DAY_MS, startOfDay } from './vector-tables.ts';

/** Sizes of the file system that holds a directory, in its blocks. */
export type FreeSpace = (dir: string) => Promise<{ bsize: number; blocks: number; bavail: number }>;

export interface RetentionOptions {
  mediaDir: string;
  thumbsDir: string;
  assetsDir: string;
  /** Percent of the disk that stay free. */
  reservePercent: number;
  /** Older recordings, scenes and firings go; absent means never by age. */
  keepDays?: number;
  signal: AbortSignal;
  freeSpace?: FreeSpace;
}

/**
 * Keeps the disk from filling. Age counts only while the clock is sane; free space always does, and takes what was
 * stored first: recordings, and with them the thumbnails of that time. The words of scenes go by age alone. A stream's
 * newest segment is never touched.
 */
export class Retention {
  readonly #eraser: Eraser;
  readonly #garbage: Garbage;
  readonly #clock: Clock;

  constructor(eraser: Eraser, garbage: Garbage, clock: Clock) {
    this.#eraser = eraser;
    this.#garbage = garbage;
    this.#clock = clock;
  }

  /**
   * Also finishes what an earlier run had begun. Throws `unavailable` when files can't be deleted, but not before it has
   * tried the others; where new ones can't be, it takes no further rows, for that gains no space.
   */
  async enforce(options: RetentionOptions): Promise<Erased> {
    const { signal, keepDays } = options;
    const roots: Roots = { media: options.mediaDir, thumbs: options.thumbsDir, assets: options.assetsDir };
    const nowMs = this.#clock.nowMs();
    const rounds: (() => Erased | undefined | Promise<Erased | undefined>)[] = [
      () => someOf(this.#eraser.orphanedSegments()),
      ...(keepDays !== undefined && isSane(nowMs) ? [() => this.#forgetOld(nowMs - keepDays * DAY_MS)] : []),
      () => this.#makeRoom(options),
    ];
    const total = { deletedSegments: 0, bytes: 0 };
    let left = await this.#garbage.sweep(roots, signal);
    for (const round of rounds) {
      for (let erased = await round(); erased; erased = await round()) {
        total.deletedSegments += erased.deletedSegments;
        total.bytes += erased.bytes;
        const before = left.length;
        left = await this.#garbage.sweep(roots, signal);
        if (left.length > before) break;
      }
    }
    if (left.length > 0) throw stuck(left);
    return total;
  }

  #forgetOld(beforeMs: number): Erased | undefined {
    this.#eraser.firingsBefore(startOfDay(beforeMs)); // First: they hold their scenes.
    const erased = this.#eraser.segmentsEndedBefore(beforeMs);
    const scenes = this.#eraser.scenesEndedBefore(startOfDay(beforeMs));
    if (erased.deletedSegments > 0 || scenes > 0) return erased;
    this.#eraser.tracesBefore(startOfDay(beforeMs));
    return undefined;
  }

  async #makeRoom(options: RetentionOptions): Promise<Erased | undefined> {
    const { bsize, blocks, bavail } = await (options.freeSpace ?? statfs)(options.mediaDir);
    const missing = (blocks * options.reservePercent) / 100 - bavail;
    if (missing <= 0) return undefined;
    const erased = this.#eraser.firstSegments(missing * bsize);
    const thumbs = this.#eraser.thumbsBeforeRecordings();
    return erased.deletedSegments > 0 || thumbs > 0 ? erased : undefined;
  }
}

function someOf(erased: Erased): Erased | undefined {
  return erased.deletedSegments > 0 ? erased : undefined;
}

function stuck(left: Leftover[]): Fault {
  const [first] = left;
  return new Fault(
    'unavailable',
    `${left.length} old file(s) can't be deleted, e.g. ${first?.path}: make the directory writable for Watchpost`,
    { cause: first?.error },
  );
}
