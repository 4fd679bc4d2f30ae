import type { Statement } from 'better-sqlite3';
import type { AssetIndex, AssetRecord } from '#domain';
import { Fault } from '#runtime';
import type { Collections } from '../collections.ts';
import type { Connection } from '../connection.ts';
import type { AssetQuery } from '../search/asset-search.ts';
import type { Cancellable, Finders } from '../search/finders.ts';
import { quantise } from '../search/vector-tables.ts';

export interface AssetHit {
  record: AssetRecord;
  /** 0–1; comparable between queries, and with those of scenes. */
  score: number;
}

export interface NewRecord {
  startMs: number;
  endMs: number;
  text: string;
  metadata: Record<string, unknown>;
  vector: Float32Array;
  model: string;
  /** Of its picture. */
  picture?: { vector: Float32Array; model: string };
}

interface Row {
  id: string;
  asset_id: string;
  kind: AssetIndex['kind'];
  name: string;
  prompt: string;
  extraction: string;
  extraction_config: string;
  metadata: string;
  model_name: string;
  status: AssetIndex['status'];
  job_id: string | null;
  message: string | null;
  created_ms: number;
}

interface RecordRow {
  id: number;
  asset_id: string;
  index_id: string;
  start_ms: number;
  end_ms: number;
  text: string;
  metadata: string;
}

interface Vectors {
  model: string;
  embedding: Buffer | null;
  picture: Buffer | null;
  picture_model: string | null;
}

/** What is seen or said in assets, with its words and vectors. */
export class AssetIndexes {
  readonly #connection: Connection;
  readonly #collections: Collections;
  readonly #search: Finders['assets'];
  readonly #insert: Statement<Row>;
  readonly #get: Statement<[string], Row>;
  readonly #list: Statement<{ asset: string; kind: string | null }, Row>;
  readonly #update: Statement<[string, string | null, string | null, string]>;
  readonly #insertRecord: Statement<Omit<RecordRow, 'id'> & Vectors>;
  readonly #insertWords: Statement<[number, string]>;
  readonly #records: Statement<[string], RecordRow>;
  readonly #record: Statement<[number], RecordRow>;

