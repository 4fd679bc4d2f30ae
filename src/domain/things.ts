import { labelsFor } from './lexicon.ts';
import { PLACES, THINGS, TRIGRAMS } from './wordnet.ts';

/** Without a label, and not in WordNet's list or not first there. */
const MORE_THINGS = (
  'fire flame flood spill drone quadcopter vest crane excavator bulldozer digger trailer wheelbarrow package stroller pram ' +
  'pallet hose mop flag poster wolf ladder e-scooter segway robot hoverboard dumpster skip scaffold scaffolding hardhat ' +
  'hoodie weapon pistol rifle mask balaclava tripod tarp tarpaulin tent smoke lightning fog rain wheelie garbage trash rubbish ' +
  'litter debris crate barricade shutter'
).split(' ');

let read: { things: ReadonlySet<string>; places: ReadonlySet<string>; trigrams: ReadonlySet<string> } | undefined;
function lists(): NonNullable<typeof read> {
  read ??= {
    things: new Set([...THINGS.split(','), ...MORE_THINGS]),
    places: new Set(PLACES.split(',')),
    trigrams: new Set(
      TRIGRAMS.split(' ').flatMap((line) => Array.from(line.slice(2), (letter) => line.slice(0, 2) + letter)),
    ),
  };
  return read;
}

/** Whether a picture may show it, though no detector has a label for it: "forklift", "helmets". */
export function isOtherThing(word: string): boolean {
  const { things } = lists();
  return formsOf(word).some((form) => things.has(form)) && labelsFor(word).length === 0;
}

/** Mostly named to say where something is: "gate", "kitchen". */
export function isSurrounding(word: string): boolean {
  const { places } = lists();
  return !isOtherThing(word) && formsOf(word).some((form) => places.has(form));
}

function formsOf(word: string): string[] {
  const lower = word.toLowerCase();
  return [
    lower,
    lower.replace(/ies$/, 'y'),
    lower.replace(/es$/, ''),
    lower.replace(/s$/, ''),
    lower.replace(/ves$/, 'f'),
  ];
}

/** Below this many letters a word says nothing about itself. */
const SHORTEST = 3;

/** Whether it has letters after each other as English words don't: "asdf". Names and other languages seldom do. */
export function isGibberish(word: string): boolean {
  const lower = word.toLowerCase();
  if (lower.length < SHORTEST || !/^[a-z]+$/.test(lower)) return false;
  const { trigrams } = lists();
  const framed = `^${lower}$`;
  const parts = Array.from({ length: framed.length - 2 }, (_, i) => framed.slice(i, i + 3));
  return parts.some((part) => !trigrams.has(part));
}
