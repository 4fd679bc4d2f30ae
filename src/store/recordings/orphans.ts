import type { Statement } from 'better-sqlite3';
import type { Connection } from '../connection.ts';
import { Pace } from '../pace.ts';
import type { Vectors } from '../search/vectors.ts';
import type { Eraser } from './eraser.ts';

/** What describes a stream, and what would still act for it: few rows, which go with it. */
const GO_AT_ONCE = [
  `DELETE FROM deliveries INDEXED BY deliveries_targets WHERE delivered_ms IS NULL AND dead_ms IS NULL
    AND EXISTS (SELECT 1 FROM firings WHERE id = firing_id AND stream_id = ?)`,
  // Tens of thousands of pictures may wait: whoever comes to one of them finds that it is nobody's.
  "DELETE FROM outbox WHERE stream_id = ? AND kind = 'alert'",
  'DELETE FROM alert_questions WHERE alert_id IN (SELECT id FROM alerts WHERE stream_id = ?)',
  'DELETE FROM alert_states WHERE alert_id IN (SELECT id FROM alerts WHERE stream_id = ?)',
  'DELETE FROM alerts WHERE stream_id = ?',
  'DELETE FROM index_backfills WHERE index_id IN (SELECT id FROM indexes WHERE stream_id = ?)',
  'DELETE FROM indexes WHERE stream_id = ?',
  'DELETE FROM streams WHERE id = ?',
];

type Owned = { table: string; where?: string };
interface Rows {
  stream: Statement<[], string>;
  erase: Statement<[string, number]>;
}

/**
 * What was made from streams that have been deleted. A stream goes with the few rows that describe it; the rest, which may
 * be millions, is nobody's from then on, is not found any more, and goes with retention, in short transactions. What a
 * kill leaves is found again: its stream isn't there.
 */
export class Orphans {
  readonly #connection: Connection;
  readonly #eraser: Eraser;
  readonly #vectors: readonly Vectors[];
  readonly #pace = new Pace();
  readonly #goAtOnce: readonly Statement<[string]>[];
  readonly #outbox: Rows;
  readonly #rows: readonly Rows[];
  readonly #scenes: Statement<[], string>;
  readonly #has: Statement<{ id: string }, number>;

  constructor(connection: Connection, eraser: Eraser, vectors: readonly Vectors[]) {
    this.#connection = connection;
    this.#eraser = eraser;
    this.#vectors = vectors;
    this.#goAtOnce = GO_AT_ONCE.map((statement) => connection.sql.prepare(statement));
    this.#outbox = this.#rowsOf({ table: 'outbox', where: "kind IN ('clip', 'segment')" });
    // Deliveries, marks and holds of firings go with them.
    const tables = ['firings', 'transcripts', 'transcript_gaps', 'gaps', 'holds'];
    this.#rows = tables.map((table) => this.#rowsOf({ table }));
    this.#scenes = this.#orphanedIn({ table: 'scenes' });
    const left = ['segments', 'outbox', 'scenes', ...tables]
      .map((table) => `EXISTS (SELECT 1 FROM ${table} WHERE stream_id = @id)`)
      .join(' OR ');
    this.#has = connection.sql.prepare<{ id: string }, number>(`SELECT ${left}`).pluck();
  }

  /** Whether something is left of a stream that is gone: it would be found again if the stream came back. */
  has(streamId: string): boolean {
    return this.#has.get({ id: streamId }) === 1;
  }

  /** The stream, and what acts for it; `also` is written in the same step. On disk when it returns. */
  deleteStream(id: string, also: () => void): void {
    this.#connection.writeLeavingOrphans(() => {
      also();
      for (const statement of this.#goAtOnce) statement.run(id);
      for (const vectors of this.#vectors) vectors.forgetStream(id);
    });
  }

  /** A batch of what was to be sent; returns how many rows: zero when there is none left. */
  eraseUnsent(): number {
    return this.#erase(this.#outbox);
  }

  /** A batch of the rest, save recordings, which must have gone before: what holds them lets go of each. */
  erase(): number {
    for (const rows of this.#rows) {
      const gone = this.#erase(rows);
      if (gone > 0) return gone;
    }
    const stream = this.#scenes.get();
    return stream === undefined ? 0 : this.#eraser.scenesOf(stream);
  }

  #erase({ stream, erase }: Rows): number {
    const id = stream.get();
    if (id === undefined) return 0;
    const limit = this.#pace.rows;
    return this.#pace.measure(limit, () => this.#connection.write(() => erase.run(id, limit).changes));
  }

  #rowsOf(owned: Owned): Rows {
    const { table, where = 'TRUE' } = owned;
    const some = `SELECT id FROM ${table} WHERE stream_id = ? AND ${where} LIMIT ?`;
    return {
      stream: this.#orphanedIn(owned),
      erase: this.#connection.sql.prepare(`DELETE FROM ${table} WHERE id IN (${some})`),
    };
  }

  /** The first stream that the table names and that is gone. One seek for each stream, however many rows there are. */
  #orphanedIn({ table, where = 'TRUE' }: Owned): Statement<[], string> {
    const next = (after: string) => `SELECT min(stream_id) FROM ${table} WHERE ${where} ${after}`;
    return this.#connection.sql
      .prepare<[], string>(`
        WITH RECURSIVE named (id) AS (
          ${next('')} UNION ALL SELECT (${next('AND stream_id > named.id')}) FROM named WHERE named.id IS NOT NULL)
        SELECT id FROM named WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM streams) LIMIT 1`)
      .pluck();
  }
}
