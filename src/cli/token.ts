import { mkdir } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { grantKey, publicOrigin } from '#app';
import { loadConfig } from '#config';
import type { Scope } from '#domain';
import { createLog, Fault, messageOf, systemClock } from '#runtime';
import { Store } from '#store';
import { askOwnBox, ownBox } from './own-box.ts';
import { print, printTable } from './terminal.ts';

export interface PlaceOptions {
  config?: string;
  dataDir?: string;
}

export interface TokenOptions extends PlaceOptions {
  label: string;
  scope?: Scope[];
}

const ANSWER = z.object({ data: z.object({ code: z.string() }) });

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

/** Prints the page's address and a one-time code for it, got from the running box for the key that comes on stdin. */
export async function printCode(options: PlaceOptions, stdin: Readable, signal: AbortSignal): Promise<void> {
  const key = await text(addAbortSignal(signal, stdin));
  const config = await loadConfig(options.config, process.env, options);
  const address = new URL('/v1/session/code', ownBox(config));
  const { status, body } = await askOwnBox(address, signal, { key: key.trim() }).catch((error: unknown) => {
    throw new Fault('unavailable', `${address.origin} does not answer: is Watchpost running? (${messageOf(error)})`);
  });
  if (status === 401)
    throw new Fault('unauthorized', 'the key on stdin is not known: "watchpost token create" makes one');
  const parsed = ANSWER.safeParse(body);
  if (!parsed.success) throw new Fault('unavailable', `${address.origin} answered ${status}, and no code`);
  print(`${publicOrigin(config, config.listen.port)}  code ${parsed.data.data.code} (signs in once, within an hour)`);
}

async function openStore(options: PlaceOptions): Promise<Store> {
  const { dataDir } = await loadConfig(options.config, process.env, options);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  return await Store.open(dataDir, { clock: systemClock, log: createLog('silent') });
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
