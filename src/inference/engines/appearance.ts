import { unit } from '../families/boxes.ts';
import { preparePerson } from '../families/person.ts';
import { pictureInput } from '../families/plane.ts';
import type { Engine, LoadOf } from '../protocol.ts';
import { floatsOf, openSession, runSession, shapeOf } from './session.ts';

/** Tells what the people in the boxes look like. Throws when the model isn't of the kind. */
export async function loadAppearance(request: LoadOf<'person-embedding'>): Promise<Engine<'person-embedding'>> {
  const session = await openSession(request);
  const shape = shapeOf(session);
  const input = pictureInput(shape);
  const [output, ...others] = Object.keys(shape.outputs);
  if (!input) throw new Error('it is no person embedding: needs one input [1,height,width,3] or [1,3,height,width]');
  if (output === undefined || others.length > 0) throw new Error('it is no person embedding: needs one output');
  return {
    async answer({ picture, boxes }) {
      // The next one is prepared while the model looks at the one before.
      const outputs = boxes.map((box) =>
        runSession(session, { [input.name]: preparePerson(picture, box, input.size, input.interleaved) }),
      );
      return (await Promise.all(outputs)).map((one) => unit(floatsOf(one, output)));
    },
  };
}
