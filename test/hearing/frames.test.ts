import { describe, expect, it } from 'vitest';
import { Framer, joined } from '#hearing';
import { chunks, noise, T0 } from './sound.ts';

const sound = noise(2000, -20);

describe('the framer', () => {
  it.each([1, 10, 64, 333, 1000])('gives every sample once, at its time, from chunks of %i ms', (chunkMs) => {
    const framer = new Framer();
    const frames = [...chunks(sound, T0, chunkMs)].flatMap((chunk) => framer.push(chunk).frames);
    expect(frames.map(({ atMs }) => Math.round(atMs - T0))).toEqual(frames.map((_, n) => n * 32));
    const all = joined(frames.map(({ samples }) => samples));
    expect(all).toEqual(sound.slice(0, all.length));
    expect(sound.length - all.length).toBeLessThan(512);
  });

  it('tells a jump, and drops what was left over before it', () => {
    const framer = new Framer();
    framer.push({ atMs: T0, samples: sound.slice(0, 700) });
    const { jump, frames } = framer.push({ atMs: T0 + 5000, samples: sound.slice(0, 512) });
    expect(jump).toEqual({ fromMs: T0 + 700 / 16, toMs: T0 + 5000 });
    expect(frames).toEqual([{ atMs: T0 + 5000, samples: sound.slice(0, 512) }]);
  });

  it('tells a clock that was set back', () => {
    const framer = new Framer();
    framer.push({ atMs: T0, samples: sound.slice(0, 16_000) });
    expect(framer.push({ atMs: T0 - 3_600_000, samples: sound.slice(0, 512) }).jump).toEqual({
      fromMs: T0 + 1000,
      toMs: T0 - 3_600_000,
    });
  });

  it('takes a clock that creeps for no jump', () => {
    const framer = new Framer();
    for (let n = 0; n < 50; n++) {
      expect(framer.push({ atMs: T0 + n * 180, samples: sound.slice(0, 3200) }).jump).toBeUndefined();
    }
  });

  it('begins anew after a reset', () => {
    const framer = new Framer();
    framer.push({ atMs: T0, samples: sound.slice(0, 700) });
    framer.reset();
    expect(framer.push({ atMs: T0 + 60_000, samples: sound.slice(0, 512) })).toEqual({
      frames: [{ atMs: T0 + 60_000, samples: sound.slice(0, 512) }],
    });
  });
});
