import { describe, expect, it } from 'vitest';
import { joined, LevelMeter, NoiseGate } from '#hearing';
import { frames, mixed, noise, silence, tone } from './sound.ts';

function measured(samples: Int16Array) {
  const meter = new LevelMeter();
  for (const frame of frames(samples)) meter.add(frame);
  return meter.take();
}

describe('the level', () => {
  it.each([-6, -20, -45])('of a tone of %i dBFS is that', (db) => {
    expect(measured(tone(1000, 440, db)).levelDb).toBeCloseTo(db, 0);
  });

  it('of digital silence is as low as it gets, and no trouble for a moment', () => {
    expect(measured(silence(9000))).toEqual({ levelDb: -96 });
  });

  it('is that of what was measured since it was asked last', () => {
    const meter = new LevelMeter();
    for (const frame of frames(tone(1000, 440, -10))) meter.add(frame);
    meter.take();
    for (const frame of frames(tone(1000, 440, -40))) meter.add(frame);
    expect(meter.take().levelDb).toBeCloseTo(-40, 0);
  });

  it.each([
    ['silence', silence(12_000)],
    ['one value', silence(12_000).map(() => 1200)],
    ['a flicker of the last bit', silence(12_000).map((_, n) => n % 2)],
  ])('tells a dead microphone by ten seconds of %s', (_, samples) => {
    expect(measured(samples).trouble).toBe('dead');
  });

  it('does not take a quiet room for a dead microphone, nor one that came back', () => {
    expect(measured(noise(12_000, -75)).trouble).toBeUndefined();
    expect(measured(joined([silence(12_000), noise(100, -60)])).trouble).toBeUndefined();
  });

  it('does not take a slow drift for a dead microphone', () => {
    expect(measured(silence(12_000).map((_, n) => Math.round(n / 4000))).trouble).toBeUndefined();
  });

  it('tells what is cut off at full scale', () => {
    expect(measured(silence(1000).map((_, n) => (n % 40 < 20 ? 32_767 : -32_768)))).toEqual({
      levelDb: expect.closeTo(0, 0),
      trouble: 'clipped',
    });
    expect(measured(tone(1000, 440, -6)).trouble).toBeUndefined();
  });
});

/** Share of frames that pass, second by second. */
function passed(samples: Int16Array): number[] {
  const [gate, meter] = [new NoiseGate(), new LevelMeter()];
  const open = frames(samples).map((frame) => gate.pass(meter.add(frame)));
  return Array.from({ length: Math.floor(open.length / 31) }, (_, second) => {
    const part = open.slice(second * 31, (second + 1) * 31);
    return part.filter(Boolean).length / part.length;
  });
}

describe('the gate', () => {
  it('is shut for silence and for a quiet room, from the first moment', () => {
    expect(new Set(passed(silence(20_000)))).toEqual(new Set([0]));
    expect(new Set(passed(noise(20_000, -65)))).toEqual(new Set([0]));
  });

  it('opens at once for what is loud, and shuts within a second', () => {
    const shares = passed(joined([noise(5000, -65), noise(1000, -30), noise(5000, -65)]));
    expect(shares[3]).toBe(0);
    expect(shares[5]).toBeGreaterThan(0.9);
    expect(shares.slice(8)).toEqual([0, 0, 0]);
  });

  it('learns a noise that stays, and opens for what is above it', () => {
    const fan = noise(30_000, -35);
    const shares = passed(mixed(fan, joined([silence(25_000), noise(2000, -24), silence(3000)])));
    expect(shares.slice(12, 24)).toEqual(shares.slice(12, 24).map(() => 0));
    expect(shares[26]).toBe(1);
  });

  it('stays open for who talks on and on', () => {
    // Syllables of 200 ms with 100 ms between them, for a minute.
    const syllables = Array.from({ length: 200 }, () => [noise(200, -25), noise(100, -55)]).flat();
    expect(new Set(passed(joined(syllables)))).toEqual(new Set([1]));
  });

  it('forgets a noise that is over', () => {
    const shares = passed(joined([noise(20_000, -30), noise(2000, -60), noise(3000, -45)]));
    expect(shares[15]).toBe(0);
    expect(shares[23]).toBe(1);
  });
});
