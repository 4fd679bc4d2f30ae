import { type Box, boxArea, insidePolygon, type Zone } from '#domain';
import { type Luma, smooth } from './luma.ts';

/** What changed from one picture to the next. */
export interface Change {
  /** Share of the picture in which something moved, 0–1; 0 when the light changed instead. */
  amount: number;
  /** Where something moved, largest first. */
  regions: Box[];
  /** The small squares in which something moved, for zones. */
  cells: Box[];
  /** The lights went on or off in between. */
  light?: 'on' | 'off';
}

/** Side of a cell in luma pixels. */
const CELL = 4;
/** Of 16 pixels so many must have changed for the cell to count. */
const CELL_ACTIVE = 5;
/** Two neighbouring cells, or one that changed nearly whole. */
const REGION_PIXELS = 10;
const MOST_REGIONS = 8;
/** Luma steps below which a difference is noise or coding, whatever the picture. */
const QUIET = 9;
/** Variance below which what is seen of a picture is grain, and says nothing about contrast. */
const FLAT = 30;
const LIGHT = { step: 0.08, ratio: 1.5, share: 0.65, likeness: 0.3 };
const STILL: Change = { amount: 0, regions: [], cells: [] };

/**
 * Compares two pictures. A change of exposure or of the light is one straight line from old to new brightness and is
 * taken out first; what then still differs has moved.
 */
export function compare(before: Luma, after: Luma): Change {
  if (before.width !== after.width || before.height !== after.height) return STILL;
  const light = lightChange(before, after);
  if (light) return { ...STILL, light };
  const line = fitLine(before.values, after.values);
  const rest = smooth(unexplained(before.values, after.values, line), after.width, after.height);
  const limit = Math.max(QUIET, Math.min(3 * QUIET, 4 * line.spread));
  return group(rest, after, limit);
}

/** Names of the zones that a changed cell touches. */
export function zonesTouched(cells: readonly Box[], zones: readonly Zone[]): string[] {
  const touches = (cell: Box, { polygon }: Zone) =>
    insidePolygon([(cell.x1 + cell.x2) / 2, (cell.y1 + cell.y2) / 2], polygon) ||
    polygon.some(([x, y]) => x >= cell.x1 && x < cell.x2 && y >= cell.y1 && y < cell.y2);
  return zones.filter((zone) => cells.some((cell) => touches(cell, zone))).map(({ name }) => name);
}

/** Whether a good part of the box is among the changed cells. */
export function stirs(cells: readonly Box[], box: Box): boolean {
  const covered = cells.reduce((sum, cell) => sum + overlapArea(cell, box), 0);
  return covered > 0.08 * boxArea(box);
}

function overlapArea(a: Box, b: Box): number {
  return boxArea({
    x1: Math.max(a.x1, b.x1),
    y1: Math.max(a.y1, b.y1),
    x2: Math.min(a.x2, b.x2),
    y2: Math.min(a.y2, b.y2),
  });
}

interface Line {
  gain: number;
  offset: number;
  /** Standard deviation of what the line leaves unexplained, without what moved. */
  spread: number;
}

/**
 * The line from old to new brightness on which most pixels lie. Begins with a mere shift, where that fits half of them
 * (then the rest moved), else with all pixels; fits three times, each time without those that fit badly.
 */
function fitLine(before: Float32Array, after: Float32Array): Line {
  let line: Line = { gain: 1, offset: medianStep(before, after), spread: QUIET / 2.5 };
  if (fitting(before, after, line).n < before.length / 2) line = { ...line, spread: Number.POSITIVE_INFINITY };
  for (let round = 0; round < 3; round++) {
    const { n, x, y, xx, xy, yy } = fitting(before, after, line);
    if (n < 16) break;
    const gain = xx > FLAT ? xy / xx : 1;
    line = { gain, offset: y - gain * x, spread: Math.sqrt(Math.max(0, yy - 2 * gain * xy + gain * gain * xx)) + 0.5 };
  }
  return line;
}

/** What the line leaves of each pixel. */
function unexplained(before: Float32Array, after: Float32Array, { gain, offset }: Line): Float32Array {
  const rest = new Float32Array(after.length);
  for (let i = 0; i < rest.length; i++) rest[i] = (after[i] ?? 0) - offset - gain * (before[i] ?? 0);
  return rest;
}

/** Number, means, variances and covariance of the pixels near the line. */
function fitting(before: Float32Array, after: Float32Array, { gain, offset, spread }: Line) {
  let [n, sx, sy, sxx, sxy, syy] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < before.length; i++) {
    const x = before[i] ?? 0;
    const y = after[i] ?? 0;
    if (Math.abs(y - offset - gain * x) > 2.5 * spread) continue;
    n += 1;
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
    syy += y * y;
  }
  const [x, y] = [sx / n, sy / n];
  return { n, x, y, xx: sxx / n - x * x, xy: sxy / n - x * y, yy: syy / n - y * y };
}

