import type { Family, PixelValues, RawDetection } from '../protocol.ts';
import { boxOf, plausible } from './boxes.ts';
import { fits, normalised, planes, RGB, sizeProblem } from './plane.ts';

/**
 * D-FINE and RT-DETR as the hub exports them: stretched, RGB as `preprocessor_config.json` says; the answers are raw
 * numbers of each query and class, of which a sigmoid makes scores (focal loss: there is no class for "nothing").
 */
export function detr({ scale, mean, deviation }: PixelValues): Family {
  const look = normalised(scale, mean, deviation);
  return {
    prepare(picture, size) {
      const how = { filled: size, channels: RGB, ...look, pad: 0, antialias: true, interleaved: false };
      return { pixel_values: { data: planes(picture, size, how), dims: [1, 3, size.height, size.width] } };
    },

    read({ logits, pred_boxes: boxes }, _picture, _size, minScore) {
      if (!logits || !boxes) throw new Error('the model gave no "logits" and "pred_boxes"');
      const classes = logits.dims[2] ?? 1;
      const queries = logits.dims[1] ?? 0;
      // Compared before the sigmoid: of tens of thousands of numbers a few are worth one.
      const least = Math.log(minScore / (1 - minScore));
      const found: RawDetection[] = [];
      for (let i = 0; i < queries * classes; i++) {
        const value = Number(logits.data[i]);
        if (!(value >= least)) continue;
        const at = Math.floor(i / classes) * 4;
        const [x, y, width, height] = [0, 1, 2, 3].map((side) => Number(boxes.data[at + side]));
        found.push({ label: i % classes, score: 1 / (1 + Math.exp(-value)), box: around(x, y, width, height) });
      }
      return plausible(found).slice(0, queries);
    },

    problem({ inputs, outputs }, size, labels) {
      const names = Object.keys(inputs);
      if (names.length !== 1 || names[0] !== 'pixel_values') return 'needs one input "pixel_values"';
      const wrongSize = sizeProblem(inputs['pixel_values'], size);
      if (wrongSize !== undefined) return wrongSize;
      for (const name of ['logits', 'pred_boxes']) if (!outputs[name]) return `needs an output "${name}"`;
      const classes = outputs['logits']?.[2];
      if (classes === labels + 1) return 'its last class says "no object" (softmax); only sigmoid scores are read';
      if (!fits(classes, labels)) return `it tells ${classes} classes apart where the pack has ${labels} labels`;
      return undefined;
    },
  };
}

function around(x = 0, y = 0, width = 0, height = 0): RawDetection['box'] {
  return boxOf(x - width / 2, y - height / 2, x + width / 2, y + height / 2);
}
