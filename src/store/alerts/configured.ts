import type { Statement } from 'better-sqlite3';
import type { Connection } from '../connection.ts';

/** Which cameras, indexes and alerts the configuration made, and which of them have left it. */
export class Configured {
  readonly #connection: Connection;
  readonly #put: Statement<[string, string, number]>;
  readonly #of: Statement<[string], { id: string; has_left: number }>;

  constructor(connection: Connection) {
    const { sql } = connection;
    this.#connection = connection;
    this.#put = sql.prepare('INSERT OR REPLACE INTO configured (id, stream_id, has_left) VALUES (?, ?, ?)');
    this.#of = sql.prepare('SELECT id, has_left FROM configured WHERE stream_id = ?');
  }

  put(id: string, streamId: string, state: 'there' | 'left'): void {
    this.#connection.write(() => this.#put.run(id, streamId, Number(state === 'left')));
  }

  /** By id of the camera, index or alert. */
  of(streamId: string): Map<string, 'there' | 'left'> {
    return new Map(this.#of.all(streamId).map(({ id, has_left: left }) => [id, left === 1 ? 'left' : 'there']));
  }
}
