import type { Family, ModelShape, Picture, RawDetection, Size, TensorData } from '../protocol.ts';
import { boxOf, suppress } from './boxes.ts';
import { AS_IS, BGR, fits, planes } from './plane.ts';

const STRIDES = [8, 16, 32] as const;
const PAD = 114;
const NMS_IOU = 0.45;

/** Megvii's YOLOX as it exports itself: letterboxed at the top left, BGR 0–255; the grid is decoded here. */
export const yolox: Family = {
  prepare(picture, size) {
    const scale = letterboxScale(picture, size);
    const filled = { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) };
    const how = { filled, channels: BGR, ...AS_IS, pad: PAD, antialias: false, interleaved: false };
    const data = planes(picture, size, how);
    return { images: { data, dims: [1, 3, size.height, size.width] } };
  },

  read(outputs, picture, size, minScore) {
    const output = outputs['output'];
    if (!output) throw new Error('the model gave no "output"');
    return suppress(candidates(output, picture, size, minScore), NMS_IOU);
  },

  problem({ inputs, outputs }: ModelShape, size, labels) {
    const wantedIn = [1, 3, size.height, size.width];
    const wantedOut = [1, cells(size), labels + 5];
    if (!matches(inputs['images'], wantedIn)) return `needs an input "images" [${wantedIn.join()}]`;
    if (!matches(outputs['output'], wantedOut)) return `needs an output "output" [${wantedOut.join()}]`;
    return undefined;
  },
};

function letterboxScale(picture: Picture, size: Size): number {
  return Math.min(size.width / picture.width, size.height / picture.height);
}

function cells(size: Size): number {
  return STRIDES.reduce((sum, stride) => sum + Math.floor(size.width / stride) * Math.floor(size.height / stride), 0);
}

function matches(shape: readonly (number | string)[] | undefined, wanted: readonly number[]): boolean {
  return shape?.length === wanted.length && shape.every((dimension, i) => fits(dimension, wanted[i] ?? 0));
}

/** Rows are ordered by stride, then row by row: centre offset, log size, objectness, classes. */
function candidates({ data, dims }: TensorData, picture: Picture, size: Size, minScore: number): RawDetection[] {
  const width = dims[2] ?? 0;
  const scale = letterboxScale(picture, size);
  const across = scale * picture.width;
  const down = scale * picture.height;
  const found: RawDetection[] = [];
  let row = 0;
  for (const stride of STRIDES) {
    const columns = Math.floor(size.width / stride);
    const cells = columns * Math.floor(size.height / stride);
    for (let cell = 0; cell < cells; cell++, row++) {
      const at = row * width;
      const objectness = Number(data[at + 4]);
      if (!(objectness >= minScore)) continue;
      const best = bestClass(data, at + 5, width - 5);
      const score = objectness * best.score;
      if (!(score >= minScore)) continue;
      const value = (i: number) => Number(data[at + i]);
      const x = (value(0) + (cell % columns)) * stride;
      const y = (value(1) + Math.floor(cell / columns)) * stride;
      const halfWidth = (Math.exp(value(2)) * stride) / 2;
      const halfHeight = (Math.exp(value(3)) * stride) / 2;
      const box = boxOf(
        (x - halfWidth) / across,
        (y - halfHeight) / down,
        (x + halfWidth) / across,
        (y + halfHeight) / down,
      );
      found.push({ label: best.label, score, box });
    }
  }
  return found;
}

function bestClass(data: TensorData['data'], from: number, count: number): { label: number; score: number } {
  let label = 0;
  let score = 0;
  for (let i = 0; i < count; i++) {
    const value = Number(data[from + i]);
    if (value > score) {
      score = value;
      label = i;
    }
  }
  return { label, score };
}
