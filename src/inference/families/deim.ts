import type { Family, RawDetection } from '../protocol.ts';
import { boxOf, plausible } from './boxes.ts';
import { normalised, planes, RGB, sizeProblem } from './plane.ts';

const LOOK = normalised(1 / 255, [0, 0, 0], [1, 1, 1]);

/** DEIM, D-FINE and RT-DETR as deployed: stretched to the input, RGB 0–1; boxes come back in the picture's pixels. */
export const deim: Family = {
  prepare(picture, size) {
    const how = { filled: size, channels: RGB, ...LOOK, pad: 0, antialias: true, interleaved: false };
    const data = planes(picture, size, how);
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
      if (!(score >= minScore)) continue;
      const edge = (side: number, whole: number) => Number(boxes.data[i * 4 + side]) / whole;
      const { width, height } = picture;
      const box = boxOf(edge(0, width), edge(1, height), edge(2, width), edge(3, height));
      found.push({ label: Number(labels.data[i]), score, box });
    }
    return plausible(found);
  },

  problem({ inputs, outputs }, size) {
    for (const name of ['images', 'orig_target_sizes']) if (!inputs[name]) return `needs an input "${name}"`;
    for (const name of ['labels', 'boxes', 'scores']) if (!outputs[name]) return `needs an output "${name}"`;
    return sizeProblem(inputs['images'], size);
  },
};
