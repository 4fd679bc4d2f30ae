import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COCO_LABELS, isGibberish, isOtherThing, isSurrounding, labelsFor, singular } from '#domain';

const root = new URL('../../', import.meta.url);

describe('the words of WordNet', () => {
  it('are what the script writes', () => {
    expect(() => execFileSync('node', ['.ci/lexicon.mjs', '--check'], { cwd: root, stdio: 'pipe' })).not.toThrow();
  });

  it('are few enough for a small box', () => {
    expect(statSync(new URL('src/domain/wordnet.ts', root)).size).toBeLessThan(150_000);
  });

  it('stand for labels that detectors have', () => {
    const text = readFileSync(new URL('src/domain/wordnet.ts', root), 'utf8');
    const kinds = /KINDS =\s*'([^']+)'/.exec(text)?.[1] ?? '';
    const labels = new Set(kinds.split(';').flatMap((line) => line.split('=')[0]?.split('|') ?? []));
    expect([...labels].filter((label) => !COCO_LABELS.includes(label))).toEqual([]);
    expect(labels.size).toBeGreaterThan(60);
  });
});

describe('labelsFor', () => {
  it.each([
    ['taxi', ['car']],
    ['policemen', ['person']],
    ['poodles', ['dog']],
    ['german shepherd', ['dog']],
    ['speedboat', ['boat']],
    ['Armchair', ['chair']],
    ['wolves', []],
    ['furniture', ['bed', 'bench', 'chair', 'couch', 'dining table']],
    ['motor vehicle', ['car', 'motorcycle', 'truck']],
    ['forklift', []],
    ['board', []],
    ['watch', []],
    ['constructor', []],
    ['', []],
  ])('%s', (word, labels) => {
    expect([...labelsFor(word)].sort()).toEqual(labels);
  });

  it('prefers what was written by hand', () => {
    expect(labelsFor('van')).toEqual(['car', 'truck']);
    expect(labelsFor('intruder')).toEqual(['person']);
    expect(labelsFor('vehicle')).toEqual(['car', 'truck', 'bus', 'motorcycle']);
  });

  it('has no insults for people', () => {
    expect(['whore', 'idiot', 'coon', 'squaw', 'simpleton'].flatMap((word) => labelsFor(word))).toEqual([]);
  });
});

describe('words', () => {
  it('are of one or of several', () => {
    expect(['knives', 'buses', 'women', 'puppies', 'people'].map(singular)).toEqual([
      'knife',
      'bus',
      'women',
      'puppy',
      'people',
    ]);
  });

  it('are things without a label, or say where something is', () => {
    expect(['forklift', 'helmets', 'ladder', 'drone'].filter((word) => !isOtherThing(word))).toEqual([]);
    expect(['car', 'person', 'justice', 'run'].filter(isOtherThing)).toEqual([]);
    expect(['gate', 'kitchen', 'street'].filter((word) => !isSurrounding(word))).toEqual([]);
  });

  it('are gibberish when no English word has such letters', () => {
    expect(['asdf', 'qwer', 'zzzt', 'hjkl'].filter((word) => !isGibberish(word))).toEqual([]);
    expect(['person', 'Volkswagen', 'Beschreibe', 'lorem', 'a', 'двор', 'rhythm'].filter(isGibberish)).toEqual([]);
  });
});
