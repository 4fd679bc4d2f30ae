import { unit } from '../families/boxes.ts';
import { prepareWhole, readNames } from '../families/picture.ts';
import { pictureInput } from '../families/plane.ts';
import type { Engine, LoadOf } from '../protocol.ts';
import { floatsOf, openSession, runSession, shapeOf } from './session.ts';

const VECTOR = 'embedding';
const NAMES = 'probabilities';

/** Tells how alike whole pictures are, and what they show, where it knows names. Throws when the model isn't of the kind. */
export async function loadPictureEmbedder(request: LoadOf<'image-embedding'>): Promise<Engine<'image-embedding'>> {
  const { labels } = request;
  const session = await openSession(request);
  const shape = shapeOf(session);
  const input = pictureInput(shape);
  if (!input) throw new Error('it is no picture embedding: needs one input [1,height,width,3] or [1,3,height,width]');
  if (!shape.outputs[VECTOR]) throw new Error(`it is no picture embedding: needs an output "${VECTOR}"`);
  const classes = shape.outputs[NAMES]?.[1];
  if (typeof classes === 'number' && labels.length > 0 && classes !== labels.length) {
    throw new Error(`it tells ${classes} classes apart where the pack has ${labels.length} labels`);
  }
  return {
    async answer({ picture }) {
      const outputs = await runSession(session, { [input.name]: prepareWhole(picture, input.size, input.interleaved) });
      const named = shape.outputs[NAMES] ? readNames(floatsOf(outputs, NAMES), labels) : [];
      return { vector: unit(floatsOf(outputs, VECTOR)), labels: named };
    },
  };
}
