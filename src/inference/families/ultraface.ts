import type { ModelShape, Picture, RawDetection, Size, TensorData } from '../protocol.ts';
import { boxOf, suppress } from './boxes.ts';
import { normalised, pictureInput, planes, RGB } from './plane.ts';

const NMS_IOU = 0.3;
const LOOK = normalised(1 / 128, [127 / 128, 127 / 128, 127 / 128], [1, 1, 1]);

/** UltraFace as it exports itself: stretched, RGB, (x − 127) / 128; scores and boxes of all its anchors. */
export const ultraface = {
  prepare(picture: Picture, size: Size): TensorData {
    const how = { filled: size, channels: RGB, ...LOOK, pad: 0, antialias: false, interleaved: false };
    return { data: planes(picture, size, how), dims: [1, 3, size.height, size.width] };
  },

  /** Scores come in pairs: background, face. Boxes are fractions already. */
  read(scores: Float32Array, boxes: Float32Array, minScore: number): RawDetection[] {
    const found: RawDetection[] = [];
    for (let i = 0; i * 2 < scores.length; i++) {
      const score = scores[i * 2 + 1] ?? 0;
      if (!(score >= minScore)) continue;
      const [x1, y1, x2, y2] = boxes.subarray(i * 4, i * 4 + 4);
      found.push({ label: 1, score, box: boxOf(x1 ?? 0, y1 ?? 0, x2 ?? 0, y2 ?? 0) });
    }
    return suppress(found, NMS_IOU);
  },

  problem(shape: ModelShape): string | undefined {
    if (!pictureInput(shape) || pictureInput(shape)?.interleaved) return 'needs one input [1,3,height,width]';
    const { scores, boxes } = shape.outputs;
    if (scores?.[2] !== 2) return 'needs an output "scores" [1,anchors,2]';
    if (boxes?.[2] !== 4 || boxes[1] !== scores[1]) return 'needs an output "boxes" [1,anchors,4]';
    return undefined;
  },
};
