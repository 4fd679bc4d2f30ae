import type { Engine, LoadOf } from '../protocol.ts';
import { chosenOver, differing, matched, NEUTRAL } from './likeness.ts';
import { Towers } from './towers.ts';

/** Texts whose vectors are kept: those of all prompts of a box, and the last searches. */
const KEPT = 200;
/** Texts that are read at once. */
const MOST = 16;
const UNREAD = new Float32Array();

/** Pictures and texts in one space; texts are read once. Throws when the files don't make such a model. */
export async function loadImageText(request: LoadOf<'image-text'>): Promise<Engine<'image-text'>> {
  const towers = await Towers.load(request);
  const neutral = request.family === 'clip' ? await towers.texts(NEUTRAL) : [];
  const known = new Map<string, Float32Array>();
  return {
    async answer({ picture, texts }) {
      const vectors = await read(towers, known, texts);
      const seen = picture && (await towers.picture(picture));
      const { sureness } = towers;
      const sure = (text: Float32Array, shown: Float32Array) =>
        request.family === 'clip' ? chosenOver(shown, text, neutral, sureness) : matched(shown, text, sureness);
      const query = (text: Float32Array) =>
        request.family === 'clip'
          ? differing(text, neutral, sureness)
          : { vector: text, slope: sureness.scale, offset: sureness.bias };
      const likeness = seen ? vectors.map((text) => sure(text, seen)) : [];
      return { picture: seen, texts: vectors, likeness, queries: vectors.map(query), scale: towers.sureness.scale };
    },
  };
}

/** From the texts read before, those used last at the end; the model reads only new ones. */
async function read(
  towers: Towers,
  known: Map<string, Float32Array>,
  texts: readonly string[],
): Promise<Float32Array[]> {
  const vectors = new Map<string, Float32Array>();
  // Taken out now: while the model reads, what is known may be forgotten.
  for (const text of texts) vectors.set(text, known.get(text) ?? UNREAD);
  const unread = [...vectors].flatMap(([text, vector]) => (vector === UNREAD ? [text] : []));
  for (let at = 0; at < unread.length; at += MOST) {
    const some = unread.slice(at, at + MOST);
    const read = await towers.texts(some);
    for (const [i, text] of some.entries()) vectors.set(text, read[i] ?? UNREAD);
  }
  for (const [text, vector] of vectors) {
    known.delete(text);
    known.set(text, vector);
  }
  for (const text of known.keys()) if (known.size > KEPT) known.delete(text);
  return texts.map((text) => vectors.get(text) ?? UNREAD);
}
