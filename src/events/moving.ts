import { boxArea, type Direction, distanceTo, footPoint, type RulePart, type SceneObject } from '#domain';
import type { Way } from './state.ts';

/** Whoever has come so far across the picture, as a fraction of it, has moved. */
const ACROSS = 0.15;
/** The same towards a zone. */
const NEARER = 0.1;
/** Whatever has become so many times as wide and high has come nearer. */
const LARGER = Math.log(1.3);

/** Whether the rule is about how things move. */
export function isAboutMoving({ relation }: Pick<RulePart, 'relation'>): boolean {
  return relation === 'moves' || relation === 'approaches';
}

/** How the thing has moved since it was first followed or since it turned, as far as the rule asks. */
export function wayOf(rule: RulePart, object: SceneObject, before: Way | undefined): Way {
  const { area } = rule;
  if (rule.relation === 'approaches' && area) {
    const near = -distanceTo(footPoint(object.box), area);
    const way = along(before, near, near, NEARER);
    // One step into it is near enough for who was outside.
    return near === 0 && way.low < 0 ? { ...way, moved: true } : way;
  }
  const direction = rule.direction ?? 'towards';
  const enough = direction === 'towards' || direction === 'away' ? LARGER : ACROSS;
  const now = measure(direction, object);
  return along(before, now, origin(direction, object) ?? now, enough);
}

function along(before: Way | undefined, now: number, origin: number, enough: number): Way {
  if (before?.moved) {
    const high = Math.max(before.high, now);
    return high - now >= enough ? { low: now, high: now, moved: false } : { ...before, high };
  }
  const low = Math.min(before?.low ?? origin, now);
  return { low, high: now, moved: now - low >= enough };
}

/** Grows as the thing moves in the direction. */
function measure(direction: Direction, { box }: SceneObject): number {
  const [x, y] = [(box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2];
  const size = Math.log(Math.max(1e-6, boxArea(box))) / 2;
  return { left: -x, right: x, up: -y, down: y, towards: size, away: -size }[direction];
}

/** Where it was when it came over the edge on the other side. */
function origin(direction: Direction, { appeared }: SceneObject): number | undefined {
  if (direction === 'left') return appeared === 'right' ? -1 : undefined;
  if (direction === 'right') return appeared === 'left' ? 0 : undefined;
  if (direction === 'up') return appeared === 'bottom' ? -1 : undefined;
  return direction === 'down' && appeared === 'top' ? 0 : undefined;
}
