import type { Box } from '#domain';
import type { Picture, Size, TensorData } from '../protocol.ts';
import { areaOf } from './boxes.ts';
import { AS_IS, BGR, planes } from './plane.ts';

/** OpenVINO's person-reidentification: what is in the box, stretched, BGR 0–255. */
export function preparePerson(picture: Picture, box: Box, size: Size, interleaved: boolean): TensorData {
  const from = areaOf(box, picture);
  const how = { from, filled: size, channels: BGR, ...AS_IS, pad: 0, antialias: false, interleaved };
  const { width, height } = size;
  return { data: planes(picture, size, how), dims: interleaved ? [1, height, width, 3] : [1, 3, height, width] };
}
