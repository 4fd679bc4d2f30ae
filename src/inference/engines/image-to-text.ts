import type { Engine, LoadOf } from '../protocol.ts';
import { florence } from './florence.ts';
import { smolvlm } from './smolvlm.ts';
import { Teller } from './teller.ts';

/** Tells what pictures show, or what is asked about them. Throws when the files don't make such a model. */
export async function loadImageToText(request: LoadOf<'image-to-text'>): Promise<Engine<'image-to-text'>> {
  const teller = await Teller.load(request);
  const manner = request.family === 'florence2' ? florence(teller.processor) : smolvlm(teller.processor, request);
  return {
    async answer({ pictures, instruction, mostTokens }) {
      return { text: await teller.tell(manner, pictures, instruction, mostTokens) };
    },
  };
}
