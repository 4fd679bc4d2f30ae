import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Frame } from '#domain';
import { type Observation, Observer } from '#inference';
import { Gallery } from '../../src/inference/gallery.ts';
import { type Bench, framesOf, haveReferences, inferenceWith, mediaFile, modelDir, skipNote } from './references.ts';

// A detector looks at some hundred pictures, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const never = new AbortController().signal;
const [WIDTH, HEIGHT] = [640, 360];
/** Seconds of the clip in which each of them stands, whole in the picture, at the table; and one in which nobody does. */
const PEOPLE = { grey: 12, black: 30, coat: 100, shirt: 130, blond: 58 };
const EMPTY = 4;
/** Columns of the picture in which they stand, and their middle. */
const PLACE = { from: 250, to: 460, middle: 375 };
type Name = keyof typeof PEOPLE;

interface Cutout {
  rgb: Uint8Array;
  /** Pixels that are theirs. */
  mask: Uint8Array;
}

describe.skipIf(!haveReferences)(`people of the reference clip, put into one picture${skipNote}`, () => {
  const taken = new Map<number, Uint8Array>();
  const cutouts = new Map<Name, Cutout>();
  let bench: Bench;
  let withoutLooks: Bench;

  beforeAll(async () => {
    let second = 0;
    for await (const { rgb } of framesOf(mediaFile('video/one-by-one-person-detection.mp4'), 1, HEIGHT)) {
      taken.set(second++, rgb);
    }
    for (const [name, at] of Object.entries(PEOPLE)) cutouts.set(name as Name, cut(at)); // Its own keys.
    bench = await inferenceWith(modelDir('yolox-nano'), undefined, undefined, [modelDir('person-reid-0248')]);
    withoutLooks = await inferenceWith(modelDir('yolox-nano'));
  });
  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
    await withoutLooks[Symbol.asyncDispose]();
  });

  const rgbAt = (second: number) => taken.get(second) ?? expect.fail(`the clip has no second ${second}`);

  function cut(second: number): Cutout {
    const [rgb, empty] = [rgbAt(second), rgbAt(EMPTY)];
    const mask = new Uint8Array(WIDTH * HEIGHT);
    for (let pixel = 0; pixel < mask.length; pixel++) {
      const x = pixel % WIDTH;
      const differs = [0, 1, 2].reduce(
        (sum, c) => sum + Math.abs((rgb[pixel * 3 + c] ?? 0) - (empty[pixel * 3 + c] ?? 0)),
        0,
      );
      if (x >= PLACE.from && x < PLACE.to && differs > 60) mask[pixel] = 1;
    }
    return { rgb, mask };
  }

  /** Those who come later in the list stand before the others. `x` is where their middle is. */
  function picture(atMs: number, people: readonly { name: Name; x: number }[]): Frame {
    const rgb = new Uint8Array(rgbAt(EMPTY));
    for (const { name, x } of people) {
      const { rgb: own, mask } = cutouts.get(name) ?? expect.fail(name);
      const shift = Math.round(x * WIDTH) - PLACE.middle;
      for (let pixel = 0; pixel < mask.length; pixel++) {
        const to = (pixel % WIDTH) + shift;
        if (!mask[pixel] || to < 0 || to >= WIDTH) continue;
        rgb.set(own.subarray(pixel * 3, pixel * 3 + 3), (pixel + shift) * 3);
      }
    }
    return { atMs, width: WIDTH, height: HEIGHT, rgb, sceneScore: 0 };
  }

  async function watch({ inference }: Bench, frames: readonly Frame[]): Promise<Observation[]> {
    const observer = new Observer({ streamId: 'rts-1' }, inference, new Gallery());
    const seen: Observation[] = [];
    for (const frame of frames) {
      const window = { streamId: 'rts-1', startMs: frame.atMs, endMs: frame.atMs + 1000, frames: [frame], zones: [] };
      const observation = await observer.observe(window, 'alert', never);
      seen.push(observation === 'dropped' ? expect.fail('dropped') : observation);
    }
    return seen;
  }

  const nearest = (observation: Observation | undefined, x: number) =>
    observation?.facts.objects
      .filter(({ label, box }) => label === 'person' && Math.abs((box.x1 + box.x2) / 2 - x) < 0.08)
      .sort((a, b) => Math.abs(a.box.x1 + a.box.x2 - 2 * x) - Math.abs(b.box.x1 + b.box.x2 - 2 * x))[0];

  /** One look a second; each walks an eighth of the picture in that time. */
  function passing(left: Name, right: Name): Frame[] {
    const steps = [0, 1, 2, 3, 4, 5, 6];
    const met = steps.map((step) =>
      picture(1000 + step * 1000, [
        { name: left, x: 0.15 + step * 0.117 },
        { name: right, x: 0.85 - step * 0.117 },
      ]),
    );
    return [picture(0, []), ...met];
  }

  it('stay themselves when they pass each other', async () => {
    const pairs: [Name, Name][] = [
      ['grey', 'black'],
      ['coat', 'shirt'],
      ['blond', 'grey'],
      ['black', 'blond'],
      ['black', 'coat'],
    ];
    const kept = { looks: 0, boxes: 0 };
    for (const [left, right] of pairs) {
      for (const [how, eyes] of [
        ['looks', bench],
        ['boxes', withoutLooks],
      ] as const) {
        const seen = await watch(eyes, passing(left, right));
        const [before, after] = [seen[2], seen[7]];
        const first = [nearest(before, 0.15 + 0.117)?.track, nearest(before, 0.85 - 0.117)?.track];
        const last = [nearest(after, 0.852)?.track, nearest(after, 0.148)?.track];
        expect(first).not.toContain(undefined);
        kept[how] += first.join() === last.join() ? 1 : 0;
      }
    }
    console.log(
      `\nafter passing each other ${kept.looks} of 5 pairs are themselves by looks, ${kept.boxes} by boxes alone\n`,
    );
    expect(kept.looks).toBe(5);
  });

  it('are themselves after some seconds behind something, and another one who comes out there is another one', async () => {
    const standing = (atMs: number, name: Name, x: number) => picture(atMs, [{ name, x }]);
    const before = [picture(0, []), standing(1000, 'coat', 0.3), standing(2000, 'coat', 0.4)];
    const hidden = [3, 4, 5, 6].map((second) => picture(second * 1000, []));
    const same = await watch(bench, [...before, ...hidden, standing(7000, 'coat', 0.55)]);
    const other = await watch(bench, [...before, ...hidden, standing(7000, 'black', 0.55)]);
    expect(same[6]?.facts.objects.filter(({ label }) => label === 'person')).toEqual([]);
    expect(nearest(same[7], 0.55)).toMatchObject({ track: nearest(same[2], 0.4)?.track, sinceMs: 1000, who: 1 });
    expect(nearest(same[7], 0.55)?.appeared).toBe(undefined);
    expect(nearest(other[7], 0.55)?.track).not.toBe(nearest(other[2], 0.4)?.track);
    expect(nearest(other[7], 0.55)?.appeared).toBeDefined();
  });

  it('are told apart by the colours they wear', async () => {
    const colours = async (name: Name) =>
      nearest((await watch(bench, [picture(0, [{ name, x: 0.3 }])]))[0], 0.3)?.colours?.[0];
    expect([await colours('grey'), await colours('black'), await colours('shirt')]).toEqual(['grey', 'black', 'grey']);
  });
});
