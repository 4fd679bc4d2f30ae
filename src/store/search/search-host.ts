/**
 * The process that searches: it reads the database that another process writes, and keeps codes of its vectors in memory.
 * It gives way to the recorder, and ends when its parent does. Arguments: the database's file, bytes for codes.
 */
import { setPriority } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import * as sqliteVec from 'sqlite-vec';
import { CodeKeeper } from './code-keeper.ts';
import { Codes } from './codes.ts';
import { findersOn } from './finders.ts';
import { KeptCodes } from './kept-codes.ts';
import { type FromSearcher, runOn, type SearchAsk, type ToSearcher } from './search-protocol.ts';
import { Slabs } from './slabs.ts';

/** Niceness: behind the recorder and the models. */
const YIELDING = 10;
/** So often the codes are brought up to date without being asked. */
const REFRESH_MS = 5000;
const PAGES_KB = 16_000;
/** Pages are read where the system has them, uncopied. A disk that fails then ends this process, and only this one. */
const MAPPED_BYTES = 0x7fff_0000;

type Job = { id: number; ask: SearchAsk; stop: AbortController };

const [file = '', bytes = '0'] = process.argv.slice(2);
const sql = new Database(file, { readonly: true, timeout: 5000 });
sql.pragma(`cache_size = -${PAGES_KB}`);
sql.pragma('temp_store = MEMORY');
sql.pragma(`mmap_size = ${MAPPED_BYTES}`);
const connection = { sql, hasVectors: loadVectors() };
const slabs = new Slabs(Number(bytes));
const codes = { vectors: new Codes(sql, 'vectors', slabs), pictures: new Codes(sql, 'pictures', slabs) };
const finders = findersOn(connection, connection.hasVectors ? codes : undefined);
const jobs: Job[] = [];
let working: Promise<void> | undefined;

function tell(message: FromSearcher): void {
  process.send?.(message);
}

function take(message: ToSearcher): void {
  switch (message.kind) {
    case 'search':
      jobs.push({ ...message, stop: new AbortController() });
      working ??= work();
      break;
    case 'cancel':
      jobs.find(({ id }) => id === message.id)?.stop.abort();
      break;
    case 'changed': {
      const { change } = message;
      const kind = codes[message.vectors];
      if ('streamId' in change) kind.erased(change.streamId);
      else if ('id' in change) kind.changed(change.table, change.id);
      else kind.drop(change.table);
    }
  }
}

/** One after the other: several at once would only each take longer. */
async function work(): Promise<void> {
  for (let job = jobs[0]; job; job = jobs[0]) {
    const { id, ask, stop } = job;
    try {
      stop.signal.throwIfAborted();
      tell({ kind: 'found', id, found: await runOn(finders, ask, stop.signal) });
    } catch (error) {
      tell({ kind: 'failed', id, problem: error instanceof Error ? error.message : String(error) });
    }
    jobs.shift();
    await setImmediate(); // Those that were cancelled meanwhile aren't begun.
  }
  working = undefined;
}

async function keepCodes(): Promise<never> {
  const keeper = new CodeKeeper(sql, { codes, slabs, kept: new KeptCodes(join(dirname(file), 'codes')) }, async () => {
    await setImmediate();
    await working;
  });
  for (;;) {
    await keeper.run((status) => tell({ kind: 'codes', codes: status }));
    await setTimeout(REFRESH_MS);
  }
}

function loadVectors(): boolean {
  try {
    sqliteVec.load(sql);
    return true;
  } catch {
    return false; // The parent has said so.
  }
}

setPriority(YIELDING);
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group; the parent decides when we end.
process.on('SIGINT', () => undefined);
process.on('message', take);
tell({ kind: 'ready' });
if (connection.hasVectors) keepCodes().catch(() => process.exit(1));
