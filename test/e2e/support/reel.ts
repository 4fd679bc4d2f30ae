import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const AUD = 9;
const IDR = 5;
const PARAMETERS: readonly number[] = [7, 8];

/** One picture as H.264 sends it: its NAL units, without start codes. */
export interface Picture {
  nals: Buffer[];
  isKey: boolean;
}

/** Pictures that may be sent again and again. */
export interface Reel {
  fps: number;
  width: number;
  height: number;
  pictures: Picture[];
  /** SPS and PPS. */
  parameters: Buffer[];
}

export interface ReelWish {
  fps?: number;
  /** Pictures from one keyframe to the next. */
  gop?: number;
  pictures?: number;
  width?: number;
  height?: number;
}

/** Something that moves, rendered by ffmpeg; parameters come before each keyframe. */
export async function reelOf(wish: ReelWish = {}): Promise<Reel> {
  const { fps = 10, gop = 10, pictures: count = 60, width = 320, height = 180 } = wish;
  const source = `testsrc2=s=${width}x${height}:r=${fps}:d=${count / fps}`;
  const x264 = `aud=1:repeat-headers=1:keyint=${gop}:min-keyint=${gop}:scenecut=0:bframes=0`;
  const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-x264-params', x264];
  const args = ['-loglevel', 'error', '-f', 'lavfi', '-i', source, ...encode, '-f', 'h264', 'pipe:1'];
  const { stdout } = await run('ffmpeg', args, { encoding: 'buffer', maxBuffer: 256 * 1024 * 1024 });
  const pictures: Picture[] = [];
  for (const nal of nalsIn(stdout)) {
    if (typeOf(nal) === AUD) pictures.push({ nals: [], isKey: false });
    const picture = pictures.at(-1);
    if (!picture) continue;
    picture.nals.push(nal);
    picture.isKey ||= typeOf(nal) === IDR;
  }
  const parameters = pictures[0]?.nals.filter((nal) => PARAMETERS.includes(typeOf(nal))) ?? [];
  return { fps, width, height, pictures, parameters };
}

function typeOf(nal: Buffer): number {
  return (nal[0] ?? 0) & 0x1f;
}

/** What stands between the start codes. */
function nalsIn(stream: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  const code = Buffer.from([0, 0, 1]);
  for (let at = stream.indexOf(code); at >= 0; ) {
    const next = stream.indexOf(code, at + 3);
    const end = next < 0 ? stream.length : next;
    // A start code may be of four bytes: its first zero is not the end of the unit before.
    nals.push(stream.subarray(at + 3, next > 0 && stream[end - 1] === 0 ? end - 1 : end));
    at = next;
  }
  return nals;
}
