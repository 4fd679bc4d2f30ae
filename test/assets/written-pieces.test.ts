/** What ffmpeg wrote, and what it only seems to have written. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writtenPieces } from '#assets';

let dir: string;

function box(type: string, bytes = 20): Buffer {
  const whole = Buffer.alloc(bytes);
  whole.writeUInt32BE(bytes);
  whole.write(type, 4, 'latin1');
  return whole;
}

const LIST =
  '#EXTM3U\n#EXT-X-MAP:URI="init-0.mp4"\n#EXTINF:2.000000,\n000000.m4s\n#EXTINF:1.5,\n000001.m4s\n#EXT-X-ENDLIST\n';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wp-written-'));
  writeFileSync(join(dir, 'index.m3u8'), LIST);
  writeFileSync(join(dir, 'init-0.mp4'), Buffer.concat([box('ftyp'), box('moov')]));
  for (const name of ['000000.m4s', '000001.m4s']) {
    writeFileSync(join(dir, name), Buffer.concat([box('moof'), box('mdat', 100)]));
  }
});
afterEach(() => rmSync(dir, { recursive: true }));

it('is what the playlist names', async () => {
  const piece = { initPath: 'm-1/init-0.mp4', bytes: 120, discontinuity: false };
  expect(await writtenPieces(dir, 'm-1')).toEqual([
    { ...piece, n: 0, startMs: 0, durationMs: 2000, path: 'm-1/000000.m4s' },
    { ...piece, n: 1, startMs: 2000, durationMs: 1500, path: 'm-1/000001.m4s' },
  ]);
});

it.each([
  ['a piece is cut off', '000000.m4s', 60],
  ['the last piece is empty', '000001.m4s', 0],
  ['the init file is cut off', 'init-0.mp4', 30],
  ['the playlist is empty', 'index.m3u8', 0],
  ['the playlist breaks off', 'index.m3u8', 70],
])('is refused for lack of room where %s', async (_what, name, bytes) => {
  truncateSync(join(dir, name), bytes);
  await expect(writtenPieces(dir, 'm-1')).rejects.toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('no room'),
  });
});
