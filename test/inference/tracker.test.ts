import { describe, expect, it } from 'vitest';
import type { Box, Detection, Zone } from '#domain';
import { type Sighting, Tracker } from '../../src/inference/tracker.ts';

const everywhere = () => true;
const nowhere = () => false;
const doorway: Zone = {
  name: 'doorway',
  polygon: [
    [0, 0.5],
    [0.3, 0.5],
    [0.3, 1],
    [0, 1],
  ],
};

const at = (x: number, width = 0.1): Box => ({ x1: x, y1: 0.4, x2: x + width, y2: 0.9 });
const person = (x: number, score = 0.8): Detection => ({ label: 'person', score, box: at(x) });

/** Shows looks a second apart, each in a window of its own; the first window is empty unless `started` is given. */
function watch(
  windows: readonly (readonly Detection[])[],
  stirred: (box: Box) => boolean = everywhere,
  tracker = new Tracker(),
): Sighting[] {
  return windows.map((detections, i) => tracker.follow([{ atMs: i * 1000, detections }], [doorway], stirred));
}

const objects = (sightings: readonly Sighting[]) => sightings.map((sighting) => sighting.objects);

describe('following', () => {
  it('keeps the identity of what walks, and tells since when it is there', () => {
    const seen = objects(watch([[], [person(0.4)], [person(0.55)], [person(0.7)]]));
    expect(seen.slice(1).map(([one]) => [one?.track, one?.sinceMs])).toEqual(Array(3).fill([1, 1000]));
  });

  it('tells two apart that pass each other', () => {
    const left = (x: number): Detection => ({ ...person(x), box: { ...at(x), y2: 0.95 } });
    const seen = objects(
      watch([
        [person(0.2), left(0.6)],
        [person(0.3), left(0.5)],
        [person(0.35), left(0.44)],
      ]),
    );
    expect(seen.map((all) => all.map(({ track }) => track).sort((a, b) => a - b))).toEqual(Array(3).fill([1, 2]));
  });

  it('tells of what comes, over which edge, once; not of what was there from the start', () => {
    expect(objects(watch([[person(0.4)]]))[0]?.[0]?.appeared).toBe(undefined);
    const [, first, second] = objects(watch([[], [person(0)], [person(0.1)]]));
    expect(first?.[0]?.appeared).toBe('left');
    expect(second?.[0]?.appeared).toBe(undefined);
    expect(objects(watch([[], [person(0.92)]]))[1]?.[0]?.appeared).toBe('right');
    expect(objects(watch([[], [person(0.5)]]))[1]?.[0]?.appeared).toBe('in');
  });

  it('forgives one missed look, then tells that it is gone', () => {
    const seen = watch([[], [person(0.4)], [], [person(0.4)], [], []]);
    expect(seen.map((one) => one.objects.length)).toEqual([0, 1, 1, 1, 1, 0]);
    expect(seen[5]?.gone).toEqual([{ label: 'person', track: 1 }]);
    expect(seen.map(({ counts }) => counts['person'] ?? 0)).toEqual([0, 1, 1, 1, 1, 0]);
  });

  it('tells of what came and left within one window, and of its leaving in the next', () => {
    const tracker = new Tracker();
    tracker.follow([{ atMs: 0, detections: [] }], [], everywhere);
    const looks = [[person(0.4)], [], []].map((detections, i) => ({ atMs: 1000 + i * 1000, detections }));
    const during = tracker.follow(looks, [], everywhere);
    expect(during).toMatchObject({ objects: [{ appeared: 'in' }], gone: [], counts: { person: 1 }, bestLook: 0 });
    expect(tracker.settled).toBe(false);
    expect(tracker.follow([{ atMs: 4000, detections: [] }], [], everywhere)).toMatchObject({
      objects: [],
      gone: [{ track: 1 }],
      counts: {},
    });
  });

  it('needs two likely looks, or one that is sure; what is known stays with less', () => {
    const seen = watch([[], [person(0.4, 0.5)], [person(0.4, 0.5)], [person(0.4, 0.32)], [person(0.4, 0.32)]]);
    expect(seen.map((one) => one.objects.length)).toEqual([0, 0, 1, 1, 1]);
    expect(seen[2]?.objects[0]?.sinceMs).toBe(1000);
  });

  it('lets a detector waver where no pixel changes: nothing comes, nothing goes', () => {
    const wavering = [[], [person(0.4, 0.7)], [], [person(0.4, 0.7)], [person(0.4)], [person(0.4)], [], [person(0.4)]];
    const seen = watch(wavering, nowhere);
    expect(seen.flatMap((one) => one.gone)).toEqual([]);
    expect(seen.flatMap((one) => one.objects).filter((one) => one.appeared)).toEqual([]);
    expect(seen[7]?.objects).toHaveLength(1);
  });

  it('gives up what is never seen again, even where nothing moved', () => {
    const seen = watch([[person(0.4)], ...Array.from({ length: 7 }, () => [])], nowhere);
    expect(seen[7]?.objects).toEqual([]);
  });

  it('lets a thing have one name', () => {
    const van: Detection[] = [
      { label: 'car', score: 0.7, box: at(0.4, 0.3) },
      { label: 'truck', score: 0.5, box: at(0.4, 0.31) },
    ];
    expect(objects(watch([van]))[0]).toHaveLength(1);
  });
});

describe('zones', () => {
  it('go by the foot point, and are entered once', () => {
    const seen = objects(watch([[person(0.6)], [person(0.4)], [person(0.2)], [person(0.1)]]));
    expect(seen.map(([one]) => one?.zones)).toEqual([[], [], ['doorway'], ['doorway']]);
    expect(seen.map(([one]) => one?.entered)).toEqual([[], [], ['doorway'], []]);
  });

  it('are entered by what appears in them, not by what was there from the start', () => {
    expect(objects(watch([[person(0.1)]]))[0]?.[0]).toMatchObject({ zones: ['doorway'], entered: [] });
    expect(objects(watch([[], [person(0.1)]]))[1]?.[0]).toMatchObject({ zones: ['doorway'], entered: ['doorway'] });
  });

  it('are not left by one missed look', () => {
    const [, missed, back] = objects(watch([[person(0.1)], [], [person(0.1)]]));
    expect(missed?.[0]?.zones).toEqual(['doorway']);
    expect(back?.[0]).toMatchObject({ zones: ['doorway'], entered: [] });
  });
});
