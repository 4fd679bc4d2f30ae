import type { CameraFacts } from '#domain';

export interface SamplingDemand {
  /** The longest acceptable distance between two frames; Infinity when nobody looks at them. */
  everyMs: number;
  /** Somebody looks for what is small: writing, faces. */
  fine?: boolean;
  /** Nobody may hear the camera: its sound is neither recorded nor listened to. */
  silent?: boolean;
}

/**
 * How one run of ffmpeg takes frames: keyframes only, at a tenth of the cost, or every frame decoded and thinned out; or
 * none, while another stream of the camera's gives them.
 */
export type SamplingPlan = ({ mode: 'keyframes' } | { mode: 'decode'; everyMs: number } | { mode: 'none' }) & {
  fine?: true;
};

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
  const fine = demand.fine ? ({ fine: true } as const) : {};
  if (suffices && !reordered) return { mode: 'keyframes', ...fine };
  return { mode: 'decode', everyMs: Math.min(LONGEST_MS, Math.max(SHORTEST_MS, demand.everyMs)), ...fine };
}

export function samePlan(a: SamplingPlan, b: SamplingPlan): boolean {
  if (a.fine !== b.fine) return false;
  return a.mode === b.mode && (a.mode !== 'decode' || b.mode !== 'decode' || a.everyMs === b.everyMs);
}

/** Models for objects look no closer; writing has to be read. */
const WIDEST = { usual: 640, fine: 1280 };

/** The size of sampled frames: at most 640 wide (1280 when `fine`), even, of the picture's shape; 0 where there is none. */
export function frameSize(
  { width, height }: Pick<CameraFacts, 'width' | 'height'>,
  fine = false,
): { width: number; height: number } {
  if (width === 0) return { width: 0, height: 0 };
  const scaled = Math.min(fine ? WIDEST.fine : WIDEST.usual, width);
  const even = (value: number) => Math.max(2, Math.round(value / 2) * 2);
  return { width: even(scaled), height: even((height * scaled) / width) };
}
