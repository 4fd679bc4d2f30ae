import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Frame, SceneIndex, Zone } from '#domain';
import { type Inference, type Observation, Observer } from '#inference';
import { frame, HEIGHT, noisy, type Painter, room, WIDTH, withRectangle } from './pictures.ts';
import { type Bench, framesOf, haveReferences, inferenceWith, mediaFile, modelDir, skipNote } from './references.ts';
import { writePack } from './tiny-onnx.ts';

const never = new AbortController().signal;
const index: SceneIndex = {
  id: '0011223344556677',
  streamId: 'rts-1',
  name: 'scenes',
  prompt: '',
  extraction: { type: 'time', seconds: 1, frameCount: 2 },
  extractionConfig: {},
  modelName: 'basic',
  modelConfig: {},
  status: 'running',
  resumedMs: 0,
  createdMs: 0,
};
const middle: Zone = {
  name: 'middle',
  polygon: [
    [0.3, 0],
    [0.7, 0],
    [0.7, 1],
    [0.3, 1],
  ],
};

async function observe(observer: Observer, atMs: number, frames: Frame[]): Promise<Observation> {
  const window = { streamId: 'rts-1', startMs: atMs, endMs: atMs + 1000, frames, zones: [middle] };
  const observation = await observer.observe(window, 'index', never);
  return observation === 'dropped' ? expect.fail('dropped') : observation;
}

const look = (observer: Observer, atMs: number, paint: Painter) =>
  observe(observer, atMs, [frame(atMs, noisy(paint, atMs, 6)), frame(atMs + 500, noisy(paint, atMs + 1, 6))]);

/** Counts what reaches the detector. */
function countRuns(inference: Inference): () => number {
  const detect = vi.spyOn(inference, 'detect');
  return () => detect.mock.calls.length;
}

describe('without a detector', () => {
  it('measures, says so in its packs, and lets an unchanged scene go on', async () => {
    await using bench = await inferenceWith();
    const observer = new Observer(index, bench.inference);
    const first = await look(observer, 0, room);
    expect(first).toMatchObject({ changed: true, text: 'all is still', facts: { objects: [], packs: ['built-in'] } });
    expect((await look(observer, 1000, room)).changed).toBe(false);
    const moved = await look(observer, 2000, withRectangle(room, 140, 50, 40, 90));
    expect(moved).toMatchObject({ changed: true, text: 'motion in the middle zone' });
    expect(await look(observer, 3000, room)).toMatchObject({ changed: false });
    expect(await look(observer, 4000, room)).toMatchObject({ changed: true, text: 'all is still' });
  });
});

