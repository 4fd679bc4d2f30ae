import type { CameraFacts } from '#domain';

/** The longest acceptable distance between two frames; Infinity when nobody looks at them. */
export interface SamplingDemand {
  everyMs: number;
}

/** How one run of ffmpeg takes frames: keyframes only, at a tenth of the cost, or every frame decoded and thinned out. */
export type SamplingPlan = { mode: 'keyframes' } | { mode: 'decode'; everyMs: number };

/** Frames come at most this often, whatever is asked: models can't use more. */
const SHORTEST_MS = 100;
/** And at least this often, even when nobody asks: they tell that the camera lives. */
const LONGEST_MS = 2500;
/** Keyframes that come this much later than asked still do. */
const TOLERANCE = 1.1;

/**
 * Keyframes as long as they suffice, or as long as nothing is known about them; never of a camera that sends pictures out
 * of order: the decoder would hand each keyframe on two keyframes late, with a wrong time.
 */
export function planFor(
  demand: SamplingDemand,
  keyframeIntervalS: number | undefined,
  reordered: boolean,
): SamplingPlan {
  const suffices = keyframeIntervalS === undefined || keyframeIntervalS * 1000 <= demand.everyMs * TOLERANCE;
  if (suffices && !reordered) return { mode: 'keyframes' };
  return { mode: 'decode', everyMs: Math.min(LONGEST_MS, Math.max(SHORTEST_MS, demand.everyMs)) };
}

export function samePlan(a: SamplingPlan, b: SamplingPlan): boolean {
  return a.mode === b.mode && (a.mode === 'keyframes' || b.mode === 'keyframes' || a.everyMs === b.everyMs);
}

const WIDEST = 640;

/** The size of sampled frames: at most 640 wide, even, of the picture's shape. */
export function frameSize({ width, height }: Pick<CameraFacts, 'width' | 'height'>): { width: number; height: number } {
  const scaled = Math.min(WIDEST, width);
  const even = (value: number) => Math.max(2, Math.round(value / 2) * 2);
  return { width: even(scaled), height: even((height * scaled) / width) };
}
