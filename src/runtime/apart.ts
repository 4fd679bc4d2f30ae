import { fork, type Serializable } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ApartOptions {
  signal: AbortSignal;
  /** Longer than that it isn't waited for. */
  timeoutMs?: number;
  /** Sent to it first; secrets go this way, as its arguments are shown to every user of the machine. */
  message?: Serializable;
}

/**
 * Runs the script `name`, which lies beside the module `beside` (its `import.meta.url`), in a process of its own and gives
 * the one message that it sends; undefined when it ended without. It is killed when the signal aborts, whose reason is
 * thrown then, and ends by itself when this process does.
 */
export async function runApart(
  { name, beside }: { name: string; beside: string },
  paths: readonly string[],
  { signal, timeoutMs, message }: ApartOptions,
): Promise<unknown> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const child = fork(
    fileURLToPath(new URL(`./${name}${extension}`, beside)),
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
  child.on('message', (told) => {
    answer = told;
  });
  // Where it has gone, its end says so.
  if (message !== undefined) child.send(message, () => undefined);
  await once(child, 'exit').catch(() => signal.throwIfAborted());
  signal.throwIfAborted();
  return answer;
}
