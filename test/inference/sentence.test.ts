import { describe, expect, it } from 'vitest';
import type { SoundFacts } from '#domain';
import { describeSound } from '#inference';

function heard(...labels: string[]): SoundFacts {
  const sounds = labels.map((label, i) => ({ label, score: 0.9 - i / 10, startMs: 0, endMs: 1000 }));
  return { sounds, levelDb: -20 };
}

describe('describeSound', () => {
  it.each([
    [[], ''],
    [['bark'], 'a dog barks'],
    [['smoke detector, smoke alarm'], 'a smoke alarm sounds'],
    [['bark', 'siren'], 'a dog barks and a siren wails'],
    [['rain', 'thunder', 'wind'], 'it rains, it thunders and the wind blows'],
    // Models name the kind along with the thing.
    [['alarm', 'smoke detector, smoke alarm'], 'a smoke alarm sounds'],
    [['animal', 'dog', 'bark'], 'a dog barks'],
    [['bird vocalization, bird call, bird song', 'animal', 'wild animals'], 'birds sing'],
    [['rain', 'water', 'raindrop', 'rain on surface'], 'it rains'],
    [['beep, bleep', 'smoke detector, smoke alarm'], 'a smoke alarm sounds'],
    [['engine', 'vehicle', 'medium engine (mid frequency)'], 'an engine runs'],
    [['crying, sobbing', 'baby cry, infant cry'], 'a baby cries'],
    [['music', 'bark', 'cough', 'rain', 'thunder'], 'music plays, a dog barks and someone coughs'],
    [['accordion'], 'accordion is heard'],
  ])('%j → %j', (labels, text) => {
    expect(describeSound(heard(...labels))).toBe(text);
  });

  it('tells of the microphone', () => {
    expect(describeSound({ ...heard(), trouble: 'dead' })).toBe('the microphone is dead');
    expect(describeSound({ ...heard('music'), trouble: 'clipped' })).toBe(
      'the sound is too loud to be understood; music plays',
    );
  });
});
