import type { Statement } from 'better-sqlite3';
import type { Backfill } from '#domain';
import type { Connection } from './connection.ts';

interface Row {
  index_id: string;
  from_ms: number;
  to_ms: number;
  reached_ms: number;
  status: Backfill['status'];
  message: string | null;
  created_ms: number;
  finished_ms: number | null;
}

/** What indexes are still to describe of older recordings, and how far they have come. */
export class Backfills {
  readonly #connection: Connection;
  readonly #put: Statement<Row>;
  readonly #get: Statement<[string], Row>;
  readonly #next: Statement<[], Row>;
  readonly #reach: Statement<[number, string]>;
  readonly #finish: Statement<{ id: string; status: string; message: string | null; now: number }>;

  constructor(connection: Connection) {
    const { sql } = connection;
    this.#connection = connection;
    this.#put = sql.prepare(`
      INSERT INTO index_backfills (index_id, from_ms, to_ms, reached_ms, status, message, created_ms, finished_ms)
      VALUES (@index_id, @from_ms, @to_ms, @reached_ms, @status, @message, @created_ms, @finished_ms)
      ON CONFLICT (index_id) DO UPDATE SET from_ms = excluded.from_ms, to_ms = excluded.to_ms,
        reached_ms = excluded.reached_ms, status = excluded.status, message = excluded.message,
        created_ms = excluded.created_ms, finished_ms = excluded.finished_ms`);
    this.#get = sql.prepare('SELECT * FROM index_backfills WHERE index_id = ?');
    this.#next = sql.prepare(`
      SELECT * FROM index_backfills WHERE status IN ('running', 'waiting') ORDER BY status, created_ms, index_id LIMIT 1`);
    this.#reach = sql.prepare(`
      UPDATE index_backfills SET reached_ms = max(reached_ms, ?), status = 'running'
      WHERE index_id = ? AND status IN ('running', 'waiting')`);
    this.#finish = sql.prepare(`
      UPDATE index_backfills SET status = @status, message = @message, finished_ms = @now
      WHERE index_id = @id AND status IN ('running', 'waiting')`);
  }

  /** In place of what the index was to do before. */
  put(backfill: Backfill): void {
    this.#connection.write(() => this.#put.run(rowOf(backfill)));
  }

  get(indexId: string): Backfill | undefined {
    const row = this.#get.get(indexId);
    return row && backfillOf(row);
  }

  /** What is under way, or else the oldest that waits. */
  next(): Backfill | undefined {
    const row = this.#next.get();
    return row && backfillOf(row);
  }

  /** It has come so far. Nothing when it has ended meanwhile. */
  reach(indexId: string, reachedMs: number): void {
    this.#connection.write(() => this.#reach.run(reachedMs, indexId));
  }

  /** Nothing when it has ended already. */
  finish(indexId: string, status: 'done' | 'failed' | 'cancelled', atMs: number, message?: string): void {
    this.#connection.write(() => this.#finish.run({ id: indexId, status, message: message ?? null, now: atMs }));
  }
}

function backfillOf(row: Row): Backfill {
  return {
    indexId: row.index_id,
    fromMs: row.from_ms,
    toMs: row.to_ms,
    reachedMs: row.reached_ms,
    status: row.status,
    ...(row.message === null ? {} : { message: row.message }),
    createdMs: row.created_ms,
    ...(row.finished_ms === null ? {} : { finishedMs: row.finished_ms }),
  };
}

function rowOf(backfill: Backfill): Row {
  return {
    index_id: backfill.indexId,
    from_ms: backfill.fromMs,
    to_ms: backfill.toMs,
    reached_ms: backfill.reachedMs,
    status: backfill.status,
    message: backfill.message ?? null,
    created_ms: backfill.createdMs,
    finished_ms: backfill.finishedMs ?? null,
  };
}
