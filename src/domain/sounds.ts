import { SOUND_KINDS, type SoundKind } from './sound-kinds.ts';
import { NO_EVENTS, SOUND_LABELS } from './sound-labels.ts';
import { SOUNDING_THINGS } from './sounding-things.ts';
import { rootOf } from './word-forms.ts';

export { SOUND_KINDS, type SoundKind, type SoundMaker } from './sound-kinds.ts';
export { NO_EVENTS, SOUND_LABELS } from './sound-labels.ts';
export { SOUNDING_THINGS } from './sounding-things.ts';

/** What people call the class: "vehicle horn, car horn, honking" has three names, "hiccup" one. */
function namesOfSound(label: string): string[] {
  return label
    .replace(/ \(.*\)/, '')
    .split(', ')
    .filter((name) => name !== 'etc.');
}

const TOLD = SOUND_LABELS.filter((label) => !NO_EVENTS.has(label));
const NAMED = new Map(TOLD.flatMap((label) => namesOfSound(label).map((name) => [phraseRoot(name), label])));

/** The class of events that has this name, in any form ("chainsaws"). */
export function soundCalled(name: string): string | undefined {
  return NAMED.get(phraseRoot(name));
}

function phraseRoot(phrase: string): string {
  return phrase.toLowerCase().split(/\s+/).map(rootOf).join(' ');
}

const ALL_KINDS = [...SOUND_KINDS, ...SOUNDING_THINGS];
/** Class → the sound it is the own class of, or else the first that has it. */
const OWNERS = new Map<string, SoundKind>();
for (const kind of ALL_KINDS)
  if (kind.labels[0] !== undefined && !OWNERS.has(kind.labels[0])) OWNERS.set(kind.labels[0], kind);
for (const kind of ALL_KINDS) for (const label of kind.labels) if (!OWNERS.has(label)) OWNERS.set(label, kind);

/** The sound that a class is heard as; undefined for classes that nobody has a word of their own for. */
export function soundKindOf(label: string): SoundKind | undefined {
  return OWNERS.get(label);
}

/** What a class that was heard is told as: "a dog barks". */
export function sayingOf(label: string): string {
  return OWNERS.get(label)?.says ?? `${namesOfSound(label)[0] ?? label} is heard`;
}
