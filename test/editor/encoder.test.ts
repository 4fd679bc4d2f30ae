/** An ffmpeg that draws: how it ends when it doesn't by itself. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLog } from '#runtime';
import { type EncodingWork, encode } from '../../src/editor/encoder.ts';

let dir: string;

/** A pipe of which nothing ever comes. */
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wp-encoder-'));
  mkdirSync(join(dir, 'inputs'));
  execFileSync('mkfifo', [join(dir, 'inputs', 'never')]);
});
afterEach(() => rmSync(dir, { recursive: true }));

function draw(work: Partial<EncodingWork>): Promise<void> {
  const graph = { inputs: [['-i', 'never']], filters: '[0:v]null[video]', hasSound: false };
  const encoding = { graph, fps: 25, fromMs: 0, cwd: join(dir, 'inputs'), playlist: 'index.m3u8', firstPiece: 0 };
  const signal = new AbortController().signal;
  return encode(encoding, { signal, log: createLog('silent'), onFrame: () => undefined, ...work });
}

it('is ended, and said to have hung, when no frame comes for long', async () => {
  await expect(draw({ silenceMs: 300 })).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('ffmpeg hung'),
  });
});

it('is ended at once when it is not wanted any more, also before it began', async () => {
  const stop = new AbortController();
  const drawing = draw({ signal: stop.signal });
  setTimeout(() => stop.abort(new Error('enough')), 200);
  await expect(drawing).rejects.toThrow('enough');
  await expect(draw({ signal: stop.signal })).rejects.toThrow('enough');
});
