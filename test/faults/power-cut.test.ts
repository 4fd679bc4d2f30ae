/** The power fails while the appliance records and alerts: what was promised is on the disk. */
import { expect, it } from 'vitest';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { isFull } from './form.ts';
import { inOwnMounts } from './own-mounts.ts';
import type { Report } from './power-cut.ts';

const CUTS = isFull ? 10 : 2;

it('no segment that had a row and no alert that was told is lost with the power', {
  timeout: 120_000 + CUTS * 30_000,
}, async ({ skip }) => {
  await using home = await tempDir();
  const report = await inOwnMounts<Report>('power-cut.ts', [home.path, String(CUTS)]);
  if ('cannotMount' in report) return skip(`power cannot be cut here: ${report.cannotMount}`);
  console.log(`${CUTS} cuts: ${report.segments} segments, ${report.alerts} alerts`);
  expect(report.lost).toEqual([]);
  expect(report.segments).toBeGreaterThanOrEqual(2 * CUTS);
  expect(report.alerts).toBeGreaterThanOrEqual(CUTS);
});
