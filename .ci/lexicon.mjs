/**
 * Writes src/domain/wordnet.ts: `npm run lexicon`. Nouns of WordNet that are kinds of what detectors know, wider words for
 * it, other things that can be pointed at, and which letters follow each other in English. `--check` only compares.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ABSTRACT, LABEL_SENSES, NOT_MEANT, NOT_SAID, PLACES, THINGS, WIDER } from './lexicon-choices.mjs';
import { ROOT } from './step.mjs';
import { notice, readWordNet } from './wordnet.mjs';

const TARGET = join(ROOT, 'src/domain/wordnet.ts');
const NAME = /^[a-z]+(?:_[a-z]+){0,2}$/;
const LONGEST = 22;
/** WordNet's file of nouns for people. */
const PEOPLE = 18;
/** Longer ones are mostly known to experts only. */
const LONGEST_RARE = 12;
/** Short words that the corpus of WordNet never has are rarer than slips and abbreviations. */
const SHORT = 4;
const { synsets, senses } = readWordNet();

/** The synset and all that lie below it. */
function tree(root) {
  const found = new Set([root]);
  for (const id of found) for (const below of synsets.get(id).below) found.add(below);
  return found;
}

function senseOf(name) {
  const [lemma, number] = name.split('.');
  const sense = senses.get(lemma)?.nouns[Number(number) - 1];
  if (!sense) throw new Error(`WordNet has no ${name}`);
  return sense.synset;
}

/** Whether people who write the word mean this of its senses: the first, and no verb. */
function isMeant(lemma, synset) {
  const known = senses.get(lemma);
  if (!known || !NAME.test(lemma) || lemma.length > LONGEST || lemma.length < 3 || NOT_MEANT.has(lemma)) return false;
  const [first] = known.nouns;
  if (first?.synset !== synset || known.other > first.times) return false;
  return lemma.length > SHORT || first.times > 0;
}

function lemmasOf(ids, accept = () => true) {
  const found = [...ids].flatMap((id) => {
    const { lemmas, kind } = synsets.get(id);
    // Breeds and makes are written large; so are people, who are nobody's kind.
    const words = kind === PEOPLE ? lemmas : lemmas.map((lemma) => lemma.toLowerCase());
    return words.filter((lemma) => isMeant(lemma, id) && accept(lemma, id));
  });
  return found.map((lemma) => lemma.replaceAll('_', ' '));
}

/** Words by the labels that they stand for. */
function kinds() {
  const labels = new Map();
  const claimed = new Map();
  for (const [label, names] of Object.entries(LABEL_SENSES)) {
    for (const name of names.split(' ')) {
      for (const id of tree(senseOf(name))) {
        claimed.set(id, [...(claimed.get(id) ?? []), label]);
      }
    }
  }
  const left = new Set(NOT_SAID.split(' ').flatMap((name) => [...tree(senseOf(name))]));
  for (const [id, owners] of claimed) {
    if (left.has(id)) continue;
    for (const word of lemmasOf([id], isOften)) labels.set(word, new Set([...(labels.get(word) ?? []), ...owners]));
  }
  return labels;
}

/** WordNet knows thousands of words for people; those that its corpus never has are left out, but for plain ones. */
function isOften(lemma, id) {
  const { kind } = synsets.get(id);
  if (kind !== PEOPLE) return true;
  const times = senses.get(lemma).nouns[0].times;
  return times > 0 || /(?:man|woman|boy|girl|guard|officer|driver|worker|child)$/.test(lemma);
}

/** "furniture" stands for chair, couch, bed …: chosen words for what lies above several labels. */
function widerWords(labels) {
  for (const name of WIDER.split(' ')) {
    const below = tree(senseOf(name));
    const owners = Object.entries(LABEL_SENSES)
      .filter(([, names]) => names.split(' ').every((sense) => below.has(senseOf(sense))))
      .map(([label]) => label);
    for (const lemma of synsets.get(senseOf(name)).lemmas.filter((word) => NAME.test(word) && !NOT_MEANT.has(word)))
      labels.set(lemma.replaceAll('_', ' '), new Set(owners));
  }
}

/** What can be pointed at and has no label. */
function others(roots, labels, taken) {
  const ids = new Set(roots.split(' ').flatMap((name) => [...tree(senseOf(name))]));
  const without = new Set(ABSTRACT.split(' ').flatMap((name) => [...tree(senseOf(name))]));
  const words = lemmasOf(
    [...ids].filter((id) => !without.has(id)),
    (lemma) => !lemma.includes('_') && isKnownThing(lemma),
  );
  return [...new Set(words)].filter((word) => !labels.has(word) && !taken.has(word)).sort();
}

function isKnownThing(lemma) {
  return senses.get(lemma).nouns[0].times > 0 || lemma.length <= LONGEST_RARE;
}

/** Three letters that follow each other in some word; `^` and `$` are its ends. */
function trigrams() {
  const counts = new Map();
  for (const lemma of senses.keys()) {
    for (const word of lemma.split(/[_-]/)) {
      if (!/^[a-z]{3,}$/.test(word)) continue;
      for (const ending of ['', 's', 'ed', 'ing'].filter((end) => end === '' || !word.endsWith(end))) {
        const framed = `^${word}${ending}$`;
        for (let i = 0; i + 3 <= framed.length; i += 1) {
          const part = framed.slice(i, i + 3);
          counts.set(part, (counts.get(part) ?? 0) + 1);
        }
      }
    }
  }
  const often = [...counts].filter(([, count]) => count >= 12).map(([part]) => part);
  const byStart = grouped(often.sort(), (part) => part.slice(0, 2));
  return [...byStart].map(([start, parts]) => start + parts.map((part) => part[2]).join('')).join(' ');
}

function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function written() {
  const labels = kinds();
  widerWords(labels);
  const byLabels = grouped([...labels].sort(), ([, owners]) => [...owners].sort().join('|'));
  const lines = [...byLabels].map(([owners, words]) => `${owners}=${words.map(([word]) => word).join(',')}`).sort();
  const places = others(PLACES, labels, new Set());
  const things = others(THINGS, labels, new Set(places));
  return `/**
 * Made by \`npm run lexicon\`; don't edit. It is made of WordNet, whose notice is to stay with it:
 *
${notice()
  .map((line) => ` * ${line}`.trimEnd())
  .join('\n')}
 */

/** Labels of detectors = words for them. */
export const KINDS =
  '${lines.join(';')}';

/** Other things that can be pointed at. */
export const THINGS =
  '${things.join(',')}';

/** What may be around things. */
export const PLACES =
  '${places.join(',')}';

/** Two letters, and those that follow them somewhere; \`^\` and \`$\` are the ends of a word. */
export const TRIGRAMS =
  '${trigrams()}';
`;
}

const text = written();
if (!process.argv.includes('--check')) writeFileSync(TARGET, text);
else if (readFileSync(TARGET, 'utf8') !== text) {
  console.error('src/domain/wordnet.ts is not what `npm run lexicon` writes');
  process.exitCode = 1;
}
