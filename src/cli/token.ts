import { mkdir } from 'node:fs/promises';
import { grantKey } from '#app';
import { loadConfig } from '#config';
import type { Scope } from '#domain';
import { createLog, Fault, systemClock } from '#runtime';
import { Store } from '#store';
import { print, printTable } from './terminal.ts';

export interface PlaceOptions {
  config?: string;
  dataDir?: string;
}

export interface TokenOptions extends PlaceOptions {
  label: string;
  scope?: Scope[];
}

/** Adds an API key to the data directory's store, also while the appliance runs on it. The key is all of stdout. */
export async function createToken(options: TokenOptions): Promise<void> {
  await using store = await openStore(options);
  print(grantKey(store, options.label, options.scope));
}

/** The keys that open something. */
export async function listTokens(options: PlaceOptions): Promise<void> {
  await using store = await openStore(options);
  const rows = store.keys.list().map(({ id, label, scopes, createdMs, lastUsedMs }) => {
    return [String(id), label, scopes.join(' '), iso(createdMs), lastUsedMs === undefined ? 'never' : iso(lastUsedMs)];
  });
  printTable([['number', 'label', 'scopes', 'made', 'last used'], ...rows]);
}

/** Ends a key at once, also while the appliance runs. Throws `not_found` when there is none. */
export async function revokeToken(id: string, options: PlaceOptions): Promise<void> {
  await using store = await openStore(options);
  if (!store.keys.revoke(Number(id))) {
    throw new Fault('not_found', `there is no key ${id}: "watchpost token list" shows their numbers`);
  }
}

async function openStore(options: PlaceOptions): Promise<Store> {
  const { dataDir } = await loadConfig(options.config, process.env, options);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  return await Store.open(dataDir, { clock: systemClock, log: createLog('silent') });
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
