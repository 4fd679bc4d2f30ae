import type { Picture, Size } from '../protocol.ts';

/** How a picture is laid into a model's input. */
export interface Layout {
  /** Pixels of the input that the picture fills, from the top left corner. */
  filled: Size;
  /** Which channel of the picture becomes plane 0, 1, 2. */
  channels: readonly [number, number, number];
  scale: number;
  /** Value, after scaling, where there is no picture. */
  pad: number;
}

/** Bilinear (pixel centres at half), planes one after the other: the data of a [1, 3, height, width] tensor. */
export function planes({ width, height, rgb }: Picture, size: Size, layout: Layout): Float32Array {
  const { filled, channels, scale, pad } = layout;
  const area = size.width * size.height;
  const out = new Float32Array(3 * area).fill(pad);
  const columns = taps(width, filled.width);
  const rows = taps(height, filled.height);
  for (let y = 0; y < filled.height; y++) {
    const row = rows[y];
    if (!row) continue;
    const top = row.low * width;
    const bottom = row.high * width;
    for (let x = 0; x < filled.width; x++) {
      const column = columns[x];
      if (!column) continue;
      const at = y * size.width + x;
      for (let plane = 0; plane < 3; plane++) {
        const channel = channels[plane] ?? 0;
        const upper = mix(rgb[(top + column.low) * 3 + channel], rgb[(top + column.high) * 3 + channel], column.share);
        const lower = mix(
          rgb[(bottom + column.low) * 3 + channel],
          rgb[(bottom + column.high) * 3 + channel],
          column.share,
        );
        out[plane * area + at] = mix(upper, lower, row.share) * scale;
      }
    }
  }
  return out;
}

function mix(a = 0, b = 0, share: number): number {
  return a + (b - a) * share;
}

/** For every output pixel the two source pixels around its centre and the share of the second. */
function taps(from: number, to: number): { low: number; high: number; share: number }[] {
  return Array.from({ length: to }, (_, i) => {
    const centre = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const low = Math.floor(centre);
    return { low, high: Math.min(from - 1, low + 1), share: centre - low };
  });
}
