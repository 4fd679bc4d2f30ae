import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  NO_EVENTS,
  rootOf,
  SOUND_KINDS,
  SOUND_LABELS,
  SOUNDING_THINGS,
  sayingOf,
  soundCalled,
  soundKindOf,
  soundWords,
  tellingLabels,
} from '#domain';
import { ABSENT, sharedFile } from '../e2e/support/shared.ts';

const CLASSES = sharedFile('models/yamnet/yamnet_class_map.csv');

describe('sounds', () => {
  it.skipIf(CLASSES === undefined)(`are numbered as the model numbers them (${ABSENT})`, () => {
    const lines = readFileSync(CLASSES ?? '', 'utf8')
      .trim()
      .split('\n')
      .slice(1);
    const names = lines.map((line) => /^\d+,[^,]+,"?([^"]+)"?$/.exec(line.trim())?.[1]?.toLowerCase());
    expect(SOUND_LABELS).toEqual(names);
  });

  it('are 521, each once', () => {
    expect(new Set(SOUND_LABELS).size).toBe(521);
    expect(SOUND_LABELS).toHaveLength(521);
    expect([SOUND_LABELS[0], SOUND_LABELS[393], SOUND_LABELS[520]]).toEqual([
      'speech',
      'smoke detector, smoke alarm',
      'field recording',
    ]);
  });

  it('that people ask for are made of classes that there are, and that are told', () => {
    const unknown = [...SOUND_KINDS, ...SOUNDING_THINGS].flatMap(({ labels }) =>
      labels.filter((label) => !SOUND_LABELS.includes(label) || NO_EVENTS.has(label)),
    );
    expect(unknown).toEqual([]);
  });

  it('have a sentence each, and it is theirs', () => {
    expect(sayingOf('smoke detector, smoke alarm')).toBe('a smoke alarm sounds');
    expect(sayingOf('bark')).toBe('a dog barks');
    expect(sayingOf('dog')).toBe('a dog is heard');
    expect(sayingOf('vehicle horn, car horn, honking')).toBe('a vehicle sounds its horn');
    expect(sayingOf('accordion')).toBe('accordion is heard');
    expect(sayingOf('bee, wasp, etc.')).toBe('something buzzes');
    for (const label of SOUND_LABELS) expect(sayingOf(label), label).toMatch(/^[a-z][^;()]+$/);
    for (const label of NO_EVENTS) expect(SOUND_LABELS).toContain(label);
    for (const kind of SOUND_KINDS) expect(soundKindOf(kind.labels[0] ?? '')?.labels[0]).toBe(kind.labels[0]);
  });

  it('are found by any of their names, in any form', () => {
    expect(soundCalled('Chainsaws')).toBe('chainsaw');
    expect(soundCalled('car horn')).toBe('vehicle horn, car horn, honking');
    expect(soundCalled('tuning forks')).toBe('tuning fork');
    expect(soundCalled('etc.')).toBeUndefined();
    expect(soundCalled('silver')).toBeUndefined();
    expect(soundCalled('echo')).toBeUndefined();
  });

  it('say nothing that another says better', () => {
    expect(tellingLabels(['alarm', 'bark', 'smoke detector, smoke alarm'])).toEqual([
      'bark',
      'smoke detector, smoke alarm',
    ]);
    expect(tellingLabels(['animal', 'accordion'], ['bark', 'animal'])).toEqual(['accordion']);
    expect(tellingLabels(['bark', 'siren'])).toEqual(['bark', 'siren']);
  });

  it('are worded as scenes word them, for search', () => {
    expect(soundWords('yelling')).toEqual(['shouts']);
    expect(soundWords('gunfire')).toEqual(['gunshot']);
    expect(soundWords('laughter')).toEqual(['laughs']);
    expect(soundWords('honk')).toEqual(['horn']);
    expect(soundWords('umbrella')).toEqual([]);
  });

  it.each([
    ['bark', 'barks', 'barked', 'barking'],
    ['cry', 'cries', 'cried', 'crying'],
    ['clap', 'claps', 'clapped', 'clapping'],
    ['ring', 'rings', 'ringing'],
    ['sneeze', 'sneezes', 'sneezed', 'sneezing'],
    ['smash', 'smashes', 'smashed'],
  ])('%s is the root of all its forms', (...forms) => {
    expect(new Set(forms.map(rootOf)).size).toBe(1);
  });

  it.each([
    ['rain', 'train'],
    ['ring', 'rung'],
    ['horn', 'horse'],
    ['sing', 'sign'],
  ])('%s is not %s', (a, b) => {
    expect(rootOf(a)).not.toBe(rootOf(b));
  });
});
