import { prepareTextPlaces, readTextPlaces } from '../families/text-places.ts';
import type { Engine, LoadOf } from '../protocol.ts';
import { floatsOf, openSession, runSession, shapeOf } from './session.ts';

/** Finds where something is written. Throws when the model isn't of the kind. */
export async function loadTextFinder(request: LoadOf<'text-detection'>): Promise<Engine<'text-detection'>> {
  const session = await openSession(request);
  const { inputs, outputs } = shapeOf(session);
  const [input, ...otherInputs] = Object.keys(inputs);
  const [output, ...otherOutputs] = Object.keys(outputs);
  const [, channels, height, width] = inputs[input ?? ''] ?? [];
  if (input === undefined || output === undefined || otherInputs.length + otherOutputs.length > 0) {
    throw new Error('it is no text detector: needs one input and one output');
  }
  if ((typeof channels === 'number' && channels !== 3) || typeof height === 'number' || typeof width === 'number') {
    throw new Error('it is no text detector: needs an input [1,3,height,width] of any height and width');
  }
  return {
    async answer({ picture }) {
      const feed = prepareTextPlaces(picture);
      const map = floatsOf(await runSession(session, { [input]: feed }), output);
      const [, , fedHeight = 0, fedWidth = 0] = feed.dims;
      if (map.length !== fedHeight * fedWidth) throw new Error('the map of texts is not as large as the picture');
      return readTextPlaces(map, { width: fedWidth, height: fedHeight });
    },
  };
}
