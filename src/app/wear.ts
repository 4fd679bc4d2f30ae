import { readdir, readFile } from 'node:fs/promises';
import type { Clock } from '#runtime';
import type { Store } from '#store';

const TASKS = '/proc/self/task';

/**
 * Bytes that this process has caused to be written to a disk so far: the database, pictures, exports; not what ffmpeg
 * writes. Undefined where the system doesn't tell.
 */
async function writtenSoFar(): Promise<number | undefined> {
  try {
    // By thread: the process's own figure takes in those of its children that have ended.
    const tasks = await readdir(TASKS);
    const texts = await Promise.all(tasks.map((id) => readFile(`${TASKS}/${id}/io`, 'utf8').catch(() => '')));
    return texts.reduce((sum, text) => sum + Number(/^write_bytes: (\d+)$/m.exec(text)?.[1] ?? 0), 0);
  } catch {
    return undefined;
  }
}

/** Notes, whenever it is called, what was written since it was called last. */
export function wearMeter(store: Pick<Store, 'recorded'>, clock: Clock): () => Promise<void> {
  let before = 0;
  return async () => {
    const now = (await writtenSoFar()) ?? before;
    // A thread that has ended takes its count along.
    if (now > before) store.recorded.addWritten(now - before, clock.nowMs());
    before = now;
  };
}
