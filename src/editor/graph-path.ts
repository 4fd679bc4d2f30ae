/** A point that something passes at a time. */
export interface PathPoint {
  atMs: number;
  x: number;
  y: number;
}

/** More than this doesn't fit into a command line. */
const MOST_POINTS = 800;
/** What a point may lie beside the line without being missed: shares of the picture. */
const BESIDE = 0.004;
/** Points. */
const LONGEST_LINE = 50;

/** The path with few points that show it; in one that is very restless, points at even distances. */
export function simplePath(points: readonly PathPoint[]): PathPoint[] {
  const ordered = points.toSorted((a, b) => a.atMs - b.atMs);
  const kept = ordered.length > 2 ? straightened(ordered) : ordered;
  const every = Math.ceil(kept.length / MOST_POINTS);
  return kept.filter((_, n) => n % every === 0 || n === kept.length - 1);
}

/** What lies on the line from the last point kept to the next one goes; of a long line some stay. */
function straightened(points: readonly PathPoint[]): PathPoint[] {
  const kept = points.slice(0, 1);
  let between: PathPoint[] = [];
  for (const [n, point] of points.entries()) {
    const [start, next] = [kept.at(-1), points[n + 1]];
    if (n === 0 || !start) continue;
    between.push(point);
    if (next && between.length < LONGEST_LINE && between.every((one) => isBetween(one, start, next))) continue;
    kept.push(point);
    between = [];
  }
  return kept;
}

function isBetween(point: PathPoint, start: PathPoint, end: PathPoint): boolean {
  const share = (point.atMs - start.atMs) / Math.max(1, end.atMs - start.atMs);
  const beside = (axis: 'x' | 'y') => Math.abs(point[axis] - start[axis] - (end[axis] - start[axis]) * share);
  return beside('x') <= BESIDE && beside('y') <= BESIDE;
}

/** Straight lines from point to point as an expression of `t`; a tree, so that many points cost little. */
export function expressionOf(points: readonly (readonly [atS: number, value: number])[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (!first) return '0';
  if (!last) return number(first[1]);
  if (points.length > 2) {
    const half = Math.floor(points.length / 2);
    const at = points[half]?.[0] ?? 0;
    return `if(lt(t,${number(at)}),${expressionOf(points.slice(0, half + 1))},${expressionOf(points.slice(half))})`;
  }
  const slope = (last[1] - first[1]) / Math.max(0.001, last[0] - first[0]);
  return `(${number(first[1])}+${number(slope)}*(clip(t,${number(first[0])},${number(last[0])})-(${number(first[0])})))`;
}

function number(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
