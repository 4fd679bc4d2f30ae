import { setTimeout as timer } from 'node:timers/promises';
import { type ProcessEntry, processTree } from '../e2e/support/processes.ts';

export interface CpuUse {
  /** Percent of one core, all processes together. */
  percent: number;
  /** The same, by what the process is. */
  parts: Record<string, number>;
}

/** What a process and all its descendants use over `seconds`; one that starts and ends in between counts with its parent. */
export async function cpuUse(pid: number, seconds: number, nameOf: (entry: ProcessEntry) => string): Promise<CpuUse> {
  const [before, startedMs] = [await processTree(pid), performance.now()];
  await timer(seconds * 1000);
  const [after, endedMs] = [await processTree(pid), performance.now()];
  const parts: Record<string, number> = {};
  for (const entry of after) {
    const earlier = before.find((one) => one.pid === entry.pid)?.cpuSeconds ?? 0;
    const percent = ((entry.cpuSeconds - earlier) / (endedMs - startedMs)) * 1e5;
    parts[nameOf(entry)] = (parts[nameOf(entry)] ?? 0) + percent;
  }
  return { percent: Object.values(parts).reduce((sum, part) => sum + part, 0), parts };
}
