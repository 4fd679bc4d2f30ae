import { RawImage } from '@huggingface/transformers';
import sharp from 'sharp';
import type { Picture, Size } from '../protocol.ts';

/** The whole picture, squeezed into the model's size; nothing at the sides is cut off, and small things are averaged rather than skipped. */
export async function fitted({ width, height, rgb }: Picture, to: Size): Promise<RawImage> {
  const data = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize({ ...to, fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer();
  return new RawImage(new Uint8ClampedArray(data), to.width, to.height, 3);
}
