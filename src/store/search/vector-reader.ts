import { setImmediate } from 'node:timers/promises';
import type { Database, Statement } from 'better-sqlite3';
import { SHORT_SLICE, slices } from '../slices.ts';
import type { Codes } from './codes.ts';
import { UNRELATED } from './ranking.ts';
import type { ReadingConnection } from './record-search.ts';
import { dayStartMs, tableOf, type VectorFilter, type VectorKind, vectorTables } from './vector-tables.ts';

const DISTANCE = 'vec_distance_cosine(vec_int8(embedding), vec_int8(@query))';

type Asked = { query: Buffer; limit: number; most: number };
type Near = { id: number; startMs: number; distance: number };
type Bounds = { first: number | null; last: number | null };

interface Day {
  bounds: Statement<[], Bounds>;
  nearest: Statement<VectorFilter & Asked & { from: number; to: number }, Near>;
  among: Statement<VectorFilter & Asked & { ids: string }, Near>;
  distances: Statement<{ query: Buffer; model: string; ids: string }, { id: number; distance: number }>;
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
  async nearest(query: Buffer, filter: VectorFilter, wanted: Wanted): Promise<{ id: number; startMs: number }[]> {
    const { limit, least = UNRELATED, signal } = wanted;
    const { end } = filter;
    const tables = this.#tables().filter((table) => end === null || dayStartMs(table) < end);
    const candidates = await this.#candidates(tables, query, filter, { limit, signal });
    const asked = { ...filter, query, limit, most: 1 - least };
    const found: Near[] = [];
    for (const table of tables) {
      signal?.throwIfAborted();
      const ids = candidates?.get(table);
      if (!ids) await this.#all(table, asked, found, signal);
      else if (ids.length > 0) {
        found.push(...this.#ask(table, ({ among }) => among.all({ ...asked, ids: JSON.stringify(ids) })));
        await setImmediate();
      }
    }
    found.sort((a, b) => a.distance - b.distance || b.id - a.id);
    return found.slice(0, limit);
  }

  /** Cosine similarities of stored scenes to the quantised vector, by id; those that have none of this model are left out. */
  async cosines(
    query: Buffer,
    model: string,
    scenes: readonly { id: number; startMs: number }[],
  ): Promise<Map<number, number>> {
    const days = new Map<string, number[]>();
    for (const { id, startMs } of scenes) {
      const table = tableOf(this.#kind, startMs);
      const ids = days.get(table);
      if (ids) ids.push(id);
      else days.set(table, [id]);
    }
    const cosines = new Map<number, number>();
    if (!this.#connection.hasVectors) return cosines;
    for (const [table, ids] of days) {
      await setImmediate();
      const found = this.#ask(table, ({ distances }) => distances.all({ query, model, ids: JSON.stringify(ids) }));
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

  async #all(
    table: string,
    asked: VectorFilter & Asked,
    found: Near[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
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
  // Not merged into one SELECT, which would compare twice.
  const near = (where: string) => `
    WITH compared AS MATERIALIZED (
      SELECT scene_id AS id, start_ms AS startMs, iif(length(embedding) = length(@query), ${DISTANCE}, 2) AS distance
      FROM ${table}
      WHERE ${where} AND model = @model
        AND (@stream IS NULL OR stream_id = @stream)
        AND +stream_id IN (SELECT id FROM streams
          WHERE (@collection IS NULL OR collection_id = @collection) AND (@box IS NULL OR coalesce(box_id, '') = @box))
        AND (@index IS NULL OR index_id = @index)
        AND (@start IS NULL OR end_ms > @start)
        AND (@end IS NULL OR start_ms < @end))
    SELECT * FROM compared WHERE distance < @most ORDER BY distance, id DESC LIMIT @limit`;
  return {
    bounds: sql.prepare(
      `SELECT (SELECT min(scene_id) FROM ${table}) AS first, (SELECT max(scene_id) FROM ${table}) AS last`,
    ),
    nearest: sql.prepare(near('scene_id BETWEEN @from AND @to')),
    among: sql.prepare(near('scene_id IN (SELECT value FROM json_each(@ids))')),
    distances: sql.prepare(`
      SELECT scene_id AS id, ${DISTANCE} AS distance FROM ${table}
      WHERE scene_id IN (SELECT value FROM json_each(@ids))
        AND model = @model AND length(embedding) = length(@query)`),
  };
}
