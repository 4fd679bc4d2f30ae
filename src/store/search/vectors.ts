import type { Statement } from 'better-sqlite3';
import type { Connection } from '../connection.ts';
import { CHANGES_OF, DAY_MS, dayStartMs, quantise, tableOf, type VectorKind, vectorTables } from './vector-tables.ts';

/** Whoever keeps something of what is stored here must know: one scene, a day's table, or all of a stream. */
export type VectorChange = { table: string; id: number } | { table: string } | { streamId: string };

interface NewVector {
  scene: number;
  stream: string;
  index: string;
  start: number;
  end: number;
  model: string;
  vector: Buffer;
}

interface Day {
  insert: Statement<NewVector>;
  grow: Statement<[number, number]>;
  remove: Statement<[number]>;
  get: Statement<[number], { model: string; embedding: Buffer }>;
  model: Statement<[number], { model: string }>;
}

/**
 * One vector per scene (of its words, or of its picture), 8 bits per dimension, in one table per UTC day of the scene's
 * start: a day that has passed is dropped whole. What changes, save what is added, is told after it was committed.
 */
export class Vectors {
  readonly #connection: Connection;
  readonly #kind: VectorKind;
  readonly #onChange: (change: VectorChange) => void;
  readonly #days = new Map<string, Day>();
  readonly #note: Statement<[string]>;
  readonly #forget: Statement<[string]>;

  constructor(connection: Connection, kind: VectorKind, onChange: (change: VectorChange) => void) {
    this.#connection = connection;
    this.#kind = kind;
    this.#onChange = onChange;
    this.#note = connection.sql.prepare(`
      INSERT INTO meta (name, value) VALUES (${CHANGES_OF}, '1') ON CONFLICT (name) DO UPDATE SET value = value + 1`);
    this.#forget = connection.sql.prepare(`DELETE FROM meta WHERE name = ${CHANGES_OF}`);
    for (const table of vectorTables(connection.sql, kind)) this.#days.set(table, this.#prepare(table));
  }

  /** Makes the day's table; called before the transaction that adds, so that a rollback can't take the table away. */
  openDay(startMs: number): void {
    const name = tableOf(this.#kind, startMs);
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
    this.#dayOf(scene.startMs)?.insert.run({
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
    this.#dayOf(scene.startMs)?.remove.run(scene.id);
    this.add(scene, vector, model);
    this.#changed(tableOf(this.#kind, scene.startMs), scene.id);
  }

  grow(sceneId: number, startMs: number, endMs: number): void {
    const grown = this.#dayOf(startMs)?.grow.run(endMs, sceneId);
    if (grown?.changes) this.#changed(tableOf(this.#kind, startMs), sceneId);
  }

  /** Those of the scenes, by id, that have a vector of this model. */
  ofModel(scenes: readonly { id: number; startMs: number }[], model: string): Set<number> {
    const of = new Set<number>();
    for (const { id, startMs } of scenes) if (this.#dayOf(startMs)?.model.get(id)?.model === model) of.add(id);
    return of;
  }

  /** The scene's own vector, at any scale. */
  of({ id, startMs }: { id: number; startMs: number }): { model: string; vector: Int8Array } | undefined {
    const row = this.#dayOf(startMs)?.get.get(id);
    return row && { model: row.model, vector: new Int8Array(row.embedding) };
  }

  /** Takes away the vectors of these scenes. */
  erase(scenes: readonly { id: number; startMs: number }[]): void {
    this.eraseForgotten(scenes);
    const tables = new Set(scenes.map(({ startMs }) => tableOf(this.#kind, startMs)));
    for (const table of tables) this.#tell({ table });
  }

  /** The stream is gone: nobody finds its vectors any more. */
  forgetStream(streamId: string): void {
    this.#tell({ streamId });
  }

  /** As `erase`, of streams that are gone. */
  eraseForgotten(scenes: readonly { id: number; startMs: number }[]): void {
    for (const { id, startMs } of scenes) this.#dayOf(startMs)?.remove.run(id);
    for (const table of new Set(scenes.map(({ startMs }) => tableOf(this.#kind, startMs)))) this.#note.run(table);
  }

  /**
   * Takes away a batch of the vectors of scenes that ended before the time, or the table of a day that has none left.
   * Returns how many that were: zero when all have gone.
   */
  eraseBefore(endMs: number, limit: number): number {
    const goingOn = this.#connection.sql.prepare(`
      SELECT 1 FROM indexes WHERE EXISTS (
        SELECT 1 FROM scenes WHERE index_id = indexes.id AND start_ms >= @from AND start_ms < @to AND end_ms >= @end)`);
    for (const name of this.#days.keys()) {
      const fromMs = dayStartMs(name);
      if (fromMs >= endMs) continue;
      const goesOn = goingOn.get({ from: fromMs, to: fromMs + DAY_MS, end: endMs });
      const erased = this.#eraseSome(name, goesOn ? endMs : Number.POSITIVE_INFINITY, limit);
      if (erased > 0) this.#note.run(name);
      if (erased > 0 && goesOn) this.#tell({ table: name }); // Else nothing of it will be there soon.
      if (erased > 0) return erased;
      if (goesOn) continue;
      this.#connection.sql.exec(`DROP TABLE ${name}`);
      this.#forget.run(name);
      this.#days.delete(name);
      return 1;
    }
    return 0;
  }

  #eraseSome(table: string, endMs: number, limit: number): number {
    const some = `SELECT scene_id FROM ${table} WHERE end_ms < ? ORDER BY scene_id LIMIT ?`;
    const erase = this.#connection.sql.prepare(`DELETE FROM ${table} WHERE scene_id IN (${some})`);
    return erase.run(endMs, limit).changes;
  }

  #changed(table: string, id: number): void {
    this.#note.run(table);
    this.#tell({ table, id });
  }

  #tell(change: VectorChange): void {
    this.#connection.afterCommit(() => this.#onChange(change));
  }

  #dayOf(startMs: number): Day | undefined {
    return this.#days.get(tableOf(this.#kind, startMs));
  }

  #prepare(name: string): Day {
    const { sql } = this.#connection;
    return {
      insert: sql.prepare<NewVector>(`
        INSERT INTO ${name} (scene_id, stream_id, index_id, start_ms, end_ms, model, embedding)
        VALUES (@scene, @stream, @index, @start, @end, @model, @vector)`),
      grow: sql.prepare<[number, number]>(`UPDATE ${name} SET end_ms = max(end_ms, ?) WHERE scene_id = ?`),
      remove: sql.prepare<[number]>(`DELETE FROM ${name} WHERE scene_id = ?`),
      model: sql.prepare<[number], { model: string }>(`SELECT model FROM ${name} WHERE scene_id = ?`),
      get: sql.prepare<[number], { model: string; embedding: Buffer }>(
        `SELECT model, embedding FROM ${name} WHERE scene_id = ?`,
      ),
    };
  }
}
