import { describe, expect, it } from 'vitest';
import { playableRange } from '#playback';

const recorded = { startMs: 1_000_000, endMs: 2_000_000 };
const NOW = 2_004_000;
const play = (startMs?: number, endMs?: number) => playableRange({ startMs, endMs }, recorded, NOW);

describe('playableRange', () => {
  it('leaves a range within the recording as it is', () => {
    expect(play(1_100_000, 1_200_000)).toEqual({ startMs: 1_100_000, endMs: 1_200_000 });
  });

  it('clips to what is recorded', () => {
    expect(play(1, 1_200_000)).toEqual({ startMs: 1_000_000, endMs: 1_200_000 });
    expect(play(1_900_000, 2_003_000)).toEqual({ startMs: 1_900_000, endMs: 2_000_000 });
  });

  it('leaves an end that is still to come open', () => {
    expect(play(1_900_000, 2_010_000)).toEqual({ startMs: 1_900_000, endMs: 2_010_000 });
  });

  it('gives at least a second', () => {
    expect(play(1_100_000, 1_100_000)).toEqual({ startMs: 1_100_000, endMs: 1_101_000 });
    expect(play(1_999_900, 1_999_950)).toEqual({ startMs: 1_999_900, endMs: 2_000_900 });
  });

  it('fills in a missing start or end', () => {
    expect(play(1_900_000)).toEqual({ startMs: 1_900_000, endMs: 2_000_000 });
    expect(play(undefined, 1_500_000)).toEqual({ startMs: 1_440_000, endMs: 1_500_000 });
    expect(play()).toEqual({ startMs: 1_940_000, endMs: 2_000_000 });
  });

  it('says so when nothing is recorded there', () => {
    const nothing = 'nothing is recorded between 1970-01-01T00:00:01.000Z and 1970-01-01T00:00:02.000Z';
    expect(() => play(1000, 2000)).toThrow(nothing);
    expect(() => play(2_000_000, 2_100_000)).toThrow('nothing is recorded between');
    expect(() => playableRange({}, undefined, NOW)).toThrow('nothing is recorded between');
  });

  it('rejects a reversed range and one longer than a day', () => {
    expect(() => play(1_200_000, 1_100_000)).toThrow('end: must not be before start');
    expect(() => play(1_900_000, 1_900_000 + 90_000_000)).toThrow('longer than 24 hours');
  });
});
