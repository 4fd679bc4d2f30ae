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

/** Without those of which another says more: "a smoke alarm" and not also "an alarm", "a bird" and not "an animal". */
export function tellingLabels(labels: readonly string[], among: readonly string[] = labels): string[] {
  return labels.filter((label) => !among.some((other) => isSpecial(other, label)));
}

function isSpecial(special: string, general: string): boolean {
  const [kind, wider] = [OWNERS.get(special), OWNERS.get(general)];
  if (!kind || !wider) return false;
  return wider.labels.length > kind.labels.length && kind.labels.some((label) => wider.labels.includes(label));
}

/** How scenes word the sound that a word of a query stands for: "yelling" finds "someone shouts". */
export function soundWords(word: string): string[] {
  return WORDED.get(rootOf(word)) ?? [];
}

const WORDED = new Map<string, string[]>();
for (const { asked, says } of SOUND_KINDS) {
  const single = asked.filter((words) => !words.includes(' ')).map((one) => rootOf(one.replace('=', '')));
  const told = says.split(' ').filter((word) => single.includes(rootOf(word)));
  for (const root of single) WORDED.set(root, [...(WORDED.get(root) ?? []), ...told]);
}
