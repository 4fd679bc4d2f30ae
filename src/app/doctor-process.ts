/**
 * Looks at everything that is stored in a process of its own, as reading through months of files takes seconds.
 *
 * argv: the data directory. Answers once, with the findings.
 */
import { setPriority } from 'node:os';
import { messageOf } from '#runtime';
import { examine, type Finding } from './doctor.ts';

process.on('disconnect', () => process.exit(1));
setPriority(19);

const [dir = ''] = process.argv.slice(2);

async function answer(): Promise<Finding[]> {
  try {
    return await examine(dir, 0);
  } catch (error) {
    return [{ level: 'problem', what: 'doctor', found: messageOf(error) }];
  }
}

process.send?.(await answer(), () => process.disconnect());
