import type { Word } from '#domain';
import type { Recognition } from '../protocol.ts';
import { withoutLoops } from './loops.ts';

/** What a model wrote of one stretch, and how sure it was. */
export interface Said {
  words: Word[];
  language: string;
  /** Of each token, mean; natural logarithm. */
  logProbability: number;
  tokens: number;
  noSpeech: number;
}

/** Whisper's own rule: likely no speech, and unsure of what it wrote. */
const NO_SPEECH = { likely: 0.6, unsure: -1 };
/** What Whisper writes when it hears nothing, learnt from subtitles; trusted only when it surely hears speech. */
const PHANTOMS =
  /^(thanks? (you )?for (watching|listening)|please subscribe|subtitles by\b.*|you|thank you|bye)[.!]*$/i;
const PHANTOM_NO_SPEECH = 0.3;

/** One answer from the parts, without what a model makes up: words in silence, and loops. */
export function trusted(parts: readonly Said[]): Recognition {
  const noSpeech = parts[0]?.noSpeech ?? 1;
  const believed = parts.filter((part) => !isMadeUp(part));
  const tokens = believed.reduce((sum, part) => sum + part.tokens, 0);
  const sum = believed.reduce((all, part) => all + part.logProbability * part.tokens, 0);
  const all = believed.flatMap(({ words }) => words);
  const words = withoutLoops(
    all,
    all.map(({ text }) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')),
  );
  const language = parts[0]?.language;
  return {
    text: words.map(({ text }) => text).join(' '),
    words,
    ...(language === undefined ? {} : { language }),
    confidence: words.length === 0 ? 0 : Math.exp(sum / Math.max(1, tokens)) * (words.length / all.length),
    noSpeech: believed.length === 0 ? Math.max(noSpeech, NO_SPEECH.likely) : noSpeech,
  };
}

function isMadeUp({ words, noSpeech, logProbability }: Said): boolean {
  if (noSpeech > NO_SPEECH.likely && logProbability < NO_SPEECH.unsure) return true;
  return noSpeech > PHANTOM_NO_SPEECH && PHANTOMS.test(words.map(({ text }) => text).join(' '));
}
