import { pictureInput } from '../families/plane.ts';
import { ultraface } from '../families/ultraface.ts';
import type { Engine, LoadOf } from '../protocol.ts';
import { floatsOf, openSession, runSession, shapeOf } from './session.ts';

/** Finds faces. Throws when the model isn't of the kind. */
export async function loadFaces(request: LoadOf<'face-detection'>): Promise<Engine<'face-detection'>> {
  const session = await openSession(request);
  const shape = shapeOf(session);
  const problem = ultraface.problem(shape);
  const input = pictureInput(shape);
  if (problem !== undefined || !input) throw new Error(`it is no UltraFace: ${problem}`);
  return {
    async answer({ picture, minScore }) {
      const outputs = await runSession(session, { [input.name]: ultraface.prepare(picture, input.size) });
      const found = ultraface.read(floatsOf(outputs, 'scores'), floatsOf(outputs, 'boxes'), minScore);
      return found.map(({ score, box }) => ({ score, box }));
    },
  };
}
