import sharp from 'sharp';
import type { Frame } from '#domain';

/** What servers take without asking back. */
const MOST_BYTES = 1_000_000;
const QUALITY = { best: 82, least: 40, step: 14 } as const;

/** The picture as a JPEG of at most a megabyte, its longer side no longer than `side`. */
export async function jpegOf({ width, height, rgb }: Frame, side: number): Promise<Buffer> {
  for (let longest = side, quality: number = QUALITY.best; ; ) {
    const jpeg = await sharp(rgb, { raw: { width, height, channels: 3 } })
      .resize(longest, longest, { fit: 'inside', withoutEnlargement: true })
      .jpeg({ quality })
      .toBuffer();
    if (jpeg.byteLength <= MOST_BYTES) return jpeg;
    if (quality > QUALITY.least) quality -= QUALITY.step;
    else longest = Math.floor(longest / 2);
  }
}
