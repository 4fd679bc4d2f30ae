/**
 * Restores a damaged database in a process of its own: it may take minutes, in which the parent goes on telling systemd
 * that it lives. Killed at any step, the next start goes on or begins again.
 *
 * argv: the data directory. Answers once.
 */
import { messageOf, systemClock } from '#runtime';
import { type RestoreAnswer, restoreDamaged } from './restore.ts';

process.on('disconnect', () => process.exit(1));

const [dir = ''] = process.argv.slice(2);

async function answer(): Promise<RestoreAnswer> {
  try {
    const report = await restoreDamaged(dir, systemClock);
    return { kind: 'done', ...(report ? { report } : {}) };
  } catch (error) {
    return { kind: 'failed', problem: messageOf(error) };
  }
}

process.send?.(await answer(), () => process.disconnect());
