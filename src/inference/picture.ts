import sharp from 'sharp';
import type { Box, Frame } from '#domain';
import { Fault } from '#runtime';

const THUMBNAIL_WIDTH = 480;
/** Stills larger than this are scaled down: no model here looks closer. */
const STILL_SIDE = 1280;
const MAX_PIXELS = 60_000_000;

/** A JPEG at most 480 pixels wide, with thin boxes drawn where asked. */
export async function thumbnail(frame: Frame, boxes: readonly Box[] = []): Promise<Buffer> {
  const { width, height, rgb } = frame;
  const scale = Math.min(1, THUMBNAIL_WIDTH / width);
  const size = { width: Math.round(width * scale), height: Math.max(1, Math.round(height * scale)) };
  const picture = sharp(rgb, { raw: { width, height, channels: 3 } }).resize(size.width, size.height, { fit: 'fill' });
  if (boxes.length > 0) picture.composite([{ input: Buffer.from(outlines(boxes, size)) }]);
  return picture.jpeg({ quality: 78 }).toBuffer();
}

function outlines(boxes: readonly Box[], { width, height }: { width: number; height: number }): string {
  const rectangles = boxes.map(({ x1, y1, x2, y2 }) => {
    const place = `x="${x1 * width}" y="${y1 * height}" width="${(x2 - x1) * width}" height="${(y2 - y1) * height}"`;
    return `<rect ${place} fill="none" stroke="#ffb000" stroke-width="2"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${rectangles.join('')}</svg>`;
}

/** A still (JPEG, PNG, WebP …) as a frame, turned upright. Throws `invalid` when it isn't a picture. */
export async function decodeImage(bytes: Uint8Array, atMs: number): Promise<Frame> {
  try {
    const { data, info } = await sharp(bytes, { limitInputPixels: MAX_PIXELS })
      .rotate()
      .resize(STILL_SIDE, STILL_SIDE, { fit: 'inside', withoutEnlargement: true })
      .flatten()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { atMs, width: info.width, height: info.height, rgb: data, sceneScore: 0 };
  } catch (error) {
    throw new Fault('invalid', 'the bytes are not a picture that can be read (JPEG, PNG, WebP)', { cause: error });
  }
}
