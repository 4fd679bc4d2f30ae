import type { Seen } from '#assets';
import type { Box } from '#domain';
import type { Layer } from './composition.ts';

type Point = NonNullable<Layer['follow']>[number];
type Thing = Seen['objects'][number];

/** People are what videos are mostly about. */
const OF_A_PERSON = 2;
/** What was followed until now is left only for something clearly more. */
const LOYALTY = 1.6;
/** The picture stays where it is for less than this share of it: what trembles is no fun to watch. */
const STEADY = 0.03;
/** More points than this make no smoother way. */
const MOST_POINTS = 1000;

/**
 * Where to look, from what was seen: at one thing for as long as it is there, a person rather than others, what is large
 * rather than small; where nothing is known, at what moves. Times from `fromMs` on. Without anything seen no points.
 */
export function followOf(seen: readonly Seen[], fromMs: number): Point[] {
  const points: Point[] = [];
  let track: number | undefined;
  for (const { atMs, objects, moving } of seen) {
    const thing = chosen(objects, track);
    track = thing?.track ?? track;
    const box = thing?.box ?? around(moving);
    if (!box) continue;
    const [x, y] = [(box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2];
    const last = points.at(-1);
    const near = last && Math.abs(last.x - x) < STEADY && Math.abs(last.y - y) < STEADY;
    points.push({ atMs: Math.max(0, Math.round(atMs - fromMs)), x: near ? last.x : x, y: near ? last.y : y });
  }
  return thinned(bends(points));
}

function chosen(objects: readonly Thing[], track: number | undefined): Thing | undefined {
  const worth = ({ label, score, box, track: its }: Thing) =>
    score *
    Math.sqrt(Math.max(0, (box.x2 - box.x1) * (box.y2 - box.y1))) *
    (label === 'person' ? OF_A_PERSON : 1) *
    (its === track ? LOYALTY : 1);
  return objects.toSorted((a, b) => worth(b) - worth(a))[0];
}

function around(boxes: readonly Box[]): Box | undefined {
  if (boxes.length === 0) return undefined;
  return {
    x1: Math.min(...boxes.map(({ x1 }) => x1)),
    y1: Math.min(...boxes.map(({ y1 }) => y1)),
    x2: Math.max(...boxes.map(({ x2 }) => x2)),
    y2: Math.max(...boxes.map(({ y2 }) => y2)),
  };
}

/** Those at which the way begins, ends or bends: between equal ones nothing happens. */
function bends(points: readonly Point[]): Point[] {
  const same = (a: Point | undefined, b: Point) => a?.x === b.x && a.y === b.y;
  return points.filter((point, n) => !same(points[n - 1], point) || (points[n + 1] && !same(points[n + 1], point)));
}

function thinned(points: readonly Point[]): Point[] {
  const step = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, n) => n % step === 0);
}
