import { statfs } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { type Clock, Fault, isSane } from '#runtime';
import type { ClockSteps } from '../clock-steps.ts';
import { DAY_MS, startOfDay } from '../search/vector-tables.ts';
import type { Erased, Eraser } from './eraser.ts';
import type { Garbage, Leftover, Roots } from './garbage.ts';
import type { Holds } from './holds.ts';
import type { Orphans } from './orphans.ts';
import type { RecordedBytes } from './recorded-bytes.ts';

/** Sizes of the file system that holds a directory, in its blocks. */
export type FreeSpace = (dir: string) => Promise<DiskSize>;
interface DiskSize {
  bsize: number;
  blocks: number;
  bavail: number;
}

export interface RetentionOptions {
  mediaDir: string;
  thumbsDir: string;
  assetsDir: string;
  /** Percent of the disk that stay free. */
  reservePercent: number;
  /** Most that recordings take; absent means their usual share of the disk. */
  budgetBytes?: number;
  /** Older recordings, scenes and firings go; absent means never by age. A stream's own days come first. */
  keepDays?: number;
  signal: AbortSignal;
  /** Throws when the recordings aren't where they were (any more). */
  demandPlace?: () => Promise<void>;
  freeSpace?: FreeSpace;
}

/** What of one stream is kept. */
export interface StreamLimits {
  id: string;
  keepDays?: number;
  quotaBytes?: number;
}

/** Of the disk, for recordings: pictures, words, models and exports find room beside them. */
const USUAL_SHARE = 0.85;
/** Of what recordings may take. */
const HELD_SHARE = 0.5;
/** Set ahead by more than this, a clock may be wrong; it is given as long to be set right. */
const LEAP_MS = DAY_MS;
const NOTHING: Erased = { deletedSegments: 0, bytes: 0 };

/** Most that recordings take, in bytes. */
export function recordingBudget({ bsize, blocks }: Pick<DiskSize, 'bsize' | 'blocks'>, budgetBytes?: number): number {
  return budgetBytes ?? Math.floor(blocks * bsize * USUAL_SHARE);
}

/** Most of it that may be held. */
export function holdableBytes(budgetBytes: number): number {
  return Math.floor(budgetBytes * HELD_SHARE);
}

type Round = () => Erased | undefined | Promise<Erased | undefined>;

/**
 * Keeps the disk from filling. Age counts only while the clock is sane, and not on the day
 * after it was set far ahead; free space, the budget and quotas always do, and
 * take what was stored first: recordings, and with them the thumbnails of that time. The words of scenes go by age alone.
 * A stream's newest segment is never touched, nor is what people hold; what alerts hold is let go, the oldest first, when
 * holds take more than half of the budget, or when there is nothing else to take.
 */
export class Retention {
  readonly #eraser: Eraser;
  readonly #orphans: Orphans;
  readonly #garbage: Garbage;
  readonly #holds: Holds;
  readonly #recorded: RecordedBytes;
  readonly #limits: () => StreamLimits[];
  readonly #clockSteps: Pick<ClockSteps, 'leaps'>;
  readonly #clock: Clock;
  #wallOffsetMs: number;

  constructor(parts: {
    eraser: Eraser;
    orphans: Orphans;
    garbage: Garbage;
    holds: Holds;
    recorded: RecordedBytes;
    limits: () => StreamLimits[];
    clockSteps: Pick<ClockSteps, 'leaps'>;
    clock: Clock;
  }) {
    this.#eraser = parts.eraser;
    this.#orphans = parts.orphans;
    this.#garbage = parts.garbage;
    this.#holds = parts.holds;
    this.#recorded = parts.recorded;
    this.#limits = parts.limits;
    this.#clockSteps = parts.clockSteps;
    this.#clock = parts.clock;
    this.#wallOffsetMs = parts.clock.nowMs() - parts.clock.monotonicMs();
  }

