import type { Filter } from './composition.ts';

/** Limited range: black, white, and the middle of the colour planes. */
const [BLACK, WHITE, GREY] = [16, 235, 128];
const MIDDLE = (BLACK + WHITE) / 2;

/** `light` and `colour` as expressions of one sample, `val`. */
function table(light: string, colour: string): string {
  return `lutyuv=y='clip(round(${light}),${BLACK},${WHITE})':u='clip(round(${colour}),16,240)':v='clip(round(${colour}),16,240)'`;
}

/** So many times the distance from a light, and so many times the colour. */
function spread(light: number, from: number, colour: number): string {
  return table(`(val-${from})*${light}+${from}`, `(val-${GREY})*${colour}+${GREY}`);
}

const LOOKS: Readonly<Record<Exclude<Filter, 'blur'>, string>> = {
  boost: spread(1.2, MIDDLE, 1.5),
  contrast: spread(1.5, MIDDLE, 1.5),
  darken: spread(0.6, BLACK, 0.6),
  greyscale: spread(1, BLACK, 0),
  lighten: spread(0.6, WHITE, 0.6),
  muted: spread(0.8, MIDDLE, 0.5),
  negative: table(`${BLACK + WHITE}-val`, `${2 * GREY}-val`),
};

/** ffmpeg's filter for a clip's filter. Colours are looked up, not computed; a blur is about a thirtieth of the picture. */
export function lookOf(filter: Filter, { width, height }: { width: number; height: number }): string {
  if (filter !== 'blur') return LOOKS[filter];
  // Colour planes are half as large and may not be blurred wider than half of themselves.
  const radius = Math.max(1, Math.round(Math.min(width, height) / 30));
  return `boxblur=lr=${radius}:lp=2:cr=${Math.ceil(radius / 2)}:cp=2:ar=0`;
}

/** What is seen of it: 0–1. */
export function opacityOf(opacity: number): string {
  return `lutyuv=a='round(val*${opacity})'`;
}
