import type { Database, Statement } from 'better-sqlite3';
import type { VectorRow } from './day-codes.ts';

/** Rows that are read at a stretch: a few milliseconds. */
export const PAGE = 1024;
/** Places of a day, and rows at each, from which it is told what is usual there. */
const SAMPLES = { places: 24, rows: 48 };
/** Codes of a kept day that are compared with its vectors. */
const PROBES = 4;

const COLUMNS = 'scene_id, stream_id, index_id, start_ms, end_ms, model, embedding';

/** Reads the vectors of a day, by its table, for their codes. */
export class DayRows {
  readonly #sql: Database;
  readonly #after = new Map<string, Statement<[number, number], VectorRow>>();

  constructor(sql: Database) {
    this.#sql = sql;
  }

  /** The next page. */
  after(table: string, last: number): VectorRow[] {
    let after = this.#after.get(table);
    if (!after) {
      after = this.#select<[number, number]>(table, 'scene_id > ? ORDER BY scene_id LIMIT ?');
      this.#after.set(table, after);
    }
    return after.all(last, PAGE);
  }

  /** Those of the ids that are there, up to the last. */
  among(table: string, last: number, ids: readonly number[]): VectorRow[] {
    return this.#select<[string]>(table, 'scene_id IN (SELECT value FROM json_each(?))').all(
      JSON.stringify(ids.filter((id) => id <= last)),
    );
  }

  /** Rows from all over the day. */
  sample(table: string): VectorRow[] {
    const { first, last } = this.#bounds(table);
    const stride = Math.max(SAMPLES.rows, Math.floor((last - first) / SAMPLES.places));
    const some = this.#select<[number, number, number]>(
      table,
      'scene_id >= ? AND scene_id < ? ORDER BY scene_id LIMIT ?',
    );
    const sampled: VectorRow[] = [];
    for (let from = first; from <= last; from += stride) sampled.push(...some.all(from, from + stride, SAMPLES.rows));
    return sampled;
  }

  /** A few up to the last that is known, which itself is the first of them if it is there. */
  probes(table: string, last: number): VectorRow[] {
    const { first } = this.#bounds(table);
    const next = this.#select<[number]>(table, 'scene_id >= ? ORDER BY scene_id LIMIT 1');
    const places = Array.from({ length: PROBES }, (_, n) => Math.floor(last - ((last - first) * n) / PROBES));
    return places.flatMap((place) => next.all(place));
  }

  /** The table has gone, or is another. */
  forget(table: string): void {
    this.#after.delete(table);
  }

  #bounds(table: string): { first: number; last: number } {
    const bounds = this.#sql.prepare<[], { first: number | null; last: number | null }>(
      `SELECT (SELECT min(scene_id) FROM ${table}) AS first, (SELECT max(scene_id) FROM ${table}) AS last`,
    );
    const { first, last } = bounds.get() ?? { first: null, last: null };
    return { first: first ?? 0, last: last ?? 0 };
  }

  #select<Parameters extends unknown[]>(table: string, rows: string): Statement<Parameters, VectorRow> {
    return this.#sql.prepare<Parameters, VectorRow>(`SELECT ${COLUMNS} FROM ${table} WHERE ${rows}`).raw();
  }
}
