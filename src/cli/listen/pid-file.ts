import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Fault } from '#runtime';

/**
 * One listener for each folder: its file names the process, for whoever wants to end it, and goes with it. A file that
 * was left by one that was killed is taken over. Throws `conflict` while another one lives.
 */
export function takePidFile(path: string): Disposable {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, `${process.pid}`, { mode: 0o600 });
  try {
    for (let tries = 0; !linked(own, path); tries += 1) {
      const pid = pidIn(path);
      if (tries > 2 || (pid !== undefined && pid !== process.pid && listens(pid)))
        throw new Fault(
          'conflict',
          `another listener (process ${pid ?? 'unknown'}) writes to this folder: end it with "kill ${pid ?? 'PID'}", or name another folder`,
        );
      removeStale(path, `${own}.stale`, pid);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return {
    [Symbol.dispose]: () => {
      if (pidIn(path) === process.pid) rmSync(path, { force: true });
    },
  };
}

/** Takes away the file that was looked at, and no other: somebody else may have taken it over meanwhile. */
function removeStale(path: string, aside: string, pid: number | undefined): void {
  try {
    renameSync(path, aside);
  } catch {
    return; // Somebody else has.
  }
  if (pidIn(aside) !== pid) linked(aside, path);
  rmSync(aside, { force: true });
}

/** A link is made or not: of two that start at once one is told. */
function linked(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function pidIn(path: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10) || undefined;
  } catch {
    return undefined; // It has just gone.
  }
}

/** Whether the process is there and is one of ours: after a restart of the machine its number may be another's. */
function listens(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes('listen');
  } catch {
    return true;
  }
}
