import type { Box, Frame, LightFacts, MotionFacts, Tamper, Zone } from '#domain';
import { type Change, compare, merge, stirs, zonesTouched } from './change.ts';
import { type Luma, lumaOf } from './luma.ts';
import { TamperWatch } from './tamper.ts';

/** Frames further apart than this say nothing about what moved or whether the light changed suddenly. */
const TOO_LONG_AGO_MS = 90_000;
const EVERYWHERE: Box = { x1: 0, y1: 0, x2: 1, y2: 1 };

/** What the pixels of one window say, without any model. */
export interface PixelFacts {
  motion: MotionFacts;
  light: LightFacts;
  tamper: Tamper[];
  /** Something differs from the picture of the last `settle`, or between the frames. */
  changed: boolean;
  /** Index of the frame before which most changed. */
  liveliest: number;
  /** Whether anything changed in that part of the picture since the last `settle`, or in the window before. */
  stirred: (box: Box) => boolean;
}

/** The built-in pack for one camera: compares each frame with the one before it, and each window with the last settled one. */
export class PixelWatch {
  #tampers = new TamperWatch();
  #before: { luma: Luma; atMs: number } | undefined;
  #settled: Luma | undefined;
  #reported: readonly Tamper[] = [];
  #stirredBefore: readonly Box[] = [];

  /** Frames of one window, oldest first, at least one. */
  watch(frames: readonly Frame[], zones: readonly Zone[]): PixelFacts {
    const changes = frames.map((frame) => this.#step(frame));
    const liveliest = changes.reduce((best, { amount }, i) => (amount > (changes[best]?.amount ?? 0) ? i : best), 0);
    const amount = Math.max(0, ...changes.map((change) => change.amount));
    const cells: Box[] = changes.flatMap((change) => change.cells);
    const regions = merge(changes.flatMap((change) => change.regions)).sort((a, b) => size(b) - size(a));
    const light = changes.findLast((change) => change.light)?.light;
    const last = this.#before?.luma;
    const before = this.#reported;
    this.#reported = changes[changes.length - 1]?.tamper ?? [];
    const strayed = this.#strayed(last);
    const recent = [...cells, ...strayed, ...this.#stirredBefore];
    this.#stirredBefore = [...cells, ...strayed];
    return {
      motion: { amount, regions, zones: zonesTouched(cells, zones) },
      light: { brightness: last?.mean ?? 0, ...(light ? { change: light } : {}) },
      tamper: [...this.#reported],
      changed: amount + strayed.length > 0 || light !== undefined || before.join() !== this.#reported.join(),
      liveliest,
      stirred: (box) => light !== undefined || stirs(recent, box),
    };
  }

  /** From here on the last picture watched is what "unchanged" means. */
  settle(): void {
    this.#settled = this.#before?.luma;
  }

  #step(frame: Frame): Change & { tamper: Tamper[] } {
    const luma = lumaOf(frame);
    const before = this.#before;
    const recent = before && frame.atMs - before.atMs < TOO_LONG_AGO_MS ? before.luma : luma;
    const change = compare(recent, luma);
    const tamper = this.#tampers.look(luma, frame.atMs, change);
    this.#before = { luma, atMs: frame.atMs };
    return { ...change, tamper };
  }

  /** Slow changes add up: where the picture differs from the settled one. Everywhere, when it is another one. */
  #strayed(luma: Luma | undefined): Box[] {
    if (!luma || !this.#settled) return [EVERYWHERE];
    const { cells, light } = compare(this.#settled, luma);
    return light ? [EVERYWHERE] : cells;
  }
}

function size({ x1, y1, x2, y2 }: Box): number {
  return (x2 - x1) * (y2 - y1);
}
