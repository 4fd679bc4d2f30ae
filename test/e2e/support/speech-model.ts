import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = new URL('../../fixtures/speech-model/', import.meta.url);

/** The project's own very small speech model, in the layout of the hub's; see the README beside it. */
export const SPEECH_MODEL = fileURLToPath(new URL('model', FOLDER));

/** Sentences and voices that it was not trained on. */
export function heldOut(): { sentences: string[]; voices: string[] } {
  const words: { heldOut: { sentences: string[]; voices: string[] } } = JSON.parse(
    readFileSync(new URL('words.json', FOLDER), 'utf8'),
  );
  return words.heldOut;
}
