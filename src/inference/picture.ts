import sharp from 'sharp';
import type { Box, Frame } from '#domain';
import { Fault } from '#runtime';

const THUMBNAIL_WIDTH = 480;
const QUALITY = 78;
const AMBER = [255, 176, 0];
/** Pixels of a box's outline. */
const LINE = 2;
/** Stills larger than this are scaled down: no model here looks closer. */
const STILL_SIDE = 1280;
const MAX_PIXELS = 60_000_000;

/** A JPEG at most 480 pixels wide, with thin boxes drawn where asked. */
export async function thumbnail(frame: Frame, boxes: readonly Box[] = []): Promise<Buffer> {
  const { width, height, rgb } = frame;
  const scale = Math.min(1, THUMBNAIL_WIDTH / width);
  const size = { width: Math.round(width * scale), height: Math.max(1, Math.round(height * scale)) };
  const picture = sharp(rgb, { raw: { width, height, channels: 3 } }).resize(size.width, size.height, { fit: 'fill' });
  if (boxes.length === 0) return picture.jpeg({ quality: QUALITY }).toBuffer();
  const pixels = await picture.raw().toBuffer();
  for (const box of boxes) outline(pixels, size, box);
  return sharp(pixels, { raw: { ...size, channels: 3 } })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}

/** Drawn into the pixels: to have it rendered takes longer than all the rest. */
function outline(pixels: Uint8Array, { width, height }: { width: number; height: number }, box: Box): void {
  const at = (share: number, side: number) => Math.min(side - 1, Math.max(0, Math.round(share * side)));
  const [left, right] = [at(box.x1, width), at(box.x2, width)];
  const [top, bottom] = [at(box.y1, height), at(box.y2, height)];
  const paint = (fromX: number, toX: number, fromY: number, toY: number) => {
    for (let y = Math.max(top, fromY); y <= Math.min(bottom, toY); y++) {
      for (let x = Math.max(left, fromX); x <= Math.min(right, toX); x++) pixels.set(AMBER, (y * width + x) * 3);
    }
  };
  paint(left, right, top, top + LINE - 1);
  paint(left, right, bottom - LINE + 1, bottom);
  paint(left, left + LINE - 1, top, bottom);
  paint(right - LINE + 1, right, top, bottom);
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
