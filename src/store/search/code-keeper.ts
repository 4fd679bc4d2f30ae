import type { Database } from 'better-sqlite3';
import type { Codes } from './codes.ts';
import type { KeptCodes } from './kept-codes.ts';
import type { CodesStatus } from './search-protocol.ts';
import type { Slabs } from './slabs.ts';
import { dayStartMs, type VectorKind, vectorTables } from './vector-tables.ts';

type Wanted = { kind: VectorKind; table: string };

/** Runs in which nothing of a day has changed until it is kept: what goes on changing isn't worth the writing. */
const QUIET_RUNS = 12;

/**
 * Has the codes of the newest days in memory, as many as there is room for: the oldest give way. Days that have passed are
 * kept as files, one in each run: the disk has other things to do.
 */
export class CodeKeeper {
  readonly #sql: Database;
  readonly #codes: Record<VectorKind, Codes>;
  readonly #slabs: Slabs;
  readonly #kept: KeptCodes;
  readonly #pause: () => Promise<void>;
  /** Days that have passed, as they were in so many runs. */
  readonly #quiet = new Map<string, { tag: string; runs: number }>();
  /** As they were when they were kept. */
  readonly #keptTags = new Map<string, string>();
  /** Days for which there was no room while so much was taken. */
  readonly #noRoom = new Map<string, number>();

  /** `pause` is awaited every few milliseconds. */
  constructor(
    sql: Database,
    parts: { codes: Record<VectorKind, Codes>; slabs: Slabs; kept: KeptCodes },
    pause: () => Promise<void>,
  ) {
    this.#sql = sql;
    this.#codes = parts.codes;
    this.#slabs = parts.slabs;
    this.#kept = parts.kept;
    this.#pause = pause;
  }

  /** Takes in what the newest days have got since, reads what is missing, and tells how far it has come. */
  async run(onProgress: (status: CodesStatus) => void): Promise<void> {
    for (const kind of ['vectors', 'pictures'] as const) {
      const [newest] = vectorTables(this.#sql, kind);
      if (newest !== undefined) await this.#codes[kind].freshen(newest);
    }
    const wanted = this.#wanted();
    for (const [n, { kind, table }] of wanted.entries()) {
      await this.#pause();
      await this.#read(kind, table);
      onProgress(this.#status(n === wanted.length - 1));
    }
    if (wanted.length === 0) onProgress(this.#status(true));
    await this.#keepOne();
  }

  async #keepOne(): Promise<void> {
    const passed = (['vectors', 'pictures'] as const).flatMap((kind) =>
      vectorTables(this.#sql, kind).map((table, n) => ({ kind, table, isNewest: n === 0 })),
    );
    const due = passed.filter(({ kind, table, isNewest }) => !isNewest && this.#isDue(kind, table));
    const [{ kind, table } = { kind: undefined, table: '' }] = due;
    if (kind === undefined) return;
    const tag = this.#quiet.get(table)?.tag ?? '';
    await this.#pause();
    await this.#codes[kind].keepDay(table, tag, this.#kept);
    this.#keptTags.set(table, tag);
    await this.#kept.removeOthers(new Set(passed.map((one) => one.table)));
  }

  #isDue(kind: VectorKind, table: string): boolean {
    const tag = this.#codes[kind].tagOf(table);
    const before = this.#quiet.get(table);
    const runs = before?.tag === tag ? before.runs + 1 : 0;
    this.#quiet.set(table, { tag, runs });
    return runs >= QUIET_RUNS && this.#keptTags.get(table) !== tag && !this.#codes[kind].wants(table);
  }

  async #read(kind: VectorKind, table: string): Promise<void> {
    if (!this.#codes[kind].has(table) && (await this.#codes[kind].load(table, this.#kept))) {
      this.#keptTags.set(table, this.#codes[kind].tagOf(table));
      return;
    }
    while (!(await this.#codes[kind].read(table, this.#pause))) {
      if (this.#dropOlderThan(dayStartMs(table))) continue;
      this.#noRoom.set(table, this.#slabs.bytes);
      return;
    }
    this.#noRoom.delete(table);
  }

  #dropOlderThan(atMs: number): boolean {
    const { vectors, pictures } = this.#codes;
    const oldest = vectors.oldestMs < pictures.oldestMs ? vectors : pictures;
    return oldest.oldestMs < atMs && oldest.dropOldest();
  }

  /** Newest first; of one day both kinds. */
  #wanted(): Wanted[] {
    const wanted: Wanted[] = [];
    for (const kind of ['vectors', 'pictures'] as const) {
      const tables = vectorTables(this.#sql, kind);
      this.#codes[kind].keep(tables);
      for (const table of tables) {
        const hadNoRoom = this.#slabs.bytes >= (this.#noRoom.get(table) ?? Number.POSITIVE_INFINITY);
        if (this.#codes[kind].wants(table) && !hadNoRoom) wanted.push({ kind, table });
      }
    }
    return wanted.sort((a, b) => dayStartMs(b.table) - dayStartMs(a.table));
  }

  #status(complete: boolean): CodesStatus {
    const { vectors, pictures } = this.#codes;
    return { count: vectors.count + pictures.count, bytes: this.#slabs.bytes, complete };
  }
}
