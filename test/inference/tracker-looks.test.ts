import { describe, expect, it } from 'vitest';
import type { Box, Zone } from '#domain';
import { Gallery } from '../../src/inference/gallery.ts';
import type { Sighted } from '../../src/inference/track.ts';
import { type Look, type Sighting, Tracker } from '../../src/inference/tracker.ts';
import { leaning } from './vectors.ts';

const everywhere = () => true;
const nowhere = () => false;
const at = (x: number, width = 0.1): Box => ({ x1: x, y1: 0.4, x2: x + width, y2: 0.9 });
const person = (x: number, appearance?: Float32Array, score = 0.8): Sighted => ({
  label: 'person',
  score,
  box: at(x),
  ...(appearance ? { appearance } : {}),
});
const car = (x: number, score = 0.8): Sighted => ({ label: 'car', score, box: at(x, 0.2) });
const ann = leaning(0);
const ben = leaning(1);

const look = (atMs: number, ...detections: Sighted[]): Look => ({ atMs, detections });
const follow = (
  tracker: Tracker,
  windows: readonly Look[],
  stirred: (box: Box) => boolean = everywhere,
  zones: Zone[] = [],
) => windows.map((one) => tracker.follow([one], zones, stirred));
const tracks = ({ objects }: Sighting) => objects.map(({ track }) => track).sort((a, b) => a - b);
const trackAt = ({ objects }: Sighting, x: number) => objects.find(({ box }) => Math.abs(box.x1 - x) < 1e-6)?.track;

describe('by their looks', () => {
  it('two who pass each other between two looks stay themselves', () => {
    const path = (a: Float32Array | undefined, b: Float32Array | undefined) => [
      look(0),
      look(1000, person(0.4, a), person(0.5, b)),
      look(2000, person(0.5, a), person(0.4, b)),
    ];
    const [, before, after] = follow(new Tracker(), path(ann, ben));
    expect([trackAt(after as Sighting, 0.5), trackAt(after as Sighting, 0.4)]).toEqual([
      trackAt(before as Sighting, 0.4),
      trackAt(before as Sighting, 0.5),
    ]);
    // Boxes alone would have it the other way round.
    const [, had, has] = follow(new Tracker(), path(undefined, undefined));
    expect(trackAt(has as Sighting, 0.4)).toBe(trackAt(had as Sighting, 0.4));
  });

  it('two who pass each other stay themselves although they look somewhat alike', () => {
    const twin = leaning(0, 0.7);
    const path = [look(1000, person(0.4, ann), person(0.5, twin)), look(2000, person(0.5, ann), person(0.4, twin))];
    const [before, after] = follow(new Tracker(), path);
    expect(trackAt(after as Sighting, 0.5)).toBe(trackAt(before as Sighting, 0.4));
    expect(trackAt(after as Sighting, 0.4)).toBe(trackAt(before as Sighting, 0.5));
  });

  it('somebody who was hidden for some seconds is no news; somebody else in that place is', () => {
    const hidden = [look(0), look(1000, person(0.4, ann)), look(2000), look(3000), look(4000), look(5000)];
    const same = follow(new Tracker(), [...hidden, look(6000, person(0.5, leaning(0, 0.9)))]);
    expect(same[6]?.objects).toMatchObject([{ track: 1, sinceMs: 1000 }]);
    expect(same[6]?.objects[0]?.appeared).toBe(undefined);
    const other = follow(new Tracker(), [...hidden, look(6000, person(0.4, ben))]);
    expect(other[6]?.objects).toMatchObject([{ track: 2, appeared: 'in' }]);
  });

  it('one who takes the place of another at once is another one', () => {
    const seen = follow(new Tracker(), [look(0), look(1000, person(0.4, ann)), look(2000, person(0.4, ben))]);
    expect(seen[2]?.objects).toMatchObject([{ track: 1 }, { track: 2, appeared: 'in' }]);
  });

  it('who left over the border comes as a new visit, with the number they had', () => {
    const gallery = new Gallery();
    const visit = (ms: number) => [
      look(ms, person(0.7, ann)),
      look(ms + 1000, person(0.8, leaning(0, 0.9))),
      look(ms + 2000, person(0.9)),
      look(ms + 3000),
      look(ms + 4000),
    ];
    const seen = follow(new Tracker(gallery), [look(0), ...visit(1000), ...visit(6000)]);
    const told = seen.flatMap(({ objects }) => objects.map(({ track, who }) => `${track}:${who ?? '-'}`));
    expect(told).toEqual(['1:-', '1:1', '1:1', '1:1', '2:-', '2:1', '2:1', '2:1']);
  });

  it('two at once are never one', () => {
    const both = (ms: number) => look(ms, person(0.2, ann), person(0.6, leaning(0, 0.97)));
    const seen = follow(new Tracker(new Gallery()), [look(0), both(1000), both(2000)]);
    expect(seen[2]?.objects.map(({ who }) => who)).toEqual([1, 2]);
  });

  it('nobody is known by what is cut off by the border of the picture', () => {
    const feetless = (x: number): Sighted => ({ ...person(x, ann), box: { ...at(x), y2: 1 } });
    const seen = follow(new Tracker(new Gallery()), [look(0), look(1000, feetless(0.4)), look(2000, feetless(0.4))]);
    expect(seen[2]?.objects[0]?.who).toBe(undefined);
  });
});

