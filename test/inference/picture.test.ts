import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage, thumbnail } from '#inference';
import { frame, HEIGHT, room, WIDTH } from './pictures.ts';

describe('pictures', () => {
  it('makes a JPEG of at most 480 pixels, with boxes where asked', async () => {
    const picture = frame(0, () => 0);
    const plain = await thumbnail(picture);
    const boxed = await thumbnail(picture, [{ x1: 0.2, y1: 0.2, x2: 0.6, y2: 0.8 }]);
    expect(await sharp(plain).metadata()).toMatchObject({ format: 'jpeg', width: WIDTH, height: HEIGHT });
    expect((await sharp(plain).stats()).channels[0]?.max).toBeLessThan(40);
    expect((await sharp(boxed).stats()).channels[0]?.max).toBeGreaterThan(150);
    const drawn = await sharp(boxed).raw().toBuffer();
    const red = (x: number, y: number) => drawn[(Math.round(y * HEIGHT) * WIDTH + Math.round(x * WIDTH)) * 3] ?? 0;
    const edges = [red(0.2, 0.5), red(0.6, 0.5), red(0.4, 0.2), red(0.4, 0.8)];
    expect(Math.min(...edges)).toBeGreaterThan(150);
    expect(Math.max(red(0.4, 0.5), red(0.1, 0.5), red(0.7, 0.5), red(0.4, 0.1))).toBeLessThan(60);
    const wide = { ...picture, width: 640, height: 90 };
    expect(await sharp(await thumbnail(wide)).metadata()).toMatchObject({ width: 480, height: 68 });
  });

  it.each([1, 3, 4] as const)('reads a still of %i channels as packed RGB', async (channels) => {
    const { rgb } = frame(0, room);
    const raw = new Uint8Array(WIDTH * HEIGHT * channels).map((_, i) => rgb[3 * Math.floor(i / channels)] ?? 0);
    const png = await sharp(raw, { raw: { width: WIDTH, height: HEIGHT, channels } })
      .png()
      .toBuffer();
    const still = await decodeImage(png, 1234);
    expect(still).toMatchObject({ atMs: 1234, width: WIDTH, height: HEIGHT });
    expect(still.rgb).toHaveLength(WIDTH * HEIGHT * 3);
  });

  it('refuses what is no picture', async () => {
    await expect(decodeImage(Buffer.from('no picture'), 0)).rejects.toMatchObject({ kind: 'invalid' });
  });
});
