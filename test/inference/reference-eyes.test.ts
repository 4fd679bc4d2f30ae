import { describe, expect, it, vi } from 'vitest';
import type { Box, Frame } from '#domain';
import type { Asks } from '../../src/inference/protocol.ts';
import {
  type Bench,
  framesOf,
  haveReferences,
  inferenceWith,
  mediaFile,
  modelDir,
  skipNote,
  still,
} from './references.ts';

// Some look at a whole video, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const about = { streamId: 'rts-1', priority: 'index' } as const;
const never = new AbortController().signal;

type Small = 'face-detection' | 'person-embedding' | 'text-detection' | 'text-recognition' | 'image-embedding';

async function answer<T extends Small>({ inference }: Bench, task: T, ask: Asks[T]) {
  const outcome = await inference.ask(task, ask, about, never);
  if (typeof outcome === 'string') throw new Error(`${task}: ${outcome}`);
  return outcome;
}

const pixels = ({ x1, y1, x2, y2 }: Box, { width, height }: Frame) =>
  [x1 * width, y1 * height, x2 * width, y2 * height].map(Math.round);

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

describe.skipIf(!haveReferences)(`faces against their reference${skipNote}`, () => {
  it.each([
    ['astronaut.png', 1],
    ['grace_hopper.png', 1],
    ['face.jpg', 4],
    ['dog.jpg', 0],
  ])('%s has %i', async (name, count) => {
    await using bench = await inferenceWith(modelDir('ultraface-rfb-320'));
    const found = await answer(bench, 'face-detection', { picture: await still(name), minScore: 0.7 });
    expect(found).toHaveLength(count);
    for (const { score } of found) expect(score).toBeGreaterThan(0.95);
  });

  it('are where they are', async () => {
    await using bench = await inferenceWith(modelDir('ultraface-rfb-320'));
    const picture = await still('astronaut.png');
    const [face] = await answer(bench, 'face-detection', { picture, minScore: 0.7 });
    const found = pixels(face?.box ?? expect.fail('no face'), picture);
    [180, 62, 268, 174].forEach((side, i) => {
      expect(Math.abs((found[i] ?? 0) - side), `side ${i} of ${found.join()}`).toBeLessThanOrEqual(4);
    });
  });
});

describe.skipIf(!haveReferences)(`texts against their references${skipNote}`, () => {
  it('reads a plate and a sign, and nothing in a street without', async () => {
    await using bench = await inferenceWith(modelDir('ppocr-det-en-v3'));
    await bench.models.importPack(modelDir('ppocr-rec-en-number-v2'));
    await bench.inference.reload();
    const picture = await still('plate_synth.png');
    const places = await answer(bench, 'text-detection', { picture });
    expect(places).toHaveLength(2);
    const boxes = places.map(({ box }) => box);
    const lines = await vi.waitFor(() => answer(bench, 'text-recognition', { picture, boxes }), { timeout: 20_000 });
    const read = new Map(lines.map(({ text, score }) => [text, score]));
    expect([...read.keys()].sort()).toEqual(['KX51 ABD', 'LOADINGBAY7']);
    expect(Math.min(...read.values())).toBeGreaterThan(0.94);
    expect(await answer(bench, 'text-detection', { picture: await still('traffic_0001.png') })).toEqual([]);
  });
});

describe.skipIf(!haveReferences)(`whole pictures against their reference${skipNote}`, () => {
  it('are named, and alike when they show the same', async () => {
    await using bench = await inferenceWith(modelDir('mobilenet-v2-embed'));
    const look = async (name: string) => answer(bench, 'image-embedding', { picture: await still(name) });
    const cat = await look('cat_720p.jpg');
    expect(cat.labels[0]).toMatchObject({ label: 'egyptian cat' });
    expect(Math.abs((cat.labels[0]?.score ?? 0) - 0.8)).toBeLessThan(0.1);
    const [other, street, later] = [
      await look('chelsea.png'),
      await look('traffic_0001.png'),
      await look('traffic_0002.png'),
    ];
    expect(cosine(cat.vector, other.vector)).toBeGreaterThan(0.55);
    expect(cosine(street.vector, later.vector)).toBeGreaterThan(0.85);
    expect(cosine(cat.vector, street.vector)).toBeLessThan(0.4);
  });
});

/** What the person embedding says of those who stand in the room, one list for each visit. */
async function visitors(bench: Bench): Promise<Float32Array[][]> {
  const visits: Float32Array[][] = [];
  let alone = true;
  for await (const picture of framesOf(mediaFile('video/one-by-one-person-detection.mp4'), 1, 360)) {
    const seen = await bench.inference.detect(picture, about, never);
    const person = Array.isArray(seen) ? seen.find(({ label, score }) => label === 'person' && score > 0.5) : undefined;
    if (person && alone) visits.push([]);
    alone = person === undefined;
    if (!person) continue;
    visits.at(-1)?.push(...(await answer(bench, 'person-embedding', { picture, boxes: [person.box] })));
  }
  return visits;
}

describe.skipIf(!haveReferences)(`people against their reference${skipNote}`, () => {
  it('are alike while they stand, and unlike one another', async () => {
    await using bench = await inferenceWith(modelDir('yolox-nano'));
    await bench.models.importPack(modelDir('person-reid-0248'));
    await bench.inference.reload();
    const visits = (await visitors(bench)).filter(({ length }) => length >= 5);
    expect(visits).toHaveLength(6);
    const standing = visits.map((views) => views.slice(Math.floor(views.length * 0.3), Math.ceil(views.length * 0.7)));
    const pairs = standing.flatMap((some, i) =>
      standing
        .slice(i)
        .flatMap((others, j) => some.flatMap((a) => others.map((b) => ({ same: j === 0, like: cosine(a, b) })))),
    );
    expect(Math.min(...pairs.filter(({ same }) => same).map(({ like }) => like))).toBeGreaterThan(0.8);
    expect(Math.max(...pairs.filter(({ same }) => !same).map(({ like }) => like))).toBeLessThan(0.65);
  });
});
