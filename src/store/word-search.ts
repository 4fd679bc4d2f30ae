import { setImmediate } from 'node:timers/promises';
import type { Database, Statement } from 'better-sqlite3';
import type { Term } from './terms.ts';

/** What is looked through. */
export interface Texts {
  /** An FTS5 table whose rowid is `id` of the rows joined to it as `r`. */
  words: string;
  rows: string;
  /** Of `r`; `id` among them. */
  columns: string;
  /** A condition on `r` with the filter's names as parameters. */
  where: string;
}

type Asked = { match: string; limit: number };

/** Of texts that have only some of the words, so many of the newest are weighed. */
const WEIGHED = 5000;

/**
 * Finds texts by their words (FTS5). No question takes long, however much is stored: what has every word, and what has
 * one, is read newest first until it is enough; where there is too little of it, the newest texts that have some words
 * are weighed (BM25). Old ones that have some are left to the search by meaning.
 */
export class WordSearch<Filter extends object, Row extends { id: number }> {
  readonly #newest: Statement<[Filter & Asked], Row>;
  readonly #weighed: Statement<[Filter & Asked], Row>;
  readonly #having: Statement<[string, string], { id: number }>;

  constructor(sql: Database, { words, rows, columns, where }: Texts) {
    const matching = `FROM ${words} w CROSS JOIN ${rows} r ON r.id = w.rowid WHERE ${words} MATCH @match AND ${where}`;
    this.#newest = sql.prepare(`SELECT ${columns} ${matching} ORDER BY w.rowid DESC LIMIT @limit`);
    this.#weighed = sql.prepare(`
      SELECT * FROM (SELECT ${columns}, bm25(${words}) AS weight ${matching} ORDER BY w.rowid DESC LIMIT ${WEIGHED})
      ORDER BY weight, id DESC LIMIT @limit`);
    // With the plus FTS5 is asked once, not once for each id.
    this.#having = sql.prepare(
      `SELECT rowid AS id FROM ${words} WHERE ${words} MATCH ? AND +rowid IN (SELECT value FROM json_each(?))`,
    );
  }

  /** Texts that have every term, newest first. */
  withAll(terms: readonly Term[], filter: Filter, limit: number): Row[] {
    return terms.length === 0 ? [] : this.#newest.all({ ...filter, match: terms.join(' AND '), limit });
  }

  /** Texts that have some of the terms: the newest of each term, and the best of the newest. May name a text twice. */
  async withSome(terms: readonly Term[], filter: Filter, limit: number): Promise<Row[]> {
    if (terms.length < 2) return [];
    const found = this.#weighed.all({ ...filter, match: terms.join(' OR '), limit });
    for (const match of terms) {
      await setImmediate();
      found.push(...this.#newest.all({ ...filter, match, limit }));
    }
    return found;
  }

  /** Share of the terms that each of these texts has, 0–1. */
  async coverage(terms: readonly Term[], ids: readonly number[]): Promise<Map<number, number>> {
    const list = JSON.stringify(ids);
    const shares = new Map<number, number>();
    for (const term of terms) {
      await setImmediate();
      for (const { id } of this.#having.all(term, list)) shares.set(id, (shares.get(id) ?? 0) + 1 / terms.length);
    }
    return shares;
  }
}
