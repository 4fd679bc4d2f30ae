import { deim } from '../families/deim.ts';
import { yolox } from '../families/yolox.ts';
import type { Engine, LoadOf } from '../protocol.ts';
import { openSession, runSession, shapeOf } from './session.ts';

const FAMILIES = { yolox, deim } as const;

/** Finds things in pictures. Throws when the model isn't one of the family that its pack states. */
export async function loadDetector(request: LoadOf<'object-detection'>): Promise<Engine<'object-detection'>> {
  const session = await openSession(request.file, request.threads);
  const family = FAMILIES[request.family];
  const problem = family.problem(shapeOf(session), request.inputSize, request.labels);
  if (problem !== undefined) throw new Error(`it is no ${request.family}: ${problem}`);
  return {
    async answer({ picture, minScore }) {
      const outputs = await runSession(session, family.prepare(picture, request.inputSize));
      return family.read(outputs, picture, request.inputSize, minScore);
    },
  };
}
