import type { Statement } from 'better-sqlite3';
import type { SceneCollection } from '#domain';
import { Fault } from '#runtime';
import type { Connection } from '../connection.ts';

interface Row {
  id: string;
  asset_id: string;
  extraction: string;
  extraction_config: string;
  status: SceneCollection['status'];
  job_id: string | null;
  scenes: string;
  created_ms: number;
}

/** Assets cut into scenes. They go with their asset. */
export class SceneCollections {
  readonly #connection: Connection;
  readonly #insert: Statement<Row>;
  readonly #get: Statement<[string], Row>;
  readonly #list: Statement<[string], Row>;
  readonly #update: Statement<[string, string | null, string, string]>;
  readonly #delete: Statement<[string]>;

  constructor(connection: Connection) {
    const { sql } = connection;
    this.#connection = connection;
    this.#insert = sql.prepare(`
      INSERT INTO scene_collections (id, asset_id, extraction, extraction_config, status, job_id, scenes, created_ms)
      VALUES (@id, @asset_id, @extraction, @extraction_config, @status, @job_id, @scenes, @created_ms)`);
    this.#get = sql.prepare('SELECT * FROM scene_collections WHERE id = ?');
    this.#list = sql.prepare('SELECT * FROM scene_collections WHERE asset_id = ? ORDER BY created_ms, rowid');
    this.#update = sql.prepare('UPDATE scene_collections SET status = ?, job_id = ?, scenes = ? WHERE id = ?');
    this.#delete = sql.prepare('DELETE FROM scene_collections WHERE id = ?');
  }

  /** Throws `not_found` when the asset isn't there. */
  create(collection: SceneCollection): void {
    this.#connection.write(() => this.#insert.run(rowOf(collection)));
  }

  get(id: string): SceneCollection | undefined {
    const row = this.#get.get(id);
    return row && collectionOf(row);
  }

  /** Oldest first. */
  listByAsset(assetId: string): SceneCollection[] {
    return this.#list.all(assetId).map(collectionOf);
  }

  /** Throws `not_found`. */
  update(id: string, patch: Partial<Pick<SceneCollection, 'status' | 'jobId' | 'scenes'>>): SceneCollection {
    const before = this.get(id);
    if (!before) throw new Fault('not_found', `no scene collection ${id}`);
    const { status, jobId = null, scenes } = { ...before, ...patch };
    this.#connection.write(() => this.#update.run(status, jobId, JSON.stringify(scenes), id));
    return { ...before, ...patch };
  }

  delete(id: string): void {
    this.#connection.write(() => this.#delete.run(id));
  }
}

function collectionOf(row: Row): SceneCollection {
  return {
    id: row.id,
    assetId: row.asset_id,
    extraction: JSON.parse(row.extraction),
    extractionConfig: JSON.parse(row.extraction_config),
    status: row.status,
    ...(row.job_id === null ? {} : { jobId: row.job_id }),
    scenes: JSON.parse(row.scenes),
    createdMs: row.created_ms,
  };
}

function rowOf(collection: SceneCollection): Row {
  return {
    id: collection.id,
    asset_id: collection.assetId,
    extraction: JSON.stringify(collection.extraction),
    extraction_config: JSON.stringify(collection.extractionConfig),
    status: collection.status,
    job_id: collection.jobId ?? null,
    scenes: JSON.stringify(collection.scenes),
    created_ms: collection.createdMs,
  };
}
