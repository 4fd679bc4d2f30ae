/** Fractions 0–1 of the picture: left, top, right, bottom. */
export interface Box {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

/** Fractions 0–1 of the picture. */
export type Point = readonly [x: number, y: number];

/** A named region of one camera's picture; at least three points, not self-closing. */
export interface Zone {
  name: string;
  polygon: readonly Point[];
}

export function boxArea(box: Box): number {
  return Math.max(0, box.x2 - box.x1) * Math.max(0, box.y2 - box.y1);
}

export function intersectionOverUnion(a: Box, b: Box): number {
  const overlap = boxArea({
    x1: Math.max(a.x1, b.x1),
    y1: Math.max(a.y1, b.y1),
    x2: Math.min(a.x2, b.x2),
    y2: Math.min(a.y2, b.y2),
  });
  const union = boxArea(a) + boxArea(b) - overlap;
  return union > 0 ? overlap / union : 0;
}

/** Where a box stands on the ground: the middle of its lower edge. Zones are tested with this point. */
export function footPoint(box: Box): Point {
  return [(box.x1 + box.x2) / 2, box.y2];
}

/** Even-odd rule; a point on the border may fall on either side. */
export function insidePolygon([x, y]: Point, polygon: readonly Point[]): boolean {
  let inside = false;
  let previous = polygon[polygon.length - 1];
  for (const point of polygon) {
    if (previous) {
      const [x1, y1] = point;
      const [x2, y2] = previous;
      if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
    }
    previous = point;
  }
  return inside;
}

/** How far the point is from the polygon, as a fraction of the picture; 0 inside. */
export function distanceTo(point: Point, polygon: readonly Point[]): number {
  if (insidePolygon(point, polygon)) return 0;
  const sides = polygon.map((corner, i) => distanceToSide(point, corner, polygon[(i + 1) % polygon.length] ?? corner));
  return Math.min(...sides);
}

function distanceToSide([x, y]: Point, [x1, y1]: Point, [x2, y2]: Point): number {
  const length = (x2 - x1) ** 2 + (y2 - y1) ** 2;
  const along = length === 0 ? 0 : ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length;
  const at = Math.min(1, Math.max(0, along));
  return Math.hypot(x - (x1 + at * (x2 - x1)), y - (y1 + at * (y2 - y1)));
}
