import type { Mark } from '#domain';

/** A threshold that would have left out what was marked wrong. */
export interface Suggestion {
  threshold: number;
  /** Of the marked ones. */
  wrongLeftOut: number;
  rightLeftOut: number;
}

type Judged = Pick<Mark, 'verdict'> & { confidence: number };

/** To miss one alert is as bad as this many false ones. */
const MISS = 3;

/**
 * The threshold, in hundredths, that leaves out the most wrong alerts, where one right alert that it leaves out counts
 * against it like three wrong ones that it leaves in; of several the lowest. Undefined when none is better than none at
 * all: nothing was wrong, or the wrong ones were as sure as the right ones.
 */
export function suggestThreshold(judged: readonly Judged[]): Suggestion | undefined {
  const wrong = judged.filter(({ verdict }) => verdict === 'wrong').map(({ confidence }) => confidence);
  const right = judged.filter(({ verdict }) => verdict === 'right').map(({ confidence }) => confidence);
  const candidates = [...new Set(wrong.map(justAbove))].filter((threshold) => threshold <= 1).sort((a, b) => a - b);
  let best: Suggestion | undefined;
  for (const threshold of candidates) {
    const wrongLeftOut = below(wrong, threshold);
    const rightLeftOut = below(right, threshold);
    const gain = wrongLeftOut - MISS * rightLeftOut;
    if (gain > (best ? best.wrongLeftOut - MISS * best.rightLeftOut : 0))
      best = { threshold, wrongLeftOut, rightLeftOut };
  }
  return best;
}

function justAbove(confidence: number): number {
  return (Math.floor(confidence * 100 + 1e-9) + 1) / 100;
}

function below(confidences: readonly number[], threshold: number): number {
  return confidences.filter((confidence) => confidence < threshold).length;
}
