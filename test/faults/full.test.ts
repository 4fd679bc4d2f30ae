/** A disk that is full at each kind of write: it is said, nothing half is left, and it goes on when there is room again. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ffmpeg } from '../e2e/support/ffmpeg.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import type { Report } from './full-disk.ts';
import { inOwnMounts } from './own-mounts.ts';

const KINDS = ['a session', 'a segment', 'a scene', 'a thumbnail', 'an alert', 'a backup'];

it('every kind of write fails with a reason on a full disk, and works when there is room again', {
  timeout: 120_000,
}, async ({ skip }) => {
  await using home = await tempDir();
  const [disk, made] = [join(home.path, 'disk'), join(home.path, 'made')];
  for (const dir of [disk, made]) mkdirSync(dir);
  const hls = ['-f', 'hls', '-hls_time', '1', '-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', 'init.mp4'];
  const source = ['-f', 'lavfi', '-i', 'testsrc=size=64x36:rate=5:duration=4', '-c:v', 'libx264', '-g', '5'];
  await ffmpeg(...source, ...hls, '-hls_segment_filename', join(made, '%d.m4s'), join(made, 'live.m3u8'));
  const report = await inOwnMounts<Report>('full-disk.ts', [disk, made]);
  if ('cannotMount' in report) return skip(`no small disk can be mounted here: ${report.cannotMount}`);
  const { outcomes, problems } = report;
  const last = outcomes.pop();
  expect(outcomes.map(({ what }) => what)).toEqual(KINDS);
  for (const { what, full, roomy } of outcomes) {
    expect(full, what).toMatch(/no space left on device|the disk is full|no room for a copy|done without/);
    expect(roomy, what).toBe('done');
  }
  expect(last, 'what makes room can always be done').toMatchObject({ what: 'a start and a deletion', full: 'done' });
  expect(problems).toEqual([]);
});
