import Database from 'better-sqlite3';
import type { Scene } from '#domain';
import { TEXT_EMBEDDING } from '#inference';
import { quantise, tableOf } from '../../src/store/search/vector-tables.ts';

/**
 * Stores scenes as the store does, save for the journal, thousands in one transaction: a million would take the better part
 * of an hour one by one.
 */
export class Bulk implements Disposable {
  readonly #sql: Database.Database;
  readonly #scene: Database.Statement;
  readonly #words: Database.Statement;
  readonly #days = new Map<string, Database.Statement>();

  private constructor(sql: Database.Database) {
    this.#sql = sql;
    this.#scene = sql.prepare(`
      INSERT INTO scenes (stream_id, index_id, start_ms, end_ms, text, facts, thumb_path)
      VALUES (@streamId, @indexId, @startMs, @endMs, @text, @facts, @thumbPath)`);
    this.#words = sql.prepare('INSERT INTO scene_words (rowid, text) VALUES (?, ?)');
  }

  static open(file: string): Bulk {
    const sql = new Database(file, { timeout: 5000 });
    sql.pragma('synchronous = NORMAL');
    sql.exec('BEGIN IMMEDIATE');
    return new Bulk(sql);
  }

  /** What was added until now. */
  commit(): void {
    this.#sql.exec('COMMIT; BEGIN IMMEDIATE');
  }

  [Symbol.dispose](): void {
    this.#sql.exec('COMMIT');
    this.#sql.close();
  }

  add(scene: Omit<Scene, 'id'>, words: Float32Array, picture: { vector: Float32Array; model: string }): number {
    const row = { ...scene, facts: JSON.stringify(scene.facts) };
    const id = Number(this.#scene.run(row).lastInsertRowid);
    this.#words.run(id, scene.text);
    this.#vector(tableOf('vectors', scene.startMs), id, scene, words, TEXT_EMBEDDING.model);
    this.#vector(tableOf('pictures', scene.startMs), id, scene, picture.vector, picture.model);
    return id;
  }

  #vector(table: string, id: number, scene: Omit<Scene, 'id'>, vector: Float32Array, model: string): void {
    let insert = this.#days.get(table);
    if (!insert) {
      // As the store makes it.
      this.#sql.exec(`CREATE TABLE IF NOT EXISTS ${table} (scene_id INTEGER PRIMARY KEY, stream_id TEXT NOT NULL,
        index_id TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, model TEXT NOT NULL,
        embedding BLOB NOT NULL) STRICT`);
      insert = this.#sql.prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?, ?, ?, ?)`);
      this.#days.set(table, insert);
    }
    insert.run(id, scene.streamId, scene.indexId, scene.startMs, scene.endMs, model, quantise(vector));
  }
}
