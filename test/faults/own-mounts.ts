import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/**
 * Runs a script beside this file in a mount namespace of its own, so that its disks go with it, and gives what it reports.
 * Throws when it ends without a report.
 */
export async function inOwnMounts<Report>(
  script: string,
  args: readonly string[],
): Promise<Report | { cannotMount: string }> {
  const allowed = spawnSync('unshare', ['--mount', 'true'], { encoding: 'utf8' });
  if (allowed.status !== 0) return { cannotMount: allowed.error?.message ?? allowed.stderr };
  const file = fileURLToPath(new URL(script, import.meta.url));
  const argv = ['--mount', process.execPath, '--import', 'tsx', file, ...args];
  const child = spawn('unshare', argv, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const complaints = child.stderr && text(child.stderr);
  let report: Report | undefined;
  child.on('message', (message) => {
    report = message as Report; // Only that script writes to this channel.
  });
  await once(child, 'exit');
  if (report === undefined) throw new Error(`${script} ended without a report:\n${await complaints}`);
  return report;
}
