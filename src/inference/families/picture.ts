import type { Picture, Size, TensorData } from '../protocol.ts';
import { bestFirst } from './boxes.ts';
import { normalised, planes, RGB } from './plane.ts';

const LOOK = normalised(1 / 127.5, [1, 1, 1], [1, 1, 1]);
/** More names than this say nothing about a picture, nor do less likely ones. */
const NAMES = 5;
const LIKELY = 0.05;
const NOTHING = 'background';

/** MobileNet as Google trains it: stretched, RGB −1–1. */
export function prepareWhole(picture: Picture, size: Size, interleaved: boolean): TensorData {
  const { width, height } = size;
  const how = { filled: size, channels: RGB, ...LOOK, pad: 0, antialias: false, interleaved };
  return { data: planes(picture, size, how), dims: interleaved ? [1, height, width, 3] : [1, 3, height, width] };
}

/** What the classifier calls the picture, best first; of several names for one thing the first. */
export function readNames(probabilities: Float32Array, labels: readonly string[]): { label: string; score: number }[] {
  const found: { label: string; score: number }[] = [];
  probabilities.forEach((score, i) => {
    if (!(score >= LIKELY)) return;
    const label = labels[i]?.split(',')[0]?.trim().toLowerCase() ?? '';
    if (label !== '' && label !== NOTHING) found.push({ label, score });
  });
  return bestFirst(found).slice(0, NAMES);
}
