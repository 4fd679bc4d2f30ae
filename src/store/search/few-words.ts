import type { Database, Statement } from 'better-sqlite3';
import type { Term } from './terms.ts';

/**
 * Tells which of a few texts have which words, in time that doesn't depend on how many others there are: these few are put
 * in a table of their own, in memory, that takes words as all do. For a connection that nobody waits for.
 */
export class FewWords {
  readonly #sql: Database;
  readonly #clear: Statement<[]>;
  readonly #put: Statement<[string]>;
  readonly #having: Statement<[string], number>;

  /** `text` is an expression on `r`, one of `rows`. */
  constructor(sql: Database, { words, rows, text }: { words: string; rows: string; text: string }) {
    const few = `few_${words}`;
    this.#sql = sql;
    sql.exec(`CREATE VIRTUAL TABLE IF NOT EXISTS temp.${few} USING fts5 (
      text, content = '', tokenize = 'porter unicode61 remove_diacritics 2')`);
    this.#clear = sql.prepare(`INSERT INTO temp.${few} (${few}) VALUES ('delete-all')`);
    this.#put = sql.prepare(`
      INSERT INTO temp.${few} (rowid, text)
      SELECT r.id, ${text} FROM ${rows} r WHERE r.id IN (SELECT value FROM json_each(?))`);
    this.#having = sql.prepare<[string], number>(`SELECT rowid FROM temp.${few} WHERE ${few} MATCH ?`).pluck();
  }

  /** For each term those of the texts that have it. */
  having(terms: readonly Term[], ids: readonly number[]): number[][] {
    return this.#sql.transaction(() => {
      this.#clear.run();
      this.#put.run(JSON.stringify(ids));
      return terms.map((term) => this.#having.all(term));
    })();
  }
}
