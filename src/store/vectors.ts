import { setImmediate } from 'node:timers/promises';
import type { Statement } from 'better-sqlite3';
import type { Connection } from './connection.ts';
import { UNRELATED } from './ranking.ts';
import { slices } from './slices.ts';

export const DAY_MS = 86_400_000;
const DISTANCE = 'vec_distance_cosine(vec_int8(embedding), vec_int8(@query))';
/** What the vectors are of; tables are `<kind>_yyyymmdd`. */
export type VectorKind = 'vectors' | 'pictures';

/** Which vectors may answer; null stands for any. Times are those of the scene; the range means overlap. */
export interface VectorFilter {
  model: string;
  stream: string | null;
  collection: string | null;
  index: string | null;
  start: number | null;
  end: number | null;
}

interface NewVector {
  scene: number;
  stream: string;
  index: string;
  start: number;
  end: number;
  model: string;
  vector: Buffer;
}

type Asked = { query: Buffer; from: number; to: number; limit: number; most: number };
type Near = { id: number; startMs: number; distance: number };

interface Day {
  insert: Statement<NewVector>;
  grow: Statement<[number, number]>;
  remove: Statement<[number]>;
  get: Statement<[number], { model: string; embedding: Buffer }>;
  bounds: Statement<[], { first: number | null; last: number | null }>;
  nearest?: Statement<VectorFilter & Asked, Near>;
  distances?: Statement<{ query: Buffer; model: string; ids: string }, { id: number; distance: number }>;
}

/**
 * One vector per scene (of its words, or of its picture), 8 bits per dimension, in one table per UTC day of the scene's start: a day that has passed is
 * dropped whole. sqlite-vec compares them by exact cosine; without it nothing is ever near.
 */
export class Vectors {
  readonly #connection: Connection;
  readonly #kind: VectorKind;
  readonly #days = new Map<string, Day>();

  constructor(connection: Connection, kind: VectorKind) {
    this.#connection = connection;
    this.#kind = kind;
    const tables = connection.sql
      .prepare<[string], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE ?")
      .all(`${kind}_%`);
    for (const { name } of tables) if (/_\d{8}$/.test(name)) this.#days.set(name, this.#prepare(name));
  }

