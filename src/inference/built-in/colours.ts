import type { Box, Frame } from '#domain';

const SAMPLES = 4000;
/** A colour counts as dominant from this share of the picture. */
const DOMINANT = 0.12;
/** A thing smaller than this has no colour that can be trusted. */
const LEAST_PIXELS = 6;

/** Names of the dominant colours, most frequent first, at most three. */
export function dominantColours({ rgb, width, height }: Frame): string[] {
  const counts = new Map<string, number>();
  const step = Math.max(1, Math.floor((width * height) / SAMPLES)) * 3;
  for (let at = 0; at + 2 < rgb.length; at += step) {
    const name = nameColour(rgb[at] ?? 0, rgb[at + 1] ?? 0, rgb[at + 2] ?? 0);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return mostOf(counts, DOMINANT);
}

/** Of a thing's box its middle is looked at, in this grid; what is around it is not its own. */
const GRID = 28;
const MIDDLE = { x: 0.5, y: 0.64 };
/** A colour is a thing's own from this share of it. */
const OWN = 0.18;

/** Names of a thing's own colours, most of it first, at most three; none when its box is too small to tell. */
export function objectColours({ rgb, width, height }: Frame, { x1, y1, x2, y2 }: Box): string[] {
  const [wide, high] = [(x2 - x1) * width, (y2 - y1) * height];
  if (wide < LEAST_PIXELS || high < LEAST_PIXELS) return [];
  const counts = new Map<string, number>();
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      // An ellipse about the middle: corners of a box are seldom the thing's.
      const [dx, dy] = [((column + 0.5) / GRID) * 2 - 1, ((row + 0.5) / GRID) * 2 - 1];
      if (dx * dx + dy * dy > 1) continue;
      const x = Math.floor((x1 + x2) * 0.5 * width + dx * 0.5 * MIDDLE.x * wide);
      const y = Math.floor((y1 + y2) * 0.5 * height + dy * 0.5 * MIDDLE.y * high);
      const at = (Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))) * 3;
      const name = nameColour(rgb[at] ?? 0, rgb[at + 1] ?? 0, rgb[at + 2] ?? 0);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return mostOf(counts, OWN);
}

function mostOf(counts: ReadonlyMap<string, number>, least: number): string[] {
  const all = [...counts.values()].reduce((sum, n) => sum + n, 0);
  return [...counts]
    .filter(([, n]) => n >= least * all)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3)
    .map(([name]) => name);
}

/** Upper ends of the hues' arcs, in degrees. */
const HUES = [
  [15, 'red'],
  [42, 'orange'],
  [68, 'yellow'],
  [165, 'green'],
  [195, 'cyan'],
  [255, 'blue'],
  [290, 'purple'],
  [340, 'pink'],
  [361, 'red'],
] as const;

function nameColour(red: number, green: number, blue: number): string {
  const max = Math.max(red, green, blue);
  const spread = max - Math.min(red, green, blue);
  if (max < 45) return 'black';
  if (spread < 0.16 * max || spread < 18) return max > 215 ? 'white' : 'grey';
  const name = HUES.find(([end]) => hueOf(red, green, blue, max, spread) < end)?.[1] ?? 'red';
  return name === 'orange' && (max < 165 || spread < 0.4 * max) ? 'brown' : name;
}

function hueOf(red: number, green: number, blue: number, max: number, spread: number): number {
  if (max === red) return (60 * ((green - blue) / spread) + 360) % 360;
  if (max === green) return 60 * ((blue - red) / spread) + 120;
  return 60 * ((red - green) / spread) + 240;
}
