import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const SOURCE = join(import.meta.dirname, 'failing-disk.c');

/** Whether a disk can be made to fail here. */
export const CAN_FAIL: boolean = spawnSync('gcc', ['--version']).status === 0;
if (!CAN_FAIL) console.warn('no gcc here: a failing disk is not tested');

/** For processes that get `env`: `disk` fails as what is written to the file `knob` says, see failing-disk.c. */
export function aFailingDisk(home: string, disk: string): { env: Record<string, string>; knob: string } {
  const [shim, knob] = [join(home, 'disk.so'), join(home, 'knob')];
  const compiled = spawnSync('gcc', ['-shared', '-fPIC', '-O1', '-o', shim, SOURCE, '-ldl'], { encoding: 'utf8' });
  if (compiled.status !== 0) throw new Error(compiled.stderr);
  return { env: { LD_PRELOAD: shim, FAILING_DISK: disk, FAILING_DISK_SWITCH: knob }, knob };
}