/** Half of the pixels became brighter by less than this, half by more. */
function medianStep(before: Float32Array, after: Float32Array): number {
  const counts = new Uint32Array(512);
  for (let i = 0; i < before.length; i++) {
    const step = Math.round((after[i] ?? 0) - (before[i] ?? 0)) + 256;
    counts[step] = (counts[step] ?? 0) + 1;
  }
  let [step, seen] = [0, 0];
  while (seen < before.length / 2 && step < 512) seen += counts[step++] ?? 0;
  return step - 1 - 256;
}

/** Correlation of two pictures, -1…1; 0 when one of them is flat. */
function likenessOf(before: Luma, after: Luma): number {
  const everything = { gain: 1, offset: 0, spread: Number.POSITIVE_INFINITY };
  const { xx, xy, yy } = fitting(before.values, after.values, everything);
  return xx > 0.25 && yy > 0.25 ? xy / Math.sqrt(xx * yy) : 0;
}

/**
 * Sudden, large, nearly everywhere in the same direction, and still the same scene: then it was the light. A picture
 * that has become black throughout counts too, since no one can tell.
 */
function lightChange(before: Luma, after: Luma): 'on' | 'off' | undefined {
  const brighter = after.mean > before.mean;
  const [low, high] = brighter ? [before, after] : [after, before];
  if (high.mean - low.mean < LIGHT.step || high.mean < LIGHT.ratio * low.mean) return undefined;
  let changed = 0;
  for (let i = 0; i < low.values.length; i++) if ((high.values[i] ?? 0) - (low.values[i] ?? 0) > 5) changed += 1;
  if (changed < LIGHT.share * low.values.length) return undefined;
  if (!isBlack(low) && likenessOf(before, after) < LIGHT.likeness) return undefined;
  return brighter ? 'on' : 'off';
}

/** Dark, with nothing but grain in it. */
export function isBlack({ mean, values }: Luma): boolean {
  if (mean > 0.08) return false;
  let outside = 0;
  for (const value of values) if (Math.abs(value - mean * 255) > 8) outside += 1;
  return outside < 0.02 * values.length;
}

/** Counts changed pixels by cell, joins neighbouring cells, and drops what is too small to be anything. */
function group(rest: Float32Array, { width, height }: Luma, limit: number): Change {
  const across = Math.ceil(width / CELL);
  const down = Math.ceil(height / CELL);
  const counts = new Uint16Array(across * down);
  for (let y = 0, i = 0; y < height; y++) {
    const row = Math.floor(y / CELL) * across;
    for (let x = 0; x < width; x++, i++) {
      if (Math.abs(rest[i] ?? 0) <= limit) continue;
      const cell = row + Math.floor(x / CELL);
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
  }
  const groups = connected(counts, across, down)
    .map((cells) => ({ cells, pixels: cells.reduce((sum, cell) => sum + (counts[cell] ?? 0), 0) }))
    .filter(({ pixels }) => pixels >= REGION_PIXELS)
    .sort((a, b) => b.pixels - a.pixels);
  const boxOf = (cell: number): Box => ({
    x1: (CELL * (cell % across)) / width,
    y1: (CELL * Math.floor(cell / across)) / height,
    x2: Math.min(1, (CELL * ((cell % across) + 1)) / width),
    y2: Math.min(1, (CELL * (Math.floor(cell / across) + 1)) / height),
  });
  return {
    amount: groups.reduce((sum, { pixels }) => sum + pixels, 0) / rest.length,
    regions: merge(groups.map(({ cells }) => cells.map(boxOf).reduce(around))).slice(0, MOST_REGIONS),
    cells: groups.flatMap(({ cells }) => cells.map(boxOf)),
  };
}

/** Groups of active cells that touch, or are one cell apart. */
function connected(counts: Uint16Array, across: number, down: number): number[][] {
  const left = new Set([...counts.keys()].filter((cell) => (counts[cell] ?? 0) >= CELL_ACTIVE));
  const groups: number[][] = [];
  for (const first of left) {
    left.delete(first);
    const cells = [first];
    for (const cell of cells) {
      const x = cell % across;
      const y = Math.floor(cell / across);
      for (let v = Math.max(0, y - 2); v <= Math.min(down - 1, y + 2); v++) {
        for (let u = Math.max(0, x - 2); u <= Math.min(across - 1, x + 2); u++) {
          const next = v * across + u;
          if (left.delete(next)) cells.push(next);
        }
      }
    }
    groups.push(cells);
  }
  return groups;
}

function around(a: Box, b: Box): Box {
  return {
    x1: Math.min(a.x1, b.x1),
    y1: Math.min(a.y1, b.y1),
    x2: Math.max(a.x2, b.x2),
    y2: Math.max(a.y2, b.y2),
  };
}

/** Boxes that overlap become one. */
export function merge(boxes: readonly Box[]): Box[] {
  const merged: Box[] = [];
  for (const box of boxes) {
    const overlaps = (other: Box) => other.x1 < box.x2 && box.x1 < other.x2 && other.y1 < box.y2 && box.y1 < other.y2;
    const at = merged.findIndex(overlaps);
    const other = merged[at];
    if (!other) merged.push(box);
    else
      return merge([
        ...merged.slice(0, at),
        around(other, box),
        ...merged.slice(at + 1),
        ...boxes.slice(boxes.indexOf(box) + 1),
      ]);
  }
  return merged;
}
