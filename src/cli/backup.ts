import { chmod, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { holdDataDir } from '#app';
import { loadConfig } from '#config';
import { Fault, systemClock } from '#runtime';
import { copyToTake, restoreFrom } from '#store';
import { print } from './terminal.ts';

export interface BackupOptions {
  config?: string;
  dataDir?: string;
}

/** Copies the database to a file, also while the appliance runs. Throws `internal` when it is damaged: no copy is left then. */
export async function backup(file: string, options: BackupOptions, signal: AbortSignal): Promise<void> {
  const { dataDir } = await loadConfig(options.config, process.env, options);
  const part = `${resolve(file)}.part`;
  try {
    const [problem] = await copyToTake(dataDir, part, signal);
    if (problem !== undefined) {
      throw new Fault(
        'internal',
        `the database is damaged (${problem}): stop Watchpost, run \`watchpost doctor --repair\``,
      );
    }
    await chmod(part, 0o600);
    await rename(part, resolve(file));
  } finally {
    await rm(part, { force: true });
  }
  print(`${file} holds everything but pictures and video: keep it as safe as the passwords of your cameras.`);
}

/** Puts a copy in the place of the database of a box that doesn't run; what was there is set aside. */
export async function restore(file: string, options: BackupOptions): Promise<void> {
  const { dataDir } = await loadConfig(options.config, process.env, options);
  using _held = await holdDataDir(dataDir);
  const { setAside } = await restoreFrom(resolve(file), dataDir, systemClock);
  print(`restored. What was there is in ${setAside}. Now run: watchpost doctor --repair`);
}
