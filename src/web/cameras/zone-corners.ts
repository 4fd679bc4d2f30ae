/** The corners of a zone while it is drawn: where a new one belongs, and what keeps them in the picture. Pure. */
export type Corner = [number, number];

/** Fractions of the picture, to a thousandth of it. */
export function within([x, y]: Corner): Corner {
  const kept = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * 1000) / 1000;
  return [kept(x), kept(y)];
}

/** The index that a corner at this place gets: where it makes the outline least longer. */
export function placeFor(polygon: readonly Corner[], corner: Corner): number {
  if (polygon.length < 3) return polygon.length;
  const longer = polygon.map((from, i) => {
    const to = polygon[(i + 1) % polygon.length] ?? from;
    return far(from, corner) + far(corner, to) - far(from, to);
  });
  return longer.indexOf(Math.min(...longer)) + 1;
}

/** Where a corner stands that is added without a mouse: halfway to the next one, or beside the only one. */
export function cornerAfter(polygon: readonly Corner[], index: number): Corner {
  const [x, y] = polygon[index] ?? [0.4, 0.5];
  const [nextX, nextY] =
    polygon.length > 2 ? (polygon[(index + 1) % polygon.length] ?? [x, y]) : aside(polygon, [x, y]);
  return within([(x + nextX) / 2, (y + nextY) / 2]);
}

/** The second stands to the right of the first, the third above, so that they are not on one line. */
function aside(polygon: readonly Corner[], [x, y]: Corner): Corner {
  if (polygon.length < 2) return [x > 0.7 ? x - 0.4 : x + 0.4, y];
  return [x, y > 0.3 ? y - 0.5 : y + 0.5];
}

/** For somebody who can't see it. */
export function placeWords([x, y]: Corner): string {
  return `${Math.round(x * 100)} % from the left, ${Math.round(y * 100)} % from the top`;
}

function far([fromX, fromY]: Corner, [toX, toY]: Corner): number {
  return Math.hypot(toX - fromX, toY - fromY);
}
