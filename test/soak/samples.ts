import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { processTree } from '../e2e/support/processes.ts';

/** What the appliance holds at one moment. */
export interface Sample {
  /** Since the beginning. */
  atMs: number;
  /** Of the process that records, and of all. */
  rssMb: number;
  allRssMb: number;
  descriptors: number;
  processes: number;
  walMb: number;
}

export async function sample(pid: number, dataDir: string, sinceMs: number): Promise<Sample> {
  const tree = await processTree(pid);
  const rss = await Promise.all(tree.map((entry) => rssOf(entry.pid)));
  const wal = await stat(join(dataDir, 'watchpost.db-wal')).catch(() => ({ size: 0 }));
  return {
    atMs: performance.now() - sinceMs,
    rssMb: await rssOf(pid),
    allRssMb: rss.reduce((sum, mb) => sum + mb, 0),
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
    processes: tree.length,
    walMb: wal.size / 2 ** 20,
  };
}

async function rssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** By how much a figure grows in an hour, by least squares. */
export function slopePerHour(samples: readonly Sample[], figure: keyof Sample): number {
  const n = samples.length;
  const meanX = samples.reduce((sum, { atMs }) => sum + atMs, 0) / n;
  const meanY = samples.reduce((sum, one) => sum + one[figure], 0) / n;
  const above = samples.reduce((sum, one) => sum + (one.atMs - meanX) * (one[figure] - meanY), 0);
  const below = samples.reduce((sum, { atMs }) => sum + (atMs - meanX) ** 2, 0);
  return below === 0 ? 0 : (above / below) * 3_600_000;
}
