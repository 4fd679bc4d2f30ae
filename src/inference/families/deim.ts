import type { Family, RawDetection } from '../protocol.ts';
import { planes } from './plane.ts';

/** DEIM, D-FINE and RT-DETR as deployed: stretched to the input, RGB 0–1; boxes come back in the picture's pixels. */
export const deim: Family = {
  prepare(picture, size) {
    const data = planes(picture, size, { filled: size, channels: [0, 1, 2], scale: 1 / 255, pad: 0, antialias: true });
    return {
      images: { data, dims: [1, 3, size.height, size.width] },
      orig_target_sizes: { data: BigInt64Array.of(BigInt(picture.width), BigInt(picture.height)), dims: [1, 2] },
    };
  },

  read({ labels, boxes, scores }, picture, _size, minScore) {
    if (!labels || !boxes || !scores) throw new Error('the model gave no "labels", "boxes" and "scores"');
    const found: RawDetection[] = [];
    for (let i = 0; i < scores.data.length; i++) {
      const score = Number(scores.data[i]);
      if (score < minScore) continue;
      const edge = (side: number, whole: number) => Math.min(1, Math.max(0, Number(boxes.data[i * 4 + side]) / whole));
      const box = {
        x1: edge(0, picture.width),
        y1: edge(1, picture.height),
        x2: edge(2, picture.width),
        y2: edge(3, picture.height),
      };
      found.push({ label: Number(labels.data[i]), score, box });
    }
    return found.sort((a, b) => b.score - a.score);
  },

  problem({ inputs, outputs }) {
    for (const name of ['images', 'orig_target_sizes']) if (!inputs[name]) return `needs an input "${name}"`;
    for (const name of ['labels', 'boxes', 'scores']) if (!outputs[name]) return `needs an output "${name}"`;
    return undefined;
  },
};