  constructor(connection: Connection, collections: Collections, search: Finders['assets']) {
    const { sql } = connection;
    this.#connection = connection;
    this.#collections = collections;
    this.#search = search;
    this.#insert = sql.prepare(`
      INSERT INTO asset_indexes (id, asset_id, kind, name, prompt, extraction, extraction_config, metadata, model_name,
        status, job_id, message, created_ms)
      VALUES (@id, @asset_id, @kind, @name, @prompt, @extraction, @extraction_config, @metadata, @model_name,
        @status, @job_id, @message, @created_ms)`);
    this.#get = sql.prepare('SELECT * FROM asset_indexes WHERE id = ?');
    this.#list = sql.prepare(`
      SELECT * FROM asset_indexes WHERE asset_id = @asset AND (@kind IS NULL OR kind = @kind) ORDER BY created_ms, rowid`);
    this.#update = sql.prepare('UPDATE asset_indexes SET status = ?, job_id = ?, message = ? WHERE id = ?');
    this.#insertRecord = sql.prepare(`
      INSERT INTO asset_records (asset_id, index_id, start_ms, end_ms, text, metadata, model, embedding, picture,
        picture_model)
      VALUES (@asset_id, @index_id, @start_ms, @end_ms, @text, @metadata, @model, @embedding, @picture, @picture_model)`);
    this.#insertWords = sql.prepare('INSERT INTO asset_words (rowid, text) VALUES (?, ?)');
    this.#records = sql.prepare('SELECT * FROM asset_records WHERE index_id = ? ORDER BY start_ms, id');
    this.#record = sql.prepare('SELECT * FROM asset_records WHERE id = ?');
  }

  /** Throws `conflict` when the id is taken, `not_found` when the asset isn't there. */
  create(index: AssetIndex): void {
    this.#connection.write(() => this.#insert.run(rowOf(index)));
  }

  get(id: string): AssetIndex | undefined {
    const row = this.#get.get(id);
    return row && indexOf(row);
  }

  /** Oldest first. */
  listByAsset(assetId: string, kind?: AssetIndex['kind']): AssetIndex[] {
    return this.#list.all({ asset: assetId, kind: kind ?? null }).map(indexOf);
  }

  /** Throws `not_found`. */
  update(id: string, patch: Partial<Pick<AssetIndex, 'status' | 'message' | 'jobId'>>): AssetIndex {
    const before = this.#demand(id);
    const index = { ...before, ...patch };
    this.#connection.write(() => this.#update.run(index.status, index.jobId ?? null, index.message ?? null, id));
    return index;
  }

  /** With its records. Throws `not_found`. */
  delete(id: string): void {
    this.#demand(id);
    this.#connection.write(() => {
      this.clearRecords(id);
      this.#connection.sql.prepare('DELETE FROM asset_indexes WHERE id = ?').run(id);
    });
  }

  /** All of them or none. Throws `not_found` when the index has been deleted. */
  addRecords(indexId: string, records: readonly NewRecord[]): void {
    const { assetId } = this.#demand(indexId);
    this.#connection.write(() => {
      for (const record of records) {
        const { lastInsertRowid } = this.#insertRecord.run({
          asset_id: assetId,
          index_id: indexId,
          start_ms: record.startMs,
          end_ms: record.endMs,
          text: record.text,
          metadata: JSON.stringify(record.metadata),
          model: record.model,
          embedding: quantise(record.vector) ?? null,
          picture: (record.picture && quantise(record.picture.vector)) ?? null,
          picture_model: record.picture?.model ?? null,
        });
        this.#insertWords.run(Number(lastInsertRowid), record.text);
      }
    });
  }

  clearRecords(indexId: string): void {
    const { sql } = this.#connection;
    this.#connection.write(() => {
      sql
        .prepare('DELETE FROM asset_words WHERE rowid IN (SELECT id FROM asset_records WHERE index_id = ?)')
        .run(indexId);
      sql.prepare('DELETE FROM asset_records WHERE index_id = ?').run(indexId);
    });
  }

  /** By start. */
  records(indexId: string): AssetRecord[] {
    return this.#records.all(indexId).map(recordOf);
  }

  /** Best first. Nothing is found rather than something unrelated. Throws the signal's reason. */
  async search({ signal, ...query }: AssetQuery & Cancellable): Promise<AssetHit[]> {
    const filter = {
      asset: query.assetId ?? null,
      collection: query.collectionId === undefined ? null : this.#collections.resolve(query.collectionId),
      index: query.indexId ?? null,
      kind: query.kind ?? null,
    };
    const hits = await this.#search.run(query, filter, signal);
    return hits.flatMap(({ id, score }) => {
      const row = this.#record.get(id);
      return row ? [{ record: recordOf(row), score }] : [];
    });
  }

  #demand(id: string): AssetIndex {
    const index = this.get(id);
    if (!index) throw new Fault('not_found', `no index ${id}`);
    return index;
  }
}

function indexOf(row: Row): AssetIndex {
  return {
    id: row.id,
    assetId: row.asset_id,
    kind: row.kind,
    name: row.name,
    prompt: row.prompt,
    extraction: JSON.parse(row.extraction),
    extractionConfig: JSON.parse(row.extraction_config),
    metadata: JSON.parse(row.metadata),
    modelName: row.model_name,
    status: row.status,
    ...(row.job_id === null ? {} : { jobId: row.job_id }),
    ...(row.message === null ? {} : { message: row.message }),
    createdMs: row.created_ms,
  };
}

function rowOf(index: AssetIndex): Row {
  return {
    id: index.id,
    asset_id: index.assetId,
    kind: index.kind,
    name: index.name,
    prompt: index.prompt,
    extraction: JSON.stringify(index.extraction),
    extraction_config: JSON.stringify(index.extractionConfig),
    metadata: JSON.stringify(index.metadata),
    model_name: index.modelName,
    status: index.status,
    job_id: index.jobId ?? null,
    message: index.message ?? null,
    created_ms: index.createdMs,
  };
}

function recordOf(row: RecordRow): AssetRecord {
  return {
    id: row.id,
    assetId: row.asset_id,
    indexId: row.index_id,
    startMs: row.start_ms,
    endMs: row.end_ms,
    text: row.text,
    metadata: JSON.parse(row.metadata),
  };
}
