import type { Statement } from 'better-sqlite3';
import type { Connection } from '../connection.ts';

const LISTED = '(SELECT value FROM json_each(?))';
const IS_EMPTY = 'NOT EXISTS (SELECT 1 FROM segments WHERE session_id = recording_sessions.id)';

/** Sessions of which no segment is left: their rows go, and their init files are noted as garbage. */
export class EmptySessions {
  readonly #of: Statement<[string], string>;
  readonly #all: Statement<[], string>;
  readonly #files: Statement<[string]>;
  readonly #rows: Statement<[string]>;

  constructor({ sql }: Pick<Connection, 'sql'>) {
    this.#of = sql.prepare<[string], string>(
      `SELECT json_group_array(DISTINCT session_id) FROM segments WHERE id IN ${LISTED}`,
    );
    this.#all = sql.prepare<[], string>(`SELECT json_group_array(id) FROM recording_sessions WHERE ${IS_EMPTY}`);
    // A stream's newest session may be recording.
    const erasable = `
      id IN ${LISTED} AND ${IS_EMPTY} AND (stream_id NOT IN (SELECT id FROM streams) OR started_ms < (
        SELECT max(started_ms) FROM recording_sessions r WHERE r.stream_id = recording_sessions.stream_id))`;
    this.#files = sql.prepare(
      `INSERT INTO garbage (root, path, dir) SELECT 'media', init_path, 1 FROM recording_sessions WHERE ${erasable}`,
    );
    this.#rows = sql.prepare(`DELETE FROM recording_sessions WHERE ${erasable}`);
  }

  /** The sessions of these segments, which are there still: a list for `erase`. */
  of(segments: string): string {
    return this.#of.pluck().get(segments) ?? '[]';
  }

  /** All that are empty, also those that were not to go when their last segment did. Looks at every session. */
  all(): string {
    return this.#all.pluck().get() ?? '[]';
  }

  /** Those of the list that are empty; returns how many. Within a transaction. */
  erase(sessions: string): number {
    this.#files.run(sessions);
    return this.#rows.run(sessions).changes;
  }
}
