import sharp from 'sharp';
import type { Box, Frame, Point } from '#domain';
import { Fault } from '#runtime';

const THUMBNAIL_WIDTH = 480;
const QUALITY = 78;
const AMBER = [255, 176, 0];
const RED = [255, 45, 45];
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

/** Pictures side by side, of one size, in rows: a JPEG. */
export async function contactSheet(
  jpegs: readonly Uint8Array[],
  { columns, cell }: { columns: number; cell: { width: number; height: number } },
): Promise<Buffer> {
  const size = { width: columns * cell.width, height: Math.ceil(jpegs.length / columns) * cell.height };
  const tiles = await Promise.all(
    jpegs.map(async (jpeg, n) => ({
      input: await sharp(jpeg, { limitInputPixels: MAX_PIXELS })
        .resize(cell.width, cell.height, { fit: 'contain' })
        .toBuffer(),
      left: (n % columns) * cell.width,
      top: Math.floor(n / columns) * cell.height,
    })),
  );
  const sheet = sharp({ create: { ...size, channels: 3, background: 'black' } });
  return sheet.composite(tiles).jpeg({ quality: QUALITY }).toBuffer();
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

/** The picture as a JPEG with bold boxes, and regions in dashes. Throws `invalid` when it isn't a picture. */
export async function outlined(
  bytes: Uint8Array,
  boxes: readonly Box[],
  regions: readonly (readonly Point[])[] = [],
): Promise<Buffer> {
  const picture = sharp(bytes, { limitInputPixels: MAX_PIXELS });
  try {
    const { width, height } = await picture.metadata();
    const size = `width="${width}" height="${height}"`;
    const lines = [...regions.map((corners) => line(corners, 2, 8)), ...boxes.map((box) => line(cornersOf(box), 3))];
    // In fractions of the picture: its lines keep their width.
    const drawing = `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 1 1" preserveAspectRatio="none">${lines.join('')}</svg>`;
    return await picture
      .composite([{ input: Buffer.from(drawing) }])
      .jpeg({ quality: QUALITY })
      .toBuffer();
  } catch (error) {
    throw new Fault('invalid', 'the stored picture can not be read: it is damaged', { cause: error });
  }
}

function cornersOf({ x1, y1, x2, y2 }: Box): Point[] {
  return [
    [x1, y1],
    [x2, y1],
    [x2, y2],
    [x1, y2],
  ];
}

function line(corners: readonly Point[], width: number, dash = 0): string {
  const points = corners.map(([x, y]) => `${x},${y}`).join(' ');
  const style = `fill="none" stroke="rgb(${RED})" stroke-width="${width}" stroke-dasharray="${dash}" vector-effect="non-scaling-stroke"`;
  return `<polygon points="${points}" ${style}/>`;
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
