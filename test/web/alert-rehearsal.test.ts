import { expect, it } from 'vitest';
import { rehearsedWords } from '../../src/web/alerts/alert-rehearsal.ts';

const at = (days: number, looked = 100, mute = 0) => ({ stream_name: 'Gate', days, looked, mute });

it.each([
  [
    { alerts: 3, alerts_per_day: 6.04, streams: [at(0.5)] },
    'It would have fired 3 times in the last 12 hours: about 6 a day.',
  ],
  [
    { alerts: 1, alerts_per_day: 144.2, streams: [at(0.007)] },
    'It would have fired 1 time in the last 10 minutes: about 144 a day.',
  ],
  [
    {
      alerts: 3,
      alerts_per_day: 3,
      thresholds: [
        { confidence: 0, alerts: 3 },
        { confidence: 0.5, alerts: 3 },
        { confidence: 0.6, alerts: 2 },
        { confidence: 0.7, alerts: 2 },
        { confidence: 0.9, alerts: 0 },
      ],
      streams: [at(1)],
    },
    'It would have fired 3 times in the last 24 hours: about 3 a day. Told from 60 % on: 2, from 90 % on: 0.',
  ],
  [{ alerts: 0, alerts_per_day: 0, streams: [at(1), at(0.2)] }, 'It would not have fired in the last 24 hours.'],
  [
    { alerts: 0, alerts_per_day: 0, streams: [at(1, 100, 80)] },
    'It would not have fired in the last 24 hours. Most of what is stored does not tell such things.',
  ],
  [{ alerts: 0, alerts_per_day: 0, streams: [at(0, 0)] }, 'Nothing is stored of the last day that could tell.'],
])('a rehearsal in a sentence: %j', (told, words) => {
  expect(rehearsedWords({ thresholds: [], ...told, fired: [] })).toBe(words);
});
