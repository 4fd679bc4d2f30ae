import type { Readable } from 'node:stream';

interface FrameTimes {
  streamMs: number;
  sceneScore: number;
}

export interface RawFrame extends FrameTimes {
  rgb: Uint8Array;
}

/**
 * Joins two pipes of ffmpeg: raw pictures of `size` bytes, and text lines with their times and scene scores. Both come
 * in the same order, each at its own pace. Pixels are copied once, from the pipe into the frame.
 */
export function readFrames(pixels: Readable, times: Readable, size: number, onFrame: (frame: RawFrame) => void): void {
  const pictures: Uint8Array[] = [];
  const stamps: FrameTimes[] = [];
  const join = () => {
    for (let rgb = pictures[0], stamp = stamps[0]; rgb && stamp; rgb = pictures[0], stamp = stamps[0]) {
      pictures.shift();
      stamps.shift();
      onFrame({ ...stamp, rgb });
    }
  };
  readPictures(pixels, size, (rgb) => {
    pictures.push(rgb);
    join();
  });
  const parse = metadataParser((stamp) => {
    stamps.push(stamp);
    join();
  });
  times.setEncoding('utf8').on('data', parse);
}

function readPictures(pixels: Readable, size: number, onPicture: (rgb: Uint8Array) => void): void {
  let picture = new Uint8Array(size);
  let filled = 0;
  pixels.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + size - filled);
      picture.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < size) return;
      onPicture(picture);
      picture = new Uint8Array(size);
      filled = 0;
    }
  });
}

/**
 * Reads what ffmpeg's `metadata=print` writes: a line with `pts:MS` (the filters' time base is 1 ms, as `pts_time` has only
 * six digits), then one with `lavfi.scene_score=X`.
 */
function metadataParser(onStamp: (stamp: FrameTimes) => void): (text: string) => void {
  let rest = '';
  let streamMs: number | undefined;
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const pts = /^frame:.*\bpts:(-?\d+)/.exec(line)?.[1];
      const score = /^lavfi\.scene_score=([\d.]+)/.exec(line)?.[1];
      if (pts !== undefined) streamMs = Number(pts);
      if (score === undefined || streamMs === undefined) continue;
      onStamp({ streamMs, sceneScore: Number(score) });
      streamMs = undefined;
    }
  };
}