  /**
   * Also finishes what an earlier run had begun. Throws `unavailable` when files can't be deleted, but not before it has
   * tried the others; where new ones can't be, it takes no further rows, for that gains no space.
   */
  async enforce(options: RetentionOptions): Promise<Erased> {
    const { signal } = options;
    const roots: Roots = { media: options.mediaDir, thumbs: options.thumbsDir, assets: options.assetsDir };
    const total = { ...NOTHING };
    let left = await this.#garbage.sweep(roots, signal);
    for (const round of [...this.#roundsByAge(options), ...this.#roundsBySize(options)]) {
      for (let erased = await round(); erased; erased = await round()) {
        total.deletedSegments += erased.deletedSegments;
        total.bytes += erased.bytes;
        const before = left.length;
        await setImmediate();
        left = await this.#garbage.sweep(roots, signal);
        if (left.length > before) break;
        await options.demandPlace?.();
      }
    }
    if (left.length > 0) throw stuck(left);
    return total;
  }

  #roundsByAge({ keepDays }: RetentionOptions): Round[] {
    const nowMs = this.#clock.nowMs();
    const rounds: Round[] = [
      () => (this.#holds.goOn() ? NOTHING : undefined), // Before anything goes that is to be held.
      () => nothingOf(this.#orphans.eraseUnsent()),
      () => someOf(this.#eraser.orphanedSegments()),
      () => nothingOf(this.#orphans.erase()),
      () => nothingOf(this.#eraser.emptySessions()),
    ];
    if (!this.#isTrusted(nowMs)) return rounds;
    rounds.push(
      () => nothingOf(this.#holds.expire(nowMs)),
      () => (this.#holds.goOn() ? NOTHING : undefined),
    );
    const ages = this.#limits().map((stream) => ({ id: stream.id, days: stream.keepDays ?? keepDays ?? Infinity }));
    const longest = Math.max(keepDays ?? 0, ...ages.map(({ days }) => days));
    for (const { id, days } of ages) {
      if (days === Infinity) continue;
      rounds.push(...this.#forgetting(id, nowMs - days * DAY_MS, { vectors: days < longest }));
    }
    if (longest > 0 && longest < Infinity) {
      rounds.push(() => nothingOf(this.#eraser.vectorsBefore(startOfDay(nowMs - longest * DAY_MS))));
    }
    return rounds;
  }

  #isTrusted(nowMs: number): boolean {
    const before = this.#wallOffsetMs;
    this.#wallOffsetMs = nowMs - this.#clock.monotonicMs();
    // Whoever notes steps may not have come to this one yet.
    const hasLeapt = this.#wallOffsetMs - before > LEAP_MS;
    const leaps = this.#clockSteps.leaps(LEAP_MS, { afterMs: nowMs - LEAP_MS, untilMs: nowMs });
    return isSane(nowMs) && !hasLeapt && leaps === 0;
  }

  #roundsBySize(options: RetentionOptions): Round[] {
    const quotas = this.#limits().map(({ id, quotaBytes }): Round => {
      return () => (quotaBytes === undefined ? undefined : this.#keepQuota(id, quotaBytes));
    });
    return [...quotas, () => this.#keepHoldsShare(options), () => this.#makeRoom(options)];
  }

  #forgetting(id: string, beforeMs: number, also: { vectors: boolean }): Round[] {
    const dayMs = startOfDay(beforeMs);
    return [
      () => nothingOf(this.#eraser.firingsBefore(id, dayMs)), // First: they hold their scenes.
      () => someOf(this.#eraser.segmentsEndedBefore(id, beforeMs)),
      () => nothingOf(this.#eraser.scenesEndedBefore(id, dayMs, also)),
      () => nothingOf(this.#eraser.tracesBefore(id, dayMs)),
    ];
  }

  #keepQuota(id: string, quotaBytes: number): Erased | undefined {
    const over = this.#recorded.of(id).bytes - quotaBytes;
    return over > 0 ? someOf(this.#eraser.firstSegmentsOf(id, over)) : undefined;
  }

  async #keepHoldsShare(options: RetentionOptions): Promise<Erased | undefined> {
    const budget = recordingBudget(await diskOf(options), options.budgetBytes);
    if (this.#holds.bytes() <= holdableBytes(budget)) return undefined;
    if (this.#holds.letAlertsGo() > 0) return NOTHING;
    const nowMs = this.#clock.nowMs();
    if (isSane(nowMs)) this.#holds.reachNoFurther(nowMs); // Else there is soon no room to record.
    return undefined;
  }

  async #makeRoom(options: RetentionOptions): Promise<Erased | undefined> {
    const disk = await diskOf(options);
    const overBudget = this.#recorded.total().bytes - recordingBudget(disk, options.budgetBytes);
    const intoReserve = ((disk.blocks * options.reservePercent) / 100 - disk.bavail) * disk.bsize;
    const missing = Math.max(overBudget, intoReserve);
    if (missing <= 0) return undefined;
    const erased = this.#eraser.firstSegments(missing);
    await setImmediate();
    const thumbs = this.#eraser.thumbsBeforeRecordings();
    if (erased.deletedSegments > 0 || thumbs !== undefined) return erased;
    return this.#holds.letAlertsGo() > 0 ? NOTHING : undefined;
  }
}

function diskOf({ freeSpace = statfs, mediaDir }: RetentionOptions): Promise<DiskSize> {
  return freeSpace(mediaDir);
}

function someOf(erased: Erased): Erased | undefined {
  return erased.deletedSegments > 0 ? erased : undefined;
}

/** Rows without recordings. */
function nothingOf(rows: number): Erased | undefined {
  return rows > 0 ? NOTHING : undefined;
}

function stuck(left: Leftover[]): Fault {
  const [first] = left;
  return new Fault(
    'unavailable',
    `${left.length} old file(s) can't be deleted, e.g. ${first?.path}: make the directory writable for Watchpost`,
    { cause: first?.error },
  );
}
