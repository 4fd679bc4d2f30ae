import type { Database } from 'better-sqlite3';
import type { Codes } from './codes.ts';
import type { CodesStatus } from './search-protocol.ts';
import type { Slabs } from './slabs.ts';
import { dayStartMs, type VectorKind, vectorTables } from './vector-tables.ts';

type Wanted = { kind: VectorKind; table: string };

/** Has the codes of the newest days in memory, as many as there is room for: the oldest give way. */
export class CodeKeeper {
  readonly #sql: Database;
  readonly #codes: Record<VectorKind, Codes>;
  readonly #slabs: Slabs;
  readonly #pause: () => Promise<void>;
  /** Days for which there was no room while so much was taken. */
  readonly #noRoom = new Map<string, number>();

  /** `pause` is awaited every few milliseconds. */
  constructor(sql: Database, codes: Record<VectorKind, Codes>, slabs: Slabs, pause: () => Promise<void>) {
    this.#sql = sql;
    this.#codes = codes;
    this.#slabs = slabs;
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
  }

  async #read(kind: VectorKind, table: string): Promise<void> {
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
