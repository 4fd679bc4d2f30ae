import type { Frame } from '#domain';

const SAMPLES = 4000;
/** A colour counts as dominant from this share of the picture. */
const DOMINANT = 0.12;

/** Names of the dominant colours, most frequent first, at most three. */
export function dominantColours({ rgb, width, height }: Frame): string[] {
  const counts = new Map<string, number>();
  const step = Math.max(1, Math.floor((width * height) / SAMPLES)) * 3;
  let samples = 0;
  for (let at = 0; at + 2 < rgb.length; at += step) {
    const name = nameColour(rgb[at] ?? 0, rgb[at + 1] ?? 0, rgb[at + 2] ?? 0);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    samples += 1;
  }
  return [...counts]
    .filter(([, count]) => count >= DOMINANT * samples)
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
