import { fitsAlphabet, prepareTextLine, readTextLine } from '../families/text-line.ts';
import type { Engine, LoadOf } from '../protocol.ts';
import { floatsOf, openSession, runSession, shapeOf } from './session.ts';

/** Of models that read lines of any height: PaddleOCR's first ones. */
const USUAL_HEIGHT = 32;

/** Reads lines of text. Throws when the model isn't of the kind, or has another alphabet. */
export async function loadTextReader(request: LoadOf<'text-recognition'>): Promise<Engine<'text-recognition'>> {
  const { alphabet } = request;
  const session = await openSession(request);
  const { inputs, outputs } = shapeOf(session);
  const [input, ...otherInputs] = Object.keys(inputs);
  const [output, ...otherOutputs] = Object.keys(outputs);
  if (input === undefined || output === undefined || otherInputs.length + otherOutputs.length > 0) {
    throw new Error('it is no text reader: needs one input and one output');
  }
  const [, , height, width] = inputs[input] ?? [];
  if (typeof width === 'number')
    throw new Error('it is no text reader: needs an input [1,3,height,width] of any width');
  const lineHeight = typeof height === 'number' ? height : USUAL_HEIGHT;
  const [, , declared] = outputs[output] ?? [];
  if (typeof declared === 'number') checkAlphabet(declared, alphabet);
  return {
    async answer({ picture, boxes }) {
      // The next line is prepared while the model reads the one before.
      const outputs = boxes.map((box) => runSession(session, { [input]: prepareTextLine(picture, box, lineHeight) }));
      return (await Promise.all(outputs)).map((one) => {
        const classes = one[output]?.dims[2] ?? 0;
        checkAlphabet(classes, alphabet);
        return readTextLine(floatsOf(one, output), classes, alphabet);
      });
    },
  };
}

function checkAlphabet(classes: number, alphabet: readonly string[]): void {
  if (fitsAlphabet(classes, alphabet)) return;
  throw new Error(`it tells ${classes} classes apart where the pack has ${alphabet.length} characters`);
}
