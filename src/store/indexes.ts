import type { Statement } from 'better-sqlite3';
import type { SceneIndex } from '#domain';
import { Fault } from '#runtime';
import type { Connection } from './connection.ts';

interface Row {
  id: string;
  stream_id: string;
  name: string;
  prompt: string;
  extraction: string;
  extraction_config: string;
  model_name: string;
  model_config: string;
  ws_connection_id: string | null;
  status: SceneIndex['status'];
  created_ms: number;
  resumed_ms: number;
}

/** Prompt-defined indexes. */
export class Indexes {
  readonly #connection: Connection;
  readonly #insert: Statement<Row>;
  readonly #update: Statement<[string, string, string, number, string]>;
  readonly #get: Statement<[string], Row>;
  readonly #byStream: Statement<[string], Row>;

  constructor(connection: Connection) {
    const { sql } = connection;
    this.#connection = connection;
    this.#insert = sql.prepare(`
      INSERT INTO indexes (id, stream_id, name, prompt, extraction, extraction_config, model_name, model_config,
        ws_connection_id, status, created_ms, resumed_ms)
      VALUES (@id, @stream_id, @name, @prompt, @extraction, @extraction_config, @model_name, @model_config,
        @ws_connection_id, @status, @created_ms, @resumed_ms)`);
    this.#update = sql.prepare('UPDATE indexes SET prompt = ?, status = ?, name = ?, resumed_ms = ? WHERE id = ?');
    this.#get = sql.prepare('SELECT * FROM indexes WHERE id = ?');
    this.#byStream = sql.prepare('SELECT * FROM indexes WHERE stream_id = ? ORDER BY created_ms, rowid');
  }

  /** Throws `conflict` when the id is taken, `not_found` when the stream isn't there. */
  create(index: SceneIndex): void {
    this.#connection.write(() => this.#insert.run(rowOf(index)));
  }

  get(id: string): SceneIndex | undefined {
    const row = this.#get.get(id);
    return row && indexOf(row);
  }

  /** Oldest first. */
  listByStream(streamId: string): SceneIndex[] {
    return this.#byStream.all(streamId).map(indexOf);
  }

  listRunning(streamId: string): SceneIndex[] {
    return this.listByStream(streamId).filter((index) => index.status === 'running');
  }

  /** Throws `not_found`. */
  update(id: string, patch: Partial<Pick<SceneIndex, 'prompt' | 'status' | 'name' | 'resumedMs'>>): SceneIndex {
    const before = this.get(id);
    if (!before) throw new Fault('not_found', `no index ${id}`);
    const index = { ...before, ...patch };
    this.#connection.write(() => this.#update.run(index.prompt, index.status, index.name, index.resumedMs, id));
    return index;
  }
}

function indexOf(row: Row): SceneIndex {
  return {
    id: row.id,
    streamId: row.stream_id,
    name: row.name,
    prompt: row.prompt,
    extraction: JSON.parse(row.extraction),
    extractionConfig: JSON.parse(row.extraction_config),
    modelName: row.model_name,
    modelConfig: JSON.parse(row.model_config),
    ...(row.ws_connection_id === null ? {} : { wsConnectionId: row.ws_connection_id }),
    status: row.status,
    resumedMs: row.resumed_ms,
    createdMs: row.created_ms,
  };
}

function rowOf(index: SceneIndex): Row {
  return {
    id: index.id,
    stream_id: index.streamId,
    name: index.name,
    prompt: index.prompt,
    extraction: JSON.stringify(index.extraction),
    extraction_config: JSON.stringify(index.extractionConfig),
    model_name: index.modelName,
    model_config: JSON.stringify(index.modelConfig),
    ws_connection_id: index.wsConnectionId ?? null,
    status: index.status,
    created_ms: index.createdMs,
    resumed_ms: index.resumedMs,
  };
}
