import type { RuleSubject } from '#domain';
import type { Sentence } from './tokens.ts';

type Troubles = Extract<RuleSubject, { kind: 'microphone' }>['troubles'];

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));

const MICROPHONE = set('microphone microphones mic mics');
const SOUND = set('sound sounds audio noise noises');
const DEAD = set('dead silent mute muted broken broke disconnected unplugged fails failed failing fail off');
const CLIPPED = set(
  'clip clips clipped clipping overload overloads overloaded overloading distort distorts distorted distortion loud',
);
/** Sound itself is often said to be loud or silent; these are said of one that should be there. */
const SOUND_DEAD = set('lost lose loses gone dead fails failed missing');
const SOUND_CLIPPED = set('clipped clipping overloaded distorted distorts');
const WORKS = set('work works working worked from not no stop stops stopped too');

/** "The microphone is dead", "no sound from the mic": what is wrong with it; undefined when it isn't about it. */
export function takeMicrophone(sentence: Sentence): Troubles | undefined {
  const words = sentence.rest().map(({ word }) => word);
  if (!words.some((word) => MICROPHONE.has(word))) return undefined;
  const noSound = words.includes('no') && words.some((word) => SOUND.has(word));
  const broken = words.includes('not') && words.some((word) => /^work/.test(word));
  const dead = noSound || broken || words.some((word) => DEAD.has(word));
  return taken(
    sentence,
    dead,
    words.some((word) => CLIPPED.has(word)),
  );
}

/** "The audio is lost", "the sound is distorted"; ask only when no sound is named. */
export function takeLostSound(sentence: Sentence): Troubles | undefined {
  const words = sentence.rest().map(({ word }) => word);
  if (!words.some((word) => SOUND.has(word))) return undefined;
  const dropsOut = /\b(?:drops?|cuts?) (?:out|off)\b/.test(words.join(' '));
  if (dropsOut) sentence.takeAll(set('drop drops cut cuts out off'));
  const dead = dropsOut || words.some((word) => SOUND_DEAD.has(word));
  return taken(
    sentence,
    dead,
    words.some((word) => SOUND_CLIPPED.has(word)),
  );
}

function taken(sentence: Sentence, dead: boolean, clipped: boolean): Troubles | undefined {
  if (!dead && !clipped) return undefined;
  for (const words of [MICROPHONE, SOUND, DEAD, SOUND_DEAD, CLIPPED, WORKS]) sentence.takeAll(words);
  return [...(dead ? (['dead'] as const) : []), ...(clipped ? (['clipped'] as const) : [])];
}