  /** Makes the day's table; called before the transaction that adds, so that a rollback can't take the table away. */
  openDay(startMs: number): void {
    const name = this.#tableOf(startMs);
    if (this.#days.has(name)) return;
    this.#connection.write(() =>
      this.#connection.sql.exec(`
        CREATE TABLE IF NOT EXISTS ${name} (
          scene_id  INTEGER PRIMARY KEY,
          stream_id TEXT NOT NULL,
          index_id  TEXT NOT NULL,
          start_ms  INTEGER NOT NULL,
          end_ms    INTEGER NOT NULL,
          model     TEXT NOT NULL,
          embedding BLOB NOT NULL
        ) STRICT`),
    );
    this.#days.set(name, this.#prepare(name));
  }

  /** A vector without direction (all zero, or empty) is not stored: nothing is near it. */
  add(
    scene: { id: number; streamId: string; indexId: string; startMs: number; endMs: number },
    vector: Float32Array,
    model: string,
  ): void {
    const quantised = quantise(vector);
    if (!quantised) return;
    this.#days.get(this.#tableOf(scene.startMs))?.insert.run({
      scene: scene.id,
      stream: scene.streamId,
      index: scene.indexId,
      start: scene.startMs,
      end: scene.endMs,
      model,
      vector: quantised,
    });
  }

  /** Its words have changed: what they were near before says nothing any more. */
  replace(scene: Parameters<Vectors['add']>[0], vector: Float32Array, model: string): void {
    this.#days.get(this.#tableOf(scene.startMs))?.remove.run(scene.id);
    this.add(scene, vector, model);
  }

  grow(sceneId: number, startMs: number, endMs: number): void {
    this.#days.get(this.#tableOf(startMs))?.grow.run(endMs, sceneId);
  }

  /** The scene's own vector, at any scale. */
  of({ id, startMs }: { id: number; startMs: number }): { model: string; vector: Int8Array } | undefined {
    const row = this.#days.get(this.#tableOf(startMs))?.get.get(id);
    return row && { model: row.model, vector: new Int8Array(row.embedding) };
  }

  /** The scenes nearest to the quantised vector, best first; those whose cosine is less than `least` are left out. */
  async nearest(
    query: Buffer,
    filter: VectorFilter,
    limit: number,
    least: number = UNRELATED,
  ): Promise<{ id: number; startMs: number }[]> {
    const most = 1 - least;
    const found: Near[] = [];
    for (const name of [...this.#days.keys()]) {
      if (filter.end !== null && dayStartMs(name) >= filter.end) continue;
      const bounds = this.#days.get(name)?.bounds.get();
      for await (const slice of slices(bounds?.first ?? null, bounds?.last ?? null)) {
        // Asked for anew: while others had their turn, retention may have dropped the day.
        found.push(...(this.#days.get(name)?.nearest?.all({ ...filter, ...slice, query, limit, most }) ?? []));
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
      const name = this.#tableOf(startMs);
      const ids = days.get(name);
      if (ids) ids.push(id);
      else days.set(name, [id]);
    }
    const cosines = new Map<number, number>();
    for (const [name, ids] of days) {
      await setImmediate();
      const found = this.#days.get(name)?.distances?.all({ query, model, ids: JSON.stringify(ids) }) ?? [];
      for (const { id, distance } of found) cosines.set(id, 1 - distance);
    }
    return cosines;
  }

  /** Takes away the vectors of the stream. */
  eraseStream(streamId: string): void {
    for (const name of this.#days.keys()) {
      this.#connection.sql.prepare(`DELETE FROM ${name} WHERE stream_id = ?`).run(streamId);
    }
  }

  /** Takes away the vectors of scenes that ended before the time: a day whose scenes have all ended goes whole. */
  eraseBefore(endMs: number): void {
    const { sql } = this.#connection;
    for (const name of this.#days.keys()) {
      if (dayStartMs(name) >= endMs) continue;
      const goesOn = sql.prepare(`SELECT 1 FROM ${name} WHERE end_ms >= ? LIMIT 1`).get(endMs);
      if (goesOn) sql.prepare(`DELETE FROM ${name} WHERE end_ms < ?`).run(endMs);
      else {
        sql.exec(`DROP TABLE ${name}`);
        this.#days.delete(name);
      }
    }
  }

  #tableOf(atMs: number): string {
    return `${this.#kind}_${new Date(atMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
  }

  #prepare(name: string): Day {
    const { sql, hasVectors } = this.#connection;
    const always = {
      insert: sql.prepare<NewVector>(`
        INSERT INTO ${name} (scene_id, stream_id, index_id, start_ms, end_ms, model, embedding)
        VALUES (@scene, @stream, @index, @start, @end, @model, @vector)`),
      bounds: sql.prepare<[], { first: number | null; last: number | null }>(
        `SELECT (SELECT min(scene_id) FROM ${name}) AS first, (SELECT max(scene_id) FROM ${name}) AS last`,
      ),
      grow: sql.prepare<[number, number]>(`UPDATE ${name} SET end_ms = max(end_ms, ?) WHERE scene_id = ?`),
      remove: sql.prepare<[number]>(`DELETE FROM ${name} WHERE scene_id = ?`),
      get: sql.prepare<[number], { model: string; embedding: Buffer }>(
        `SELECT model, embedding FROM ${name} WHERE scene_id = ?`,
      ),
    };
    if (!hasVectors) return always;
    return {
      ...always,
      nearest: sql.prepare(`
        SELECT scene_id AS id, start_ms AS startMs, ${DISTANCE} AS distance
        FROM ${name}
        WHERE scene_id BETWEEN @from AND @to AND model = @model
          AND (@stream IS NULL OR stream_id = @stream)
          AND (@collection IS NULL OR stream_id IN (SELECT id FROM streams WHERE collection_id = @collection))
          AND (@index IS NULL OR index_id = @index)
          AND (@start IS NULL OR end_ms > @start)
          AND (@end IS NULL OR start_ms < @end)
          AND iif(length(embedding) = length(@query), ${DISTANCE}, 2) < @most
        ORDER BY distance, scene_id DESC LIMIT @limit`),
      distances: sql.prepare(`
        SELECT scene_id AS id, ${DISTANCE} AS distance FROM ${name}
        WHERE scene_id IN (SELECT value FROM json_each(@ids))
          AND model = @model AND length(embedding) = length(@query)`),
    };
  }
}

function dayStartMs(table: string): number {
  const [, year, month, day] = /_(\d{4})(\d{2})(\d{2})$/.exec(table) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day));
}

/** The start of the UTC day that holds the time. */
export function startOfDay(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}

/** Scaled so that the largest component is ±127: cosine does not mind the scale. Undefined without a direction. */
export function quantise(vector: Float32Array): Buffer | undefined {
  let largest = 0;
  for (const component of vector) largest = Math.max(largest, Math.abs(component));
  if (!(largest > 0)) return undefined;
  const scaled = Int8Array.from(vector, (component) => Math.round((component / largest) * 127));
  return Buffer.from(scaled.buffer);
}
