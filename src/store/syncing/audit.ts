import type { Statement } from 'better-sqlite3';
import type { AuditEntry } from '#domain';
import type { Clock } from '#runtime';
import type { Connection } from '../connection.ts';

/** Older entries are forgotten. */
const KEEP = 10_000;
const HOUR_MS = 3_600_000;
/** Entries among which one is looked for that was the same. */
const NEAR = 50;

interface Row {
  id: number;
  at_ms: number;
  who: string;
  place: string;
  what: string;
  result: string;
  detail: string | null;
  times: number;
}
type NewRow = Pick<Row, 'at_ms' | 'who' | 'place' | 'what' | 'result' | 'detail'>;

/** Who did what to the box, over its control routes and by command. On disk when `note` returns. */
export class Audit {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #insert: Statement<NewRow>;
  readonly #again: Statement<NewRow & { since: number }>;
  readonly #forget: Statement<[number]>;
  readonly #list: Statement<{ before: number; limit: number }, Row>;

  constructor(connection: Connection, clock: Clock) {
    const { sql } = connection;
    this.#connection = connection;
    this.#clock = clock;
    this.#insert = sql.prepare(`
      INSERT INTO audit (at_ms, who, place, what, result, detail)
      VALUES (@at_ms, @who, @place, @what, @result, @detail)`);
    this.#again = sql.prepare(`
      UPDATE audit SET times = times + 1 WHERE id = (
        SELECT id FROM audit WHERE id > (SELECT max(id) FROM audit) - ${NEAR} AND at_ms BETWEEN @since AND @at_ms
        AND who = @who AND place = @place AND what = @what AND result = @result AND detail IS @detail
        ORDER BY id DESC LIMIT 1)`);
    this.#forget = sql.prepare('DELETE FROM audit WHERE id <= ?');
    this.#list = sql.prepare('SELECT * FROM audit WHERE id < @before ORDER BY id DESC LIMIT @limit');
  }

  /** `counted`: the same again within an hour is the same entry once more, so that looking pushes out no changes. */
  note(entry: Omit<AuditEntry, 'id' | 'atMs' | 'times'>, counted = false): void {
    const { who, from: place, what, result, detail = null } = entry;
    const row = { at_ms: this.#clock.nowMs(), who, place, what, result, detail };
    this.#connection.writeDurably(() => {
      if (counted && this.#again.run({ ...row, since: row.at_ms - HOUR_MS }).changes > 0) return;
      this.#forget.run(Number(this.#insert.run(row).lastInsertRowid) - KEEP);
    });
  }

  /** Newest first, those before `beforeId`. */
  list({ limit, beforeId }: { limit: number; beforeId?: number }): AuditEntry[] {
    return this.#list.all({ before: beforeId ?? Number.MAX_SAFE_INTEGER, limit }).map(entryOf);
  }
}

function entryOf({ id, at_ms, who, place, what, result, detail, times }: Row): AuditEntry {
  return { id, atMs: at_ms, who, from: place, what, result, ...(detail === null ? {} : { detail }), times };
}
