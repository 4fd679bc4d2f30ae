import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { processTable } from '../support/processes.ts';
import { until } from '../support/waiting.ts';
import { type Said, said, type Tree } from './tree.ts';

/** A tree that runs with systemd as its init, on this machine's network. */
export interface Booted extends AsyncDisposable {
  run(...argv: string[]): Promise<Said>;
  /** What systemd knows of the service. */
  service(property: string): Promise<string>;
  /** Resolves when it is off. */
  powerOff(): Promise<void>;
}

/** Throws, with what to install, where there is no systemd-nspawn, and when it doesn't come up. */
export async function boot(tree: Tree): Promise<Booted> {
  const argv = ['--quiet', `--directory=${tree.path}`, '--boot', '--register=no', '--resolv-conf=off'];
  if (!existsSync('/run/systemd/system')) argv.push('--keep-unit');
  const container = spawn('systemd-nspawn', argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  let console = '';
  for (const stream of [container.stdout, container.stderr])
    stream.on('data', (chunk: Buffer) => {
      console += chunk.toString();
    });
  container.on('error', () => undefined);
  await once(container, 'spawn').catch(() => {
    throw new Error('there is no systemd-nspawn: apt-get install systemd-container');
  });
  const init = await until('the container has an init', () => {
    if (container.exitCode !== null) throw new Error(`systemd-nspawn ended: ${console.slice(-2000)}`);
    return childOf(container);
  });
  const run = (...command: string[]) =>
    said('nsenter', ['-t', String(init), '-m', '-u', '-i', '-n', '-p', '-C', ...command]);
  const off = container.exitCode === null ? once(container, 'exit').then(() => undefined) : Promise.resolve();
  await until('systemd has started everything', async () =>
    /running|degraded/.test((await run('systemctl', 'is-system-running')).output),
  );
  return {
    run,
    service: async (property) => {
      const { output } = await run('systemctl', 'show', '--value', `--property=${property}`, 'watchpost');
      return output.trim();
    },
    powerOff: async () => {
      await run('systemctl', 'poweroff');
      await off;
    },
    [Symbol.asyncDispose]: async () => {
      if (container.exitCode === null) container.kill('SIGKILL');
      await off;
    },
  };
}

async function childOf({ pid }: ChildProcess): Promise<number | undefined> {
  return (await processTable()).find(({ parent }) => parent === pid)?.pid;
}
