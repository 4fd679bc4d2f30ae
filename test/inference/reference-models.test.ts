import { describe, expect, it, vi } from 'vitest';
import { type Detection, type Frame, intersectionOverUnion } from '#domain';
import { framesOf, haveReferences, inferenceWith, mediaFile, modelDir, skipNote, still } from './references.ts';

// Each starts processes of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const request = { streamId: 'rts-1', priority: 'index' } as const;
const never = new AbortController().signal;

/** Label, score, and where known the box in pixels, as the packs' own descriptions state them. */
type Expected = readonly [label: string, score: number, box?: readonly [number, number, number, number]];

const EXPECTED: Record<string, Record<string, readonly Expected[]>> = {
  'yolox-nano': {
    'dog.jpg': [
      ['dog', 0.83, [133, 207, 325, 542]],
      ['car', 0.81, [467, 78, 692, 172]],
      ['bicycle', 0.81, [46, 132, 572, 431]],
    ],
    'traffic_0001.png': [
      ['car', 0.84],
      ['car', 0.73],
      ['car', 0.55],
    ],
  },
  'deimv2-atto': {
    'dog.jpg': [
      ['car', 0.75, [465, 78, 692, 168]],
      ['dog', 0.67, [129, 220, 332, 541]],
      ['bicycle', 0.61],
      ['truck', 0.49],
    ],
  },
  'deimv2-femto': {
    'dog.jpg': [
      ['dog', 0.73, [129, 214, 309, 543]],
      ['car', 0.67],
      ['bicycle', 0.59],
      ['truck', 0.52],
    ],
    'traffic_0001.png': [
      ['car', 0.93],
      ['car', 0.9],
      ['car', 0.84],
    ],
    'grace_hopper.png': [
      ['person', 0.95],
      ['tie', 0.79],
    ],
  },
  fastestdet: {
    'dog.jpg': [
      ['car', 0.78],
      ['dog', 0.77],
      ['bicycle', 0.73],
    ],
  },
  'light-person-detector': { 'astronaut.png': [['person', 0.88]] },
};
const PEOPLE_ONLY = 'light-person-detector';

function matches([label, score, box]: Expected, found: Detection, width: number, height: number): boolean {
  if (found.label !== label || Math.abs(found.score - score) > 0.05) return false;
  if (!box) return true;
  const wanted = { x1: box[0] / width, y1: box[1] / height, x2: box[2] / width, y2: box[3] / height };
  return intersectionOverUnion(wanted, found.box) > 0.9;
}

describe.skipIf(!haveReferences)(`detectors against their references${skipNote}`, () => {
  for (const [pack, pictures] of Object.entries(EXPECTED)) {
    it(`${pack} gives the scores and boxes of its description`, async () => {
      await using bench = await inferenceWith(modelDir(pack));
      for (const [name, expected] of Object.entries(pictures)) {
        const frame = await still(name);
        const found = await bench.inference.detect(frame, request, never);
        if (!Array.isArray(found)) throw new Error(found);
        for (const one of expected) {
          expect(found, `${name}: ${one[0]} ${one[1]}`).toSatisfy((all: Detection[]) =>
            all.some((detection) => matches(one, detection, frame.width, frame.height)),
          );
        }
      }
    });
  }

  it.each(Object.keys(EXPECTED).filter((pack) => pack !== PEOPLE_ONLY))(
    '%s sees one person in the portrait and cars in the traffic',
    async (pack) => {
      await using bench = await inferenceWith(modelDir(pack));
      const person = await bench.inference.detect(await still('astronaut.png'), request, never);
      const cars = await bench.inference.detect(await still('traffic_0001.png'), request, never);
      if (!Array.isArray(person) || !Array.isArray(cars)) throw new Error('not looked at');
      expect(person[0]?.label).toBe('person');
      expect(person[0]?.score).toBeGreaterThan(0.6);
      expect(cars.filter(({ label, score }) => label === 'car' && score > 0.45).length).toBeGreaterThanOrEqual(2);
    },
  );

  it('light-person-detector sees who comes into the room, nobody before, and no dog', async () => {
    await using bench = await inferenceWith(modelDir(PEOPLE_ONLY));
    const look = (frame: Frame) => bench.inference.detect(frame, request, never);
    expect(await look(await still('dog.jpg'))).toEqual([]);
    const seen: (Detection[] | string)[] = [];
    for await (const frame of framesOf(mediaFile('video/one-by-one-person-detection.mp4'), 1, 360)) {
      seen.push(await look(frame));
      if (frame.atMs >= 10_000) break;
    }
    expect(seen[0]).toEqual([]);
    expect(seen[10]).toMatchObject([{ label: 'person', score: expect.closeTo(0.83, 1) }]);
  });
});
