/**
 * Loaded into an appliance by `--import`: at SIGUSR2 it writes by how much its event loop was late since the last time, ms,
 * to the file that LOOP_PROBE_FILE names. Processes of the appliance's own have none.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 5;

if (process.argv[1]?.endsWith('main.js')) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  process.on('SIGUSR2', () => {
    const file = process.env.LOOP_PROBE_FILE;
    const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
    writeFileSync(`${file}.part`, JSON.stringify({ p99: late(delay.percentile(99)), max: late(delay.max) }));
    renameSync(`${file}.part`, file);
    delay.reset();
  });
}
