import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '#runtime';

/** Locks of this process: a lock file with our own pid that isn't here is left over from a life before a reboot. */
const held = new Set<string>();

/** Only one process at a time may change a pack. Throws `conflict` while another does; a dead one's lock is taken over. */
export function lockPack(dir: string, name: string): Disposable {
  const file = join(dir, `.${name}.lock`);
  if (held.has(file) || isHeldByAnother(file)) {
    throw new Fault('conflict', `pack ${name} is being fetched or imported already: wait until that has ended`);
  }
  rmSync(file, { force: true });
  writeFileSync(file, String(process.pid), { flag: 'wx' });
  held.add(file);
  return {
    [Symbol.dispose]: () => {
      held.delete(file);
      rmSync(file, { force: true });
    },
  };
}

function isHeldByAnother(file: string): boolean {
  const pid = pidIn(file);
  if (pid === undefined || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function pidIn(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
