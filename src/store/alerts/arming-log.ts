import type { Statement } from 'better-sqlite3';
import type { ArmingChange } from '#domain';
import type { Clock } from '#runtime';
import type { Connection } from '../connection.ts';
import type { Journal } from '../journal.ts';

/** Older changes are forgotten. */
const KEEP = 10_000;

interface Row {
  id: number;
  at_ms: number;
  who: string;
  what: ArmingChange['what'];
  alert_id: string | null;
  group_name: string | null;
  until_ms: number | null;
}

/** Who armed, disarmed and snoozed what. Each change is journalled, so that whoever shows it hears of it at once. */
export class ArmingLog {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #insert: Statement<Omit<Row, 'id'>>;
  readonly #forget: Statement<[number]>;
  readonly #get: Statement<[number], Row>;
  readonly #list: Statement<{ before: number; limit: number }, Row>;

  constructor({ sql }: Connection, journal: Journal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
    this.#insert = sql.prepare(`
      INSERT INTO arming_changes (at_ms, who, what, alert_id, group_name, until_ms)
      VALUES (@at_ms, @who, @what, @alert_id, @group_name, @until_ms)`);
    this.#forget = sql.prepare('DELETE FROM arming_changes WHERE id <= ?');
    this.#get = sql.prepare('SELECT * FROM arming_changes WHERE id = ?');
    this.#list = sql.prepare('SELECT * FROM arming_changes WHERE id < @before ORDER BY id DESC LIMIT @limit');
  }

  /** Only inside the transaction that makes the change. */
  note(change: Omit<ArmingChange, 'id' | 'atMs'>, streamId = ''): void {
    const atMs = this.#clock.nowMs();
    const { lastInsertRowid } = this.#insert.run({
      at_ms: atMs,
      who: change.by,
      what: change.what,
      alert_id: change.alertId ?? null,
      group_name: change.group ?? null,
      until_ms: change.untilMs ?? null,
    });
    const id = Number(lastInsertRowid);
    this.#forget.run(id - KEEP);
    this.#journal.append('arming', streamId, String(id), atMs);
  }

  get(id: number): ArmingChange | undefined {
    const row = this.#get.get(id);
    return row && changeOf(row);
  }

  /** Newest first, those before `beforeId`. */
  list({ limit, beforeId }: { limit: number; beforeId?: number }): ArmingChange[] {
    return this.#list.all({ before: beforeId ?? Number.MAX_SAFE_INTEGER, limit }).map(changeOf);
  }
}

function changeOf(row: Row): ArmingChange {
  return {
    id: row.id,
    atMs: row.at_ms,
    by: row.who,
    what: row.what,
    ...(row.alert_id === null ? {} : { alertId: row.alert_id }),
    ...(row.group_name === null ? {} : { group: row.group_name }),
    ...(row.until_ms === null ? {} : { untilMs: row.until_ms }),
  };
}