describe('what stands still', () => {
  const parked = Array.from({ length: 7 }, (_, i) => look(i * 1000, car(0.4)));
  const passing: Sighted = { label: 'train', score: 0.9, box: { x1: 0.2, y1: 0.2, x2: 0.9, y2: 1 } };

  it('is neither gone nor new while something passes before it', () => {
    const hidden = [7, 8, 9, 10].map((s) => look(s * 1000, passing));
    const seen = follow(new Tracker(), [...parked, ...hidden, look(11_000, car(0.4)), look(12_000, car(0.4))]);
    expect(seen.map(({ counts }) => counts['car'])).toEqual(Array(13).fill(1));
    expect(seen.flatMap(({ objects }) => objects).filter(({ label, appeared }) => label === 'car' && appeared)).toEqual(
      [],
    );
    expect(
      new Set(seen.flatMap(({ objects }) => objects.filter(({ label }) => label === 'car').map(({ track }) => track))),
    ).toEqual(new Set([1]));
  });

  it('is no news either when what hid it was not recognised', () => {
    const hidden = [7, 8, 9, 10].map((s) => look(s * 1000));
    const seen = follow(new Tracker(), [...parked, ...hidden, look(11_000, car(0.4))]);
    expect(seen[10]?.objects).toEqual([]);
    expect(seen[11]?.objects).toMatchObject([{ track: 1, sinceMs: 0, entered: [] }]);
    expect(seen[11]?.objects[0]).not.toHaveProperty('appeared');
  });

  it('is news when nothing moved in its place meanwhile', () => {
    const tracker = new Tracker();
    follow(tracker, [...parked, look(7000), look(8000)]);
    tracker.still();
    expect(follow(tracker, [look(10_000, car(0.4))])[0]?.objects).toMatchObject([{ track: 2, appeared: 'in' }]);
  });

  it('is news when its place was seen empty before', () => {
    const tracker = new Tracker();
    follow(tracker, [...parked, look(7000), look(8000)]);
    follow(tracker, [look(9000)], nowhere);
    expect(follow(tracker, [look(10_000, car(0.4))])[0]?.objects).toMatchObject([{ track: 2, appeared: 'in' }]);
  });
});

describe('who is seen badly', () => {
  it('is not hidden by what stands there anyway', () => {
    const wardrobe: Sighted = { label: 'refrigerator', score: 0.9, box: { x1: 0.2, y1: 0.1, x2: 0.7, y2: 1 } };
    const before = Array.from({ length: 7 }, (_, s) => look(s * 1000, wardrobe));
    const with1 = look(7000, wardrobe, person(0.4));
    const seen = follow(new Tracker(), [...before, with1, look(8000, wardrobe), look(9000, wardrobe)]);
    expect(seen[9]?.gone).toEqual([{ label: 'person', track: 2 }]);
  });

  it('is one although the detector has two boxes for them, one in the other', () => {
    const wide: Sighted = { label: 'person', score: 0.6, box: { x1: 0.51, y1: 0.06, x2: 0.78, y2: 0.92 } };
    const narrow: Sighted = { label: 'person', score: 0.58, box: { x1: 0.59, y1: 0.05, x2: 0.77, y2: 0.92 } };
    const seen = follow(new Tracker(), [look(0), look(1000, wide, narrow), look(2000, wide, narrow)]);
    expect(seen[2]?.counts).toEqual({ person: 1 });
  });

  it('grows from a head to a whole while coming in over the lower border, and is one', () => {
    const head: Sighted = { label: 'person', score: 0.7, box: { x1: 0.25, y1: 0.79, x2: 0.39, y2: 1 } };
    const half: Sighted = { label: 'person', score: 0.8, box: { x1: 0.28, y1: 0.5, x2: 0.56, y2: 1 } };
    const seen = follow(new Tracker(), [look(0), look(1000, head), look(1250, half)]);
    expect(seen[2]?.objects).toMatchObject([{ track: 1 }]);
  });

  it('must be likely for half a second, or sure', () => {
    const likely = [1000, 1250, 1500].map((ms) => look(ms, person(0.4, undefined, 0.5)));
    expect(follow(new Tracker(), [look(0), ...likely]).map(({ objects }) => objects.length)).toEqual([0, 0, 0, 1]);
    expect(follow(new Tracker(), [look(0), look(1000, person(0.4, undefined, 0.6))])[1]?.objects).toHaveLength(1);
  });
});

