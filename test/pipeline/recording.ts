import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { newId, type Stream } from '#domain';
import type { Store } from '#store';

const SEGMENT_S = 2;

/**
 * Records what `filter` of ffmpeg's lavfi shows from a time on, as one session of two-second segments with a keyframe a
 * second. Returns the segments' paths in the media directory.
 */
export function record(store: Store, mediaDir: string, stream: Stream, fromMs: number, filter: string): string[] {
  const id = newId('session', fromMs);
  const path = join(stream.id, id);
  const target = join(mediaDir, path);
  mkdirSync(target, { recursive: true });
  const hls = ['-f', 'hls', '-hls_time', String(SEGMENT_S), '-hls_segment_type', 'fmp4', '-hls_list_size', '0'];
  const names = ['-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', '%d.m4s', 'live.m3u8'];
  const code = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '10', ...hls, ...names];
  execFileSync('ffmpeg', ['-loglevel', 'error', '-f', 'lavfi', '-i', filter, ...code], { cwd: target });
  rmSync(join(target, 'live.m3u8'));
  const session = { id, streamId: stream.id, startedMs: fromMs, initPath: `${path}/init.mp4`, width: 320, height: 240 };
  const paths: string[] = [];
  for (let n = 0; ; n += 1) {
    const file = `${path}/${n}.m4s`;
    const bytes = statSync(join(mediaDir, file), { throwIfNoEntry: false })?.size;
    if (bytes === undefined) return paths;
    const startMs = fromMs + n * SEGMENT_S * 1000;
    const endMs = startMs + SEGMENT_S * 1000;
    store.segments.add({ streamId: stream.id, sessionId: id, startMs, endMs, path: file, bytes }, session);
    paths.push(file);
  }
}

/** A picture in which nothing moves, for so many seconds. */
export function still(seconds: number): string {
  return `smptebars=size=320x240:rate=10:duration=${seconds}`;
}

/** The same for so many seconds, and then something stands in the middle of it. */
export function visited(stillS: number, visitedS: number): string {
  const box = 'drawbox=x=130:y=60:w=60:h=120:color=black:t=fill';
  return `${still(stillS)}[a];${still(visitedS)},${box}[b];[a][b]concat=n=2`;
}
