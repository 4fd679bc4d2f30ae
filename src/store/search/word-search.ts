import { setImmediate } from 'node:timers/promises';
import type { Database, Statement } from 'better-sqlite3';
import { neighbours, SHORT_SLICE, slices } from '../slices.ts';
import { FewWords } from './few-words.ts';
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

/** By ids, 0–1. */
type Shares = ReadonlyMap<number, number>;

interface Some<Row> {
  rows: Row[];
  /** Of the terms, as far as they were told. */
  shares: Shares;
}

type Bounds = { first: number | null; last: number | null };
type Matching = { match: string; from: number; to: number };
type Asked = Matching & { limit: number };

/** Of texts that have only some of the words, so many of the newest are weighed. */
const WEIGHED = 2000;
/** Among so many for each, texts are better looked at than words looked up; among so few, all are looked up. */
const [SPARSE, DENSE] = [64, 16];

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
  readonly #all: Statement<[Matching], number>;
  readonly #having: Statement<[Matching & { ids: string }], number>;

  constructor(sql: Database, { words, rows, columns, text, where }: Texts, slice: number) {
    this.#slice = slice;
    if (slice > SHORT_SLICE) this.#few = new FewWords(sql, { words, rows, text });
    this.#bounds = sql.prepare(`SELECT (SELECT min(id) FROM ${rows}) AS first, (SELECT max(id) FROM ${rows}) AS last`);
    // The driver binds every number as REAL, which FTS5 does not take for a bound: it would read all.
    const matching = `${words} MATCH @match AND w.rowid BETWEEN CAST(@from AS INTEGER) AND CAST(@to AS INTEGER)`;
    this.#newest = sql.prepare(`
      SELECT ${columns} FROM ${words} w CROSS JOIN ${rows} r ON r.id = w.rowid
      WHERE ${matching} AND ${where} ORDER BY w.rowid DESC LIMIT @limit`);
    const having = `SELECT w.rowid FROM ${words} w WHERE ${matching}`;
    this.#all = sql.prepare<[Matching], number>(having).pluck();
    // With the plus FTS5 is asked once, not once for each id.
    this.#having = sql
      .prepare<[Matching & { ids: string }], number>(`${having} AND +w.rowid IN (SELECT value FROM json_each(@ids))`)
      .pluck();
  }

  /** Texts that have every term, newest first. */
  async withAll(terms: readonly Term[], filter: Filter, limit: number, signal?: AbortSignal): Promise<Row[]> {
    return terms.length === 0 ? [] : this.#matching(terms.join(' AND '), filter, limit, signal);
  }

  /** Texts that have some of the terms: the best of the newest, and the newest of rare terms. May name a text twice. */
  async withSome(terms: readonly Term[], filter: Filter, limit: number, signal?: AbortSignal): Promise<Some<Row>> {
    if (terms.length < 2) return { rows: [], shares: new Map() };
    const newest = await this.#matching(terms.join(' OR '), filter, WEIGHED, signal);
    if (newest.length <= limit) return { rows: newest, shares: new Map() };
    const ids = newest.map(({ id }) => id);
    const having = await this.#havingEach(terms, ids);
    const shares = sharesOf(having);
    const found = newest.sort((a, b) => (shares.get(b.id) ?? 0) - (shares.get(a.id) ?? 0) || b.id - a.id);
    found.length = limit;
    if (ids.length < WEIGHED) return { rows: found, shares }; // There are no others.
    const rare = terms.filter((_, n) => (having[n]?.length ?? 0) < limit);
    for (const term of rare) found.push(...(await this.#matching(term, filter, limit, signal)));
    return { rows: found, shares };
  }

  /** Share of the terms that each of these texts has, 0–1; what is known already is not looked up. */
  async coverage(terms: readonly Term[], ids: readonly number[], known: Shares = new Map()): Promise<Shares> {
    const others = ids.filter((id) => !known.has(id));
    return new Map([...known, ...sharesOf(await this.#havingEach(terms, others))]);
  }

  /** For each term those of the texts that have it. */
  async #havingEach(terms: readonly Term[], ids: readonly number[]): Promise<number[][]> {
    const having: number[][] = terms.map(() => []);
    for (const { from, to, ids: near } of neighbours(ids, this.#slice)) {
      const known = new Set(near);
      const width = to - from;
      await setImmediate();
      if (this.#few && width > near.length * SPARSE) {
        for (const [n, found] of this.#few.having(terms, near).entries()) having[n]?.push(...found);
        continue;
      }
      for (const [n, match] of terms.entries()) {
        if (n > 0) await setImmediate();
        const found =
          width < near.length * DENSE
            ? this.#all.all({ from, to, match }).filter((id) => known.has(id))
            : this.#having.all({ from, to, match, ids: JSON.stringify(near) });
        having[n]?.push(...found);
      }
    }
    return having;
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
}

/** In what share of the lists each id is. */
function sharesOf(lists: readonly (readonly number[])[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const id of lists.flat()) counts.set(id, (counts.get(id) ?? 0) + 1);
  return new Map([...counts].map(([id, count]) => [id, count / lists.length]));
}
