import { setImmediate } from 'node:timers/promises';
import type { Database, Statement } from 'better-sqlite3';
import { SHORT_SLICE, slices } from '../slices.ts';
import type { Codes } from './codes.ts';
import { UNRELATED } from './ranking.ts';
import type { ReadingConnection } from './record-search.ts';
import { dayStartMs, startOfDay, tableOf, type VectorFilter, type VectorKind, vectorTables } from './vector-tables.ts';

/** More than any two vectors are apart. */
const FARTHEST = 3;
const DISTANCE = 'vec_distance_cosine(vec_int8(embedding), vec_int8(@query))';

type Asked = { query: Buffer; limit: number; most: number };
type Compared = { query: Buffer; model: string; ids: string; start: number | null; end: number | null; most: number };
type Row = { id: number; startMs: number; distance: number };
type Bounds = { first: number | null; last: number | null };

interface Day {
  bounds: Statement<[], Bounds>;
  nearest: Statement<VectorFilter & Asked & { from: number; to: number }, Row>;
  among: Statement<Compared, Row>;
}

/** A scene, and the exact cosine of its vector and the query's. */
export interface Near {
  id: number;
  startMs: number;
  cosine: number;
}

export interface Wanted {
  limit: number;
  /** Those whose cosine is less are left out. */
  least?: number;
  signal?: AbortSignal | undefined;
}

/**
 * Finds scenes by their vectors, by exact cosine. With codes only those that may be near are compared, without them all,
 * in slices between which everything else has its turn. A day that is dropped meanwhile is left out. Without sqlite-vec
 * nothing is ever near.
 */
export class VectorReader {
  readonly #connection: ReadingConnection;
  readonly #kind: VectorKind;
  readonly #codes: Codes | undefined;
  readonly #days = new Map<string, Day>();

  constructor(connection: ReadingConnection, kind: VectorKind, codes?: Codes) {
    this.#connection = connection;
    this.#kind = kind;
    this.#codes = codes;
  }

  /** The scenes nearest to the quantised vector, best first, the newest first among equals. */
  async nearest(query: Buffer, filter: VectorFilter, wanted: Wanted): Promise<Near[]> {
    const { limit, least = UNRELATED, signal } = wanted;
    const { end } = filter;
    const tables = this.#tables().filter((table) => end === null || dayStartMs(table) < end);
    const candidates = await this.#candidates(tables, query, filter, { limit, signal });
    const asked = { ...filter, query, limit, most: 1 - least };
    const { model, start } = filter;
    const compared = { query, model, start, end, most: 1 - least };
    const found: Row[] = [];
    for (const table of tables) {
      signal?.throwIfAborted();
      const ids = candidates?.get(table);
      if (!ids) await this.#all(table, asked, found, signal);
      else if (ids.length > 0) {
        found.push(...this.#ask(table, ({ among }) => among.all({ ...compared, ids: JSON.stringify(ids) })));
        await setImmediate();
      }
    }
    found.sort((a, b) => a.distance - b.distance || b.id - a.id);
    return found.slice(0, limit).map(({ id, startMs, distance }) => ({ id, startMs, cosine: 1 - distance }));
  }

  /** Cosine similarities of stored scenes to the quantised vector, by id; those that have none of this model are left out. */
  async cosines(
    query: Buffer,
    model: string,
    scenes: readonly { id: number; startMs: number }[],
  ): Promise<Map<number, number>> {
    const days = new Map<number, number[]>();
    for (const { id, startMs } of scenes) {
      const day = startOfDay(startMs);
      const ids = days.get(day);
      if (ids) ids.push(id);
      else days.set(day, [id]);
    }
    const cosines = new Map<number, number>();
    if (!this.#connection.hasVectors) return cosines;
    const asked = { query, model, start: null, end: null, most: FARTHEST };
    for (const [day, ids] of days) {
      await setImmediate();
      const table = tableOf(this.#kind, day);
      const found = this.#ask(table, ({ among }) => among.all({ ...asked, ids: JSON.stringify(ids) }));
      for (const { id, distance } of found) cosines.set(id, 1 - distance);
    }
    return cosines;
  }

  #tables(): string[] {
    return this.#connection.hasVectors ? vectorTables(this.#connection.sql, this.#kind) : [];
  }

  async #candidates(
    tables: readonly string[],
    query: Buffer,
    filter: VectorFilter,
    wanted: { limit: number; signal: AbortSignal | undefined },
  ): Promise<Map<string, number[]> | undefined> {
    const signed = new Int8Array(query.buffer, query.byteOffset, query.length);
    return this.#codes?.candidates(tables, signed, filter, wanted);
  }

  async #all(table: string, asked: VectorFilter & Asked, found: Row[], signal: AbortSignal | undefined): Promise<void> {
    const [bounds] = this.#ask(table, (day) => day.bounds.all());
    for await (const slice of slices(bounds?.first ?? null, bounds?.last ?? null, SHORT_SLICE, signal)) {
      found.push(...this.#ask(table, ({ nearest }) => nearest.all({ ...asked, ...slice })));
    }
  }

  /** Nothing when the table is gone: retention drops days whenever it likes. */
  #ask<T>(table: string, work: (day: Day) => T[]): T[] {
    try {
      let day = this.#days.get(table);
      if (!day) {
        day = prepare(this.#connection.sql, table);
        this.#days.set(table, day);
      }
      return work(day);
    } catch (error) {
      this.#days.delete(table);
      if (vectorTables(this.#connection.sql, this.#kind).includes(table)) throw error;
      return [];
    }
  }
}

function prepare(sql: Database, table: string): Day {
  return {
    bounds: sql.prepare(
      `SELECT (SELECT min(scene_id) FROM ${table}) AS first, (SELECT max(scene_id) FROM ${table}) AS last`,
    ),
    // Not merged into one SELECT, which would compare twice.
    nearest: sql.prepare(`
      WITH compared AS MATERIALIZED (
        SELECT scene_id AS id, start_ms AS startMs, iif(length(embedding) = length(@query), ${DISTANCE}, 2) AS distance
        FROM ${table}
        WHERE scene_id BETWEEN @from AND @to AND model = @model
          AND (@stream IS NULL OR stream_id = @stream)
          AND +stream_id IN (SELECT id FROM streams
            WHERE (@collection IS NULL OR collection_id = @collection) AND (@box IS NULL OR coalesce(box_id, '') = @box))
          AND (@index IS NULL OR index_id = @index)
          AND (@start IS NULL OR end_ms > @start)
          AND (@end IS NULL OR start_ms < @end))
      SELECT * FROM compared WHERE distance < @most ORDER BY distance, id DESC LIMIT @limit`),
    // What codes are of is of the streams and the index that were asked for.
    among: sql.prepare(`
      WITH compared AS MATERIALIZED (
        SELECT scene_id AS id, start_ms AS startMs, ${DISTANCE} AS distance FROM ${table}
        WHERE scene_id IN (SELECT value FROM json_each(@ids)) AND model = @model AND length(embedding) = length(@query)
          AND (@start IS NULL OR end_ms > @start)
          AND (@end IS NULL OR start_ms < @end))
      SELECT * FROM compared WHERE distance < @most`),
  };
}
