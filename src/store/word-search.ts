import { setImmediate } from 'node:timers/promises';
import type { Database, Statement } from 'better-sqlite3';
import { FewWords } from './few-words.ts';
import { neighbours, SHORT_SLICE, slices } from './slices.ts';
import type { Term } from './terms.ts';

/** What is looked through. */
export interface Texts {
  /** An FTS5 table whose rowid is `id` of the rows joined to it as `r`. */
  words: string;
  rows: string;
  /** Of `r`; `id` among them. */
  columns: string;
  /** What the words are of: an expression on `r`. */
  text: string;
  /** A condition on `r` with the filter's names as parameters. */
  where: string;
}

type Bounds = { first: number | null; last: number | null };
type Asked = { match: string; from: number; to: number; limit: number };

/** Of texts that have only some of the words, so many of the newest are weighed. */
const WEIGHED = 2000;
/** Among so many for each, texts are better looked at than words looked up. */
const SPARSE = 64;

/**
 * Finds texts by their words (FTS5). What has every word, and what has one, is read newest first until it is enough;
 * where there is too little of it, the newest texts that have some words are weighed by how many they have. Old ones
 * that have some are left to the search by meaning. However much is stored, other work has its turn in between.
 */
export class WordSearch<Filter extends object, Row extends { id: number }> {
  readonly #slice: number;
  readonly #few: FewWords | undefined;
  readonly #bounds: Statement<[], Bounds>;
  readonly #newest: Statement<[Filter & Asked], Row>;
  readonly #having: Statement<[{ match: string; from: number; to: number; ids: string }], { id: number }>;

  constructor(sql: Database, { words, rows, columns, text, where }: Texts, slice: number) {
    this.#slice = slice;
    if (slice > SHORT_SLICE) this.#few = new FewWords(sql, { words, rows, text });
    this.#bounds = sql.prepare(`SELECT (SELECT min(id) FROM ${rows}) AS first, (SELECT max(id) FROM ${rows}) AS last`);
    // The driver binds every number as REAL, which FTS5 does not take for a bound: it would read all.
    const matching = `${words} MATCH @match AND w.rowid BETWEEN CAST(@from AS INTEGER) AND CAST(@to AS INTEGER)`;
    this.#newest = sql.prepare(`
      SELECT ${columns} FROM ${words} w CROSS JOIN ${rows} r ON r.id = w.rowid
      WHERE ${matching} AND ${where} ORDER BY w.rowid DESC LIMIT @limit`);
    // With the plus FTS5 is asked once, not once for each id.
    this.#having = sql.prepare(
      `SELECT w.rowid AS id FROM ${words} w WHERE ${matching} AND +w.rowid IN (SELECT value FROM json_each(@ids))`,
    );
  }

  /** Texts that have every term, newest first. */
  async withAll(terms: readonly Term[], filter: Filter, limit: number, signal?: AbortSignal): Promise<Row[]> {
    return terms.length === 0 ? [] : this.#matching(terms.join(' AND '), filter, limit, signal);
  }

  /** Texts that have some of the terms: the newest of each term, and the best of the newest. May name a text twice. */
  async withSome(terms: readonly Term[], filter: Filter, limit: number, signal?: AbortSignal): Promise<Row[]> {
    if (terms.length < 2) return [];
    const found = await this.#best(terms, await this.#matching(terms.join(' OR '), filter, WEIGHED, signal), limit);
    for (const term of terms) found.push(...(await this.#matching(term, filter, limit, signal)));
    return found;
  }

  /** Share of the terms that each of these texts has, 0–1. */
  async coverage(terms: readonly Term[], ids: readonly number[]): Promise<Map<number, number>> {
    const shares = new Map<number, number>();
    for (const { from, to, ids: near } of neighbours(ids, this.#slice)) {
      if (this.#few && to - from > near.length * SPARSE) {
        await setImmediate();
        for (const id of this.#few.having(terms, near).flat()) shares.set(id, (shares.get(id) ?? 0) + 1);
        continue;
      }
      const asked = { from, to, ids: JSON.stringify(near) };
      for (const match of terms) {
        await setImmediate();
        for (const { id } of this.#having.all({ ...asked, match })) shares.set(id, (shares.get(id) ?? 0) + 1);
      }
    }
    for (const [id, count] of shares) shares.set(id, count / terms.length);
    return shares;
  }

  async #matching(match: string, filter: Filter, limit: number, signal: AbortSignal | undefined): Promise<Row[]> {
    const found: Row[] = [];
    const bounds = this.#bounds.get();
    for await (const slice of slices(bounds?.first ?? null, bounds?.last ?? null, this.#slice, signal)) {
      found.push(...this.#newest.all({ ...filter, ...slice, match, limit: limit - found.length }));
      if (found.length >= limit) break;
    }
    return found;
  }

  async #best(terms: readonly Term[], rows: Row[], limit: number): Promise<Row[]> {
    if (rows.length <= limit) return rows;
    const shares = await this.coverage(
      terms,
      rows.map(({ id }) => id),
    );
    const shareOf = ({ id }: Row) => shares.get(id) ?? 0;
    return rows.sort((a, b) => shareOf(b) - shareOf(a) || b.id - a.id).slice(0, limit);
  }
}
