import type { Family, RawDetection } from '../protocol.ts';
import { boxOf, suppress } from './boxes.ts';
import { BGR, normalised, planes } from './plane.ts';

const NMS_IOU = 0.45;
const LOOK = normalised(1 / 255, [0, 0, 0], [1, 1, 1]);
/** Channels of the answer: whether something is there, its place and size, then the classes. */
const CLASSES = 5;
const STRIDE = 16;

/** FastestDet as it exports itself: stretched, BGR 0–1; one grid of 16 pixels, channel after channel. */
export const fastestdet: Family = {
  prepare(picture, size, { inputs }) {
    const how = { filled: size, channels: BGR, ...LOOK, pad: 0, antialias: false, interleaved: false };
    const name = Object.keys(inputs)[0] ?? '';
    return { [name]: { data: planes(picture, size, how), dims: [1, 3, size.height, size.width] } };
  },

  read(outputs, _picture, size, minScore) {
    const data = Object.values(outputs)[0]?.data;
    if (!(data instanceof Float32Array)) throw new Error('the model gave no grid');
    const columns = Math.floor(size.width / STRIDE);
    const rows = Math.floor(size.height / STRIDE);
    const cells = columns * rows;
    const found: RawDetection[] = [];
    for (let cell = 0; cell < cells; cell++) {
      const value = (channel: number) => data[channel * cells + cell] ?? 0;
      const there = value(0) ** 0.6;
      if (!(there >= minScore)) continue;
      const best = bestClass(data, cell, cells);
      const score = there * best.score ** 0.4;
      if (!(score >= minScore)) continue;
      const x = ((cell % columns) + Math.tanh(value(1))) / columns;
      const y = (Math.floor(cell / columns) + Math.tanh(value(2))) / rows;
      const halfWidth = sigmoid(value(3)) / 2;
      const halfHeight = sigmoid(value(4)) / 2;
      const box = boxOf(x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight);
      found.push({ label: best.label, score, box });
    }
    return suppress(found, NMS_IOU);
  },

  problem({ inputs, outputs }, size, labels) {
    const [input, ...otherInputs] = Object.values(inputs);
    const [output, ...otherOutputs] = Object.values(outputs);
    if (otherInputs.length > 0 || input?.slice(1).join() !== [3, size.height, size.width].join()) {
      return `needs one input [1,3,${size.height},${size.width}]`;
    }
    const grid = [labels + CLASSES, Math.floor(size.height / STRIDE), Math.floor(size.width / STRIDE)].join();
    if (otherOutputs.length > 0 || output?.slice(1).join() !== grid) return `needs one output [1,${grid}]`;
    return undefined;
  },
};

function bestClass(data: Float32Array, cell: number, cells: number): { label: number; score: number } {
  let label = 0;
  let score = 0;
  for (let at = CLASSES * cells + cell, i = 0; at < data.length; at += cells, i++) {
    const value = data[at] ?? 0;
    if (value > score) {
      score = value;
      label = i;
    }
  }
  return { label, score };
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
