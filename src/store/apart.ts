import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ApartOptions {
  signal: AbortSignal;
  /** Longer than that it isn't waited for. */
  timeoutMs?: number;
}

/**
 * Runs a script of this folder in a process of its own and gives the one message that it sends; undefined when it ended
 * without. It is killed when the signal aborts, whose reason is thrown then, and ends by itself when this process does.
 */
export async function runApart(
  name: 'backup-process' | 'restore-process',
  paths: readonly string[],
  { signal, timeoutMs }: ApartOptions,
): Promise<unknown> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const child = fork(
    fileURLToPath(new URL(`./${name}${extension}`, import.meta.url)),
    paths.map((path) => resolve(path)),
    {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      execArgv: extension === '.ts' ? ['--import', 'tsx'] : [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      signal,
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
      killSignal: 'SIGKILL',
    },
  );
  let answer: unknown;
  child.on('message', (message) => {
    answer = message;
  });
  await once(child, 'exit').catch(() => signal.throwIfAborted());
  signal.throwIfAborted();
  return answer;
}
