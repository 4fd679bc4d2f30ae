import { deim } from '../families/deim.ts';
import { detr } from '../families/detr.ts';
import { fastestdet } from '../families/fastestdet.ts';
import { yolox } from '../families/yolox.ts';
import type { Engine, Family, LoadOf } from '../protocol.ts';
import { openSession, runSession, shapeOf } from './session.ts';

/** Finds things in pictures. Throws when the model isn't one of the family that its pack states. */
export async function loadDetector(request: LoadOf<'object-detection'>): Promise<Engine<'object-detection'>> {
  const session = await openSession(request);
  const family = familyOf(request);
  const shape = shapeOf(session);
  const problem = family.problem(shape, request.inputSize, request.labels);
  if (problem !== undefined) throw new Error(`it is no ${request.family}: ${problem}`);
  return {
    async answer({ picture, minScore }) {
      const outputs = await runSession(session, family.prepare(picture, request.inputSize, shape));
      return family.read(outputs, picture, request.inputSize, minScore);
    },
  };
}

function familyOf({ family, pixels }: LoadOf<'object-detection'>): Family {
  switch (family) {
    case 'yolox':
      return yolox;
    case 'deim':
      return deim;
    case 'fastestdet':
      return fastestdet;
    case 'detr':
      return detr(pixels ?? { scale: 1 / 255, mean: [0, 0, 0], deviation: [1, 1, 1] });
  }
}