describe('with a detector', () => {
  let dir: string;
  let pack: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'watchpost-observer-'));
    pack = await writePack(dir);
  });
  afterAll(() => rm(dir, { recursive: true }));

  /** The tiny model sees a person in the middle as soon as the picture is bright enough: dark room, bright visitor. */
  const empty: Painter = () => 30;
  const visited = withRectangle(empty, 82, 0, 156, HEIGHT);
  const square = (paint: Painter, atMs: number): Frame => {
    const { rgb } = frame(atMs, noisy(paint, atMs, 3));
    return { atMs, width: WIDTH, height: HEIGHT, rgb, sceneScore: 0 };
  };
  const at = (observer: Observer, atMs: number, paint: Painter) => observe(observer, atMs, [square(paint, atMs)]);

  async function start(): Promise<Bench & { observer: Observer; runs: () => number }> {
    const bench = await inferenceWith(pack);
    return { ...bench, observer: new Observer(index, bench.inference), runs: countRuns(bench.inference) };
  }

  it('runs no model while nothing changes, and looks again now and then while something is there', async () => {
    await using bench = await start();
    const { observer, runs } = bench;
    const bright: Painter = (x) => 200 + x / 10;
    expect((await at(observer, 0, bright)).facts.counts).toEqual({ person: 1 });
    const before = runs();
    for (let second = 1; second < 30; second++) {
      expect(await at(observer, second * 1000, bright)).toMatchObject({
        changed: false,
        facts: { counts: { person: 1 } },
      });
    }
    expect(runs()).toBe(before);
    await at(observer, 30_000, bright);
    expect(runs()).toBe(before + 1);
  });

  it('tells who came and left, in words too', async () => {
    await using bench = await start();
    const { observer } = bench;
    await at(observer, 0, empty);
    const came = await at(observer, 1000, visited);
    expect(came.facts).toMatchObject({ packs: ['built-in', 'tiny'], motion: { zones: ['middle'] } });
    expect(came.facts.objects[0]).toMatchObject({ label: 'person', zones: ['middle'] });
    expect(came.best?.atMs).toBe(1000);
    expect(came.text).toBe(
      'a person in the middle zone; one person entered from the bottom; one person entered the middle zone; motion in the middle zone',
    );
    expect((await at(observer, 2000, empty)).facts.objects).toHaveLength(1);
    const left = await at(observer, 3000, empty);
    expect(left.facts).toMatchObject({ objects: [], gone: [{ label: 'person', track: 1 }], counts: {} });
    expect(left.text).toBe('one person left; all is still');
    expect(await at(observer, 4000, empty)).toMatchObject({ changed: true, text: 'all is still' });
    expect(await at(observer, 5000, empty)).toMatchObject({ changed: false });
  });

  it('drops the window when the detector has no time, and tells of the lights afterwards', async () => {
    await using bench = await start();
    const { observer, inference } = bench;
    await at(observer, 0, room);
    await at(observer, 1000, room);
    vi.spyOn(inference, 'detect').mockResolvedValueOnce('dropped');
    const dark = frame(2000, (x, y) => room(x, y) * 0.2);
    const window = { streamId: 'rts-1', startMs: 2000, endMs: 3000, frames: [dark], zones: [] };
    expect(await observer.observe(window, 'index', never)).toBe('dropped');
    const later = await observe(observer, 3000, [frame(3000, (x, y) => room(x, y) * 0.2)]);
    expect(later.facts.light.change).toBe('off');
  });

  it('costs one run for two indexes over the same frames', async () => {
    await using bench = await start();
    const other = new Observer(index, bench.inference);
    const picture = square(visited, 0);
    const [a, b] = await Promise.all([observe(bench.observer, 0, [picture]), observe(other, 0, [picture])]);
    expect(a.facts.objects[0]?.box).toBe(b.facts.objects[0]?.box);
  });
});

/** Seconds in which a person is in the picture, as SOURCES.md of the reference media gives them. */
const PRESENT = [
  [6, 19],
  [23, 43],
  [51, 69],
  [75, 86],
  [93, 119],
  [124, 135],
] as const;

describe.skipIf(!haveReferences)(`presence over two minutes of video${skipNote}`, () => {
  for (const pack of ['yolox-nano', 'deimv2-atto']) {
    it(`${pack}: six people come and leave, a second early to two seconds late at most`, {
      timeout: 60_000,
    }, async () => {
      await using bench = await inferenceWith(modelDir(pack));
      const observer = new Observer(index, bench.inference);
      const present: number[] = [];
      let [came, left, other] = [0, 0, 0];
      for await (const picture of framesOf(mediaFile('video/one-by-one-person-detection.mp4'), 1, 360)) {
        const { facts } = await observe(observer, picture.atMs, [picture]);
        const people = facts.objects.filter(({ label }) => label === 'person');
        if (people.length > 0) present.push(picture.atMs / 1000);
        came += people.filter(({ appeared }) => appeared).length;
        left += facts.gone.filter(({ label }) => label === 'person').length;
        other += facts.tamper.length + (facts.light.change ? 1 : 0) + Math.max(0, people.length - 1);
      }
      expect({ came, left, other }).toEqual({ came: 6, left: 6, other: 0 });
      const within = (second: number, early: number, late: number) =>
        PRESENT.some(([from, to]) => second >= from - early && second <= to + late);
      expect(present.filter((second) => !within(second, 1, 2))).toEqual([]);
      const missing = Array.from({ length: 139 }, (_, second) => second).filter(
        (second) => within(second, -1, -1) && !present.includes(second),
      );
      expect(missing).toEqual([]);
    });
  }
});
