import { describe, expect, it } from 'vitest';
import type { Frame, Tamper, Zone } from '#domain';
import { dominantColours } from '../../src/inference/built-in/colours.ts';
import { type PixelFacts, PixelWatch } from '../../src/inference/built-in/pixels.ts';
import { blurred, dimmed, frame, noisy, type Painter, room, shifted, WIDTH, withRectangle } from './pictures.ts';

const doorway: Zone = {
  name: 'doorway',
  polygon: [
    [0, 0],
    [0.3, 0],
    [0.3, 1],
    [0, 1],
  ],
};

/** Shows pictures a second apart, each with grain of its own, one to a window. */
function show(pictures: readonly Painter[], watch = new PixelWatch(), fromMs = 0): PixelFacts[] {
  return pictures.map((paint, i) => {
    const facts = watch.watch([frame(fromMs + i * 1000, noisy(paint, fromMs + i))], [doorway]);
    if (facts.changed) watch.settle();
    return facts;
  });
}

const repeat = (paint: Painter, times: number): Painter[] => Array.from({ length: times }, () => paint);
const last = (all: readonly PixelFacts[]): PixelFacts => all[all.length - 1] ?? expect.fail('no facts');
const tampersOf = (all: readonly PixelFacts[]): Tamper[] => [...new Set(all.flatMap(({ tamper }) => tamper))];

describe('motion', () => {
  it('does not see grain and coding steps as motion, or as a change', () => {
    const [, ...facts] = show(repeat(room, 6));
    expect(facts.map(({ motion }) => motion.regions)).toEqual(Array(5).fill([]));
    expect(facts.map(({ changed }) => changed)).toEqual(Array(5).fill(false));
  });

  it('finds where something moved, and in which zone', () => {
    const { motion, changed } = last(show([room, withRectangle(room, 30, 60, 30, 70)]));
    expect(changed).toBe(true);
    expect(motion.zones).toEqual(['doorway']);
    expect(motion.amount).toBeCloseTo((30 * 70) / (320 * 180), 1);
    const [region] = motion.regions;
    expect(region?.x1).toBeCloseTo(30 / 320, 1);
    expect(region?.y2).toBeCloseTo(130 / 180, 1);
  });

  it('does not name a zone in which nothing moved', () => {
    expect(last(show([room, withRectangle(room, 200, 60, 30, 70)])).motion.zones).toEqual([]);
  });

  it('takes a change of exposure out, but not what moved during it', () => {
    const brighter = dimmed(withRectangle(room, 30, 60, 30, 70), 1.15);
    const [before, after] = [last(show([room, dimmed(room, 1.15)])), last(show([room, brighter]))];
    expect(before.motion.regions).toEqual([]);
    expect(after.motion.regions).toHaveLength(1);
  });

  it('adds up what moves slowly until it is a change', () => {
    const creeping = Array.from({ length: 12 }, (_, i) => withRectangle(room, 100 + i, 60, 30, 70));
    expect(
      show(creeping)
        .slice(1)
        .some(({ changed }) => changed),
    ).toBe(true);
  });
});

describe('light', () => {
  it('tells when the lights go off and on, and calls neither motion', () => {
    const facts = show([room, room, dimmed(room, 0.2), dimmed(room, 0.2), room, room]);
    expect(facts.map(({ light }) => light.change)).toEqual([undefined, undefined, 'off', undefined, 'on', undefined]);
    expect(facts.flatMap(({ motion }) => motion.regions)).toEqual([]);
    expect(facts[3]?.light.brightness).toBeLessThan(0.15);
  });

  it('is not fooled by dusk', () => {
    const dusk = Array.from({ length: 40 }, (_, i) => dimmed(room, 1 - i * 0.02));
    const facts = show(dusk);
    expect(facts.map(({ light }) => light.change).filter(Boolean)).toEqual([]);
    expect(tampersOf(facts)).toEqual([]);
  });
});

describe('tampering', () => {
  const settle = 10;

  it('sees a covered lens until it is free again', () => {
    const hand: Painter = (x, y) => 45 + x / 30 + y / 40;
    const watch = new PixelWatch();
    show(repeat(room, settle), watch);
    expect(last(show(repeat(hand, 4), watch, settle * 1000)).tamper).toEqual(['covered']);
    expect(last(show(repeat(room, 3), watch, (settle + 4) * 1000)).tamper).toEqual([]);
  });

  it('sees a lens taped black', () => {
    const facts = show([...repeat(room, settle), ...repeat(() => 4, 4)]);
    expect(last(facts).tamper).toEqual(['covered']);
  });

  it('sees a picture out of focus', () => {
    const facts = show([...repeat(room, settle), ...repeat(blurred(room, 15), 5)]);
    expect(last(facts).tamper).toEqual(['blurred']);
  });

  it('sees that the camera was turned', () => {
    const facts = show([...repeat(room, settle), ...repeat(shifted(room, 37, 11), 8)]);
    expect(last(facts).tamper).toEqual(['moved']);
  });

  it('does not take for tampering: people, lights off, grain', () => {
    const walk = Array.from({ length: 12 }, (_, i) => withRectangle(room, i * 25 - 20, 20, 70, 160, 30));
    expect(tampersOf(show([...repeat(room, settle), ...walk]))).toEqual([]);
    expect(tampersOf(show([...repeat(room, settle), ...repeat(dimmed(room, 0.15), 8)]))).toEqual([]);
    expect(tampersOf(show(repeat(room, 20)))).toEqual([]);
  });

  it('does not take a person who stays for tampering', () => {
    const standing = withRectangle(room, 120, 20, 90, 160, 30);
    expect(tampersOf(show([...repeat(room, settle), ...repeat(standing, 20)]))).toEqual([]);
  });
});

describe('colours', () => {
  it('names the dominant ones, most frequent first', () => {
    const rgb = new Uint8Array(WIDTH * 60 * 3);
    for (let i = 0; i < rgb.length; i += 3) rgb.set(i < rgb.length * 0.6 ? [200, 20, 20] : [30, 60, 200], i);
    const picture: Frame = { atMs: 0, width: WIDTH, height: 60, rgb, sceneScore: 0 };
    expect(dominantColours(picture)).toEqual(['red', 'blue']);
  });
});
