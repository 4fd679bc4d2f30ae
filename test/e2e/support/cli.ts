import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Child } from '#runtime';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));

export interface CliAnswer {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs one `watchpost` command to its end. */
export async function watchpost(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliAnswer> {
  const child = await Child.start(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const { stdout, stderr } = child.process;
  if (!stdout || !stderr) throw new Error('the command has no output');
  const [out, err, { code }] = await Promise.all([text(stdout), text(stderr), child.ended]);
  return { code, stdout: out, stderr: err };
}
