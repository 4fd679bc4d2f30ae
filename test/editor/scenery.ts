import type { Studio } from './studio.ts';

/** What the tables are made of. */
export async function sceneryOf(studio: Studio) {
  const plain = (colour: string, size: string) => ['-f', 'lavfi', '-i', `color=${colour}:s=${size}:r=25:d=3`];
  const tone = (hertz: number) => ['-f', 'lavfi', '-i', `sine=frequency=${hertz}:sample_rate=48000:duration=3`];
  const video = (inputs: string[], filter: string, width: number, height: number) =>
    studio.media([...inputs, '-filter_complex', `${filter},format=yuv420p[v]`, '-map', '[v]', ...SOUND(inputs)], {
      width,
      height,
    });
  return {
    /** 320 × 180: red, lime / blue, white; a tone. */
    corners: await video(
      [...COLOURS.flatMap((colour) => plain(colour, '160x90')), ...tone(440)],
      '[0][1]hstack[a];[2][3]hstack[b];[a][b]vstack',
      320,
      180,
    ),
    /** 90 × 160: red, lime, blue, white from the top; no sound. */
    tall: await video(
      COLOURS.flatMap((colour) => plain(colour, '90x40')),
      '[0][1][2][3]vstack=inputs=4',
      90,
      160,
    ),
    /** 320 × 180, one colour. */
    flat: await video(plain('0xc86432', '320x180'), '[0]null', 320, 180),
    /** 80 × 45, yellow. */
    card: studio.image(['-f', 'lavfi', '-i', 'color=yellow:s=80x45'], { width: 80, height: 45 }),
    /** 80 × 40, its left half magenta, its right half can be seen through. */
    glass: studio.image(
      ['-f', 'lavfi', '-i', "color=magenta:s=80x40,format=rgba,geq=r=255:g=0:b=255:a='255*lt(X,40)'"],
      { width: 80, height: 40 },
    ),
    /** A tone on both sides, RMS 0.125 / √2. */
    tone: await studio.media(tone(1000)),
  };
}

export type Scenery = Awaited<ReturnType<typeof sceneryOf>>;

const COLOURS = ['red', 'lime', 'blue', 'white'];
const SOUND = (inputs: string[]) => (inputs.some((input) => input.startsWith('sine')) ? ['-map', '4:a'] : []);
