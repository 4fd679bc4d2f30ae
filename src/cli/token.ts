import { mkdir } from 'node:fs/promises';
import { grantKey } from '#app';
import { loadConfig } from '#config';
import { createLog, systemClock } from '#runtime';
import { Store } from '#store';
import { print } from './terminal.ts';

export interface TokenOptions {
  config?: string;
  dataDir?: string;
  label: string;
}

/** Adds an API key to the data directory's store, also while the appliance runs on it. The key is all of stdout. */
export async function createToken(options: TokenOptions): Promise<void> {
  const { dataDir } = await loadConfig(options.config, process.env, options);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await using store = await Store.open(dataDir, { clock: systemClock, log: createLog('silent') });
  print(grantKey(store, options.label));
}
