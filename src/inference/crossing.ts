import { insidePolygon, type Point, type Zone } from '#domain';

/** How something came into the zone it is in: over which side of it, or it appeared within. */
export type Entry = number | 'appeared';

/** Where one thing is in each zone, and how it came there; a zone that it was in from the start isn't named. */
export type Entries = Map<string, Entry>;

/**
 * Takes one step of a path from look to look and gives the zones that were crossed with it: come in over one side, or
 * appeared within, and gone out over another. A zone may be crossed between two looks; whoever turns back has not
 * crossed it.
 */
export function takeStep(entries: Entries, from: Point, to: Point, zones: readonly Zone[]): string[] {
  return zones.filter((zone) => passes(entries, from, to, zone)).map(({ name }) => name);
}

function passes(entries: Entries, from: Point, to: Point, { name, polygon }: Zone): boolean {
  const sides = sidesMet(from, to, polygon);
  const [first] = sides;
  const last = sides[sides.length - 1];
  const wasIn = insidePolygon(from, polygon);
  const isIn = insidePolygon(to, polygon);
  if (wasIn && isIn) return false;
  const entry = wasIn ? entries.get(name) : first;
  entries.delete(name);
  if (isIn) {
    if (last !== undefined) entries.set(name, last);
    return false;
  }
  return entry !== undefined && last !== undefined && entry !== last;
}

/** Sides of the polygon that the step goes over, in the order in which it does. */
function sidesMet(from: Point, to: Point, polygon: readonly Point[]): number[] {
  const met: { side: number; at: number }[] = [];
  polygon.forEach((start, side) => {
    const end = polygon[(side + 1) % polygon.length] ?? start;
    const at = meeting(from, to, start, end);
    if (at !== undefined) met.push({ side, at });
  });
  return met.sort((a, b) => a.at - b.at).map(({ side }) => side);
}

/** How far along `from`–`to` it meets `start`–`end`, 0–1; undefined when it doesn't. */
function meeting(from: Point, to: Point, start: Point, end: Point): number | undefined {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const [sx, sy] = [end[0] - start[0], end[1] - start[1]];
  const cross = dx * sy - dy * sx;
  if (cross === 0) return undefined;
  const [ox, oy] = [start[0] - from[0], start[1] - from[1]];
  const along = (ox * sy - oy * sx) / cross;
  const across = (ox * dy - oy * dx) / cross;
  return along >= 0 && along <= 1 && across >= 0 && across < 1 ? along : undefined;
}
