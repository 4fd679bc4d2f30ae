import { beforeAll, describe, expect, it } from 'vitest';
import { codecsOf } from '#camera';
import { type Fragment, FragmentReader } from '../../src/camera/fragments.ts';
import { ffmpeg } from '../e2e/support/ffmpeg.ts';

const SECONDS = 3;
let mp4: Buffer;

beforeAll(async () => {
  const inputs = ['-f', 'lavfi', '-i', `testsrc2=s=160x90:r=25:d=${SECONDS}`, '-f', 'lavfi', '-i', `sine=d=${SECONDS}`];
  const picture = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-sc_threshold', '0'];
  const flags = 'empty_moov+default_base_moof+frag_keyframe+frag_discont+skip_trailer';
  const output = ['-c:a', 'aac', '-f', 'mp4', '-movflags', flags, '-frag_duration', '40000', 'pipe:1'];
  mp4 = await ffmpeg(...inputs, ...picture, ...output);
});

const both = (...fragments: (Fragment | undefined)[]) => fragments.flatMap((fragment) => fragment?.data ?? []);

function readIn(pieces: number, from = mp4) {
  const inits: Buffer[] = [];
  const fragments: Fragment[] = [];
  const reader = new FragmentReader(
    (init) => inits.push(init),
    (fragment) => fragments.push(fragment),
  );
  for (let at = 0; at < from.length; at += pieces) reader.read(from.subarray(at, at + pieces));
  return { inits, fragments };
}

describe('a fragmented MP4 as it comes', () => {
  it.each([1 << 20, 4096, 7])('is cut at its boxes, in pieces of %d bytes', (pieces) => {
    const { inits, fragments } = readIn(pieces);
    expect(inits).toHaveLength(1);
    expect(codecsOf(inits[0] ?? Buffer.alloc(0))).toMatch(/^avc1\.[0-9a-f]{6},mp4a\.40\.2$/);
    expect(Buffer.concat([...inits, ...fragments.map(({ data }) => data)]).equals(mp4)).toBe(true);
  });

  it('tells of each fragment when its pictures are, and whether one may begin with it', () => {
    const pictures = readIn(4096).fragments.flatMap((fragment) => fragment.pictures ?? []);
    expect(pictures).toHaveLength(SECONDS * 25);
    for (const [n, { startS, durationS, isKeyframe }] of pictures.entries()) {
      expect(startS + durationS).toBeCloseTo(pictures[n + 1]?.startS ?? startS + 1 / 25, 3);
      expect(isKeyframe).toBe(n % 25 === 0);
    }
  });

  it('whose first picture has no time of its own begins right before the second', async () => {
    const late = 'setpts=PTS+gt(N\\,0)*9/TB'; // As a camera that is joined in mid-course.
    const input = ['-f', 'lavfi', '-i', `testsrc2=s=160x90:r=25:d=1,${late}`, '-fps_mode', 'passthrough'];
    const flags = 'empty_moov+default_base_moof+frag_keyframe+frag_discont+skip_trailer';
    const copy = ['-f', 'mp4', '-movflags', flags, '-frag_duration', '40000', 'pipe:1'];
    const whole = await ffmpeg(...input, '-c:v', 'libx264', '-preset', 'ultrafast', ...copy);
    const [first, second] = readIn(4096, whole).fragments;
    expect(second?.pictures?.startS).toBeCloseTo(9.04, 2);
    expect(first?.pictures).toMatchObject({ startS: expect.closeTo(9, 2), durationS: expect.closeTo(0.04, 2) });
    // Its bytes say so, too.
    const again = readIn(
      4096,
      Buffer.concat([readIn(4096, whole).inits[0] ?? Buffer.alloc(0), ...both(first, second)]),
    );
    expect(again.fragments[0]?.pictures).toEqual(first?.pictures);
  });

  it('is refused when it is none, or claims a box larger than any picture', () => {
    const reader = () =>
      new FragmentReader(
        () => undefined,
        () => undefined,
      );
    expect(() => reader().read(Buffer.from('0000 this is text'))).toThrow(/no fragmented MP4/);
    expect(() => reader().read(Buffer.alloc(8))).toThrow(/no fragmented MP4/);
  });
});
