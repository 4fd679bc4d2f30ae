/** One step of the bootstrap: a program run with its progress shown, its output shown only when it fails. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** An end that the user can act on; `code` is the exit status. */
export class StepFailed extends Error {
  constructor(message, code = 1) {
    super(message);
    this.code = code;
  }
}

/** Runs a program without stdin; on a terminal its latest line of output shows that it lives. */
export async function run(what, command, args, env = {}) {
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  const tty = process.stderr.isTTY;
  let tail = '';
  console.error(`watchpost: ${what} …`);
  const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      tail = (tail + text).slice(-6000);
      const line =
        text
          .trim()
          .split('\n')
          .at(-1)
          ?.slice(0, (process.stderr.columns ?? 80) - 12) ?? '';
      if (tty && line) process.stderr.write(`\r\x1b[K  ${seconds()}  ${line}`);
    });
  }
  const code = await new Promise((resolve) => {
    child.once('error', (error) => {
      tail += `\n${error.message}`;
      resolve(-1);
    });
    child.once('close', resolve);
  });
  if (tty) process.stderr.write('\r\x1b[K');
  if (code !== 0)
    throw new StepFailed(
      `${tail.trimEnd()}\n\nwatchpost: ${what}: ${command} failed (${code}); its last output is above`,
    );
  console.error(`watchpost: ${what}: done in ${seconds()}`);
}

/** The folder whose include/node holds this Node's headers, when they are installed beside it. */
export function nodeHeaders() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include/node/node_version.h')) ? prefix : undefined;
}