describe('zones on the way', () => {
  const gate: Zone = {
    name: 'gate',
    polygon: [
      [0.48, 0],
      [0.52, 0],
      [0.52, 1],
      [0.48, 1],
    ],
  };

  it('are told of once, in the window in which they were crossed', () => {
    const walk = [0.1, 0.25, 0.4, 0.55, 0.7].map((x, i) => look(1000 + i * 1000, person(x)));
    const seen = follow(new Tracker(), [look(0), ...walk], everywhere, [gate]);
    expect(seen.map(({ objects }) => objects[0]?.crossed)).toEqual([
      ...[undefined, undefined, undefined, undefined],
      ['gate'],
      undefined,
    ]);
    expect(seen.map(({ objects }) => objects[0]?.zones ?? [])).toEqual(Array(6).fill([]));
  });

  it('are told of later when who crossed them was not certain at once', () => {
    const walk = [0.4, 0.5, 0.6].map((x, i) => look(1000 + i * 300, person(x, undefined, 0.5)));
    const seen = follow(new Tracker(), [look(0), ...walk], everywhere, [gate]);
    expect(seen.map(({ objects }) => objects[0]?.crossed)).toEqual([undefined, undefined, undefined, ['gate']]);
  });

  it('are not told of again when nothing moved any more', () => {
    const tracker = new Tracker();
    follow(tracker, [look(0), look(1000, person(0.4)), look(2000, person(0.5))], everywhere, [gate]);
    expect(tracker.still().objects[0]).not.toHaveProperty('crossed');
  });
});

describe('a tracker', () => {
  it('tells what may just have come, as long as it is open', () => {
    const tracker = new Tracker();
    follow(tracker, [look(0), look(1000, person(0.4, undefined, 0.5))]);
    expect(tracker.wavering).toEqual(['person']);
    follow(tracker, [look(2000, person(0.4, undefined, 0.5))]);
    expect(tracker.wavering).toEqual([]);
    follow(tracker, [look(3000, person(0.4), car(0.1, 0.4))]);
    expect(tracker.wavering).toEqual(['car']);
    tracker.still();
    expect(tracker.wavering).toEqual([]);
  });

  it('does not waver where no pixel changed', () => {
    const tracker = new Tracker();
    follow(tracker, [look(0)]);
    follow(tracker, [look(1000, person(0.4, undefined, 0.5))], nowhere);
    expect(tracker.wavering).toEqual([]);
  });

  it('goes on from a copy as if nothing had happened since', () => {
    const tracker = new Tracker(new Gallery());
    follow(tracker, [look(0), look(1000, person(0.4, ann))]);
    const copy = tracker.clone();
    const [first] = follow(tracker, [look(2000, person(0.5, ann), person(0.1, ben))]);
    const [again] = follow(copy, [look(2000, person(0.5, ann), person(0.1, ben))]);
    expect(again).toEqual(first);
    expect(tracks(again as Sighting)).toEqual([1, 2]);
    expect(tracker.clone().settled).toBe(tracker.settled);
  });

  it('does not take a thing for gone sooner for looking more often', () => {
    const tracker = new Tracker();
    const dense = [200, 400, 600, 800].map((ms) => look(1000 + ms));
    const sighting = [look(0), look(1000, person(0.4)), ...dense].map((one) => tracker.follow([one], [], everywhere));
    expect(sighting[5]?.objects).toHaveLength(1);
    expect(tracker.follow([look(2000)], [], everywhere).gone).toEqual([{ label: 'person', track: 1 }]);
  });
});
