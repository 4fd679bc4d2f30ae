import type { Statement } from 'better-sqlite3';
import type { CaptureEvent } from '#domain';
import type { Connection } from '../connection.ts';

/** No schedule waits this long: a later time means that the clock has been set back, and the call is due. */
const LONGEST_WAIT_MS = 3_600_000;

interface Row {
  id: number;
  session_id: string;
  status: CaptureEvent['status'];
  at_ms: number;
  attempts: number;
}

/** An event that its session's callback address is to be told. */
export interface CaptureCall {
  event: CaptureEvent;
  url: string;
  attempts: number;
}

/** What happened to capture sessions, and which of it their callback addresses haven't been told yet. */
export class CaptureEvents {
  readonly #connection: Connection;
  readonly #insert: Statement<[string, string, number, number | null]>;
  readonly #get: Statement<[number], Row>;
  readonly #first: Statement<{ now: number; latest: number }, Row & { url: string }>;
  readonly #nextDue: Statement<[number], { at: number | null }>;
  readonly #told: Statement<[number]>;
  readonly #failed: Statement<{ id: number; next: number | null; error: string }>;

  constructor(connection: Connection) {
    const { sql } = connection;
    this.#connection = connection;
    this.#insert = sql.prepare(
      'INSERT INTO capture_events (session_id, status, at_ms, next_try_ms) VALUES (?, ?, ?, ?)',
    );
    this.#get = sql.prepare('SELECT * FROM capture_events WHERE id = ?');
    // Nothing is told of a session before what happened earlier has been.
    const first = `
      FROM capture_events e JOIN capture_sessions s ON s.id = e.session_id
      WHERE e.next_try_ms IS NOT NULL AND e.id = (
        SELECT min(id) FROM capture_events WHERE session_id = e.session_id AND next_try_ms IS NOT NULL)`;
    this.#first = sql.prepare(`
      SELECT e.*, s.callback_url AS url ${first} AND (e.next_try_ms <= @now OR e.next_try_ms > @latest)
      ORDER BY e.next_try_ms, e.id`);
    this.#nextDue = sql.prepare(`SELECT min(iif(e.next_try_ms > ?, 0, e.next_try_ms)) AS at ${first}`);
    this.#told = sql.prepare(
      'UPDATE capture_events SET next_try_ms = NULL, last_error = NULL, attempts = attempts + 1 WHERE id = ?',
    );
    this.#failed = sql.prepare(
      'UPDATE capture_events SET next_try_ms = @next, last_error = @error, attempts = attempts + 1 WHERE id = @id',
    );
  }

  /** Only inside the transaction that changes the session. */
  add({ sessionId, status, atMs }: Omit<CaptureEvent, 'id'>, isCalled: boolean): number {
    return Number(this.#insert.run(sessionId, status, atMs, isCalled ? 0 : null).lastInsertRowid);
  }

  get(id: number): CaptureEvent | undefined {
    const row = this.#get.get(id);
    return row && eventOf(row);
  }

  /** Of each session the first that its address hasn't been told, where its time has come. */
  due(nowMs: number): CaptureCall[] {
    const rows = this.#first.all({ now: nowMs, latest: nowMs + LONGEST_WAIT_MS });
    return rows.map((row) => ({ event: eventOf(row), url: row.url, attempts: row.attempts }));
  }

  /** When the next is to be told; undefined when none is. */
  nextDueMs(nowMs: number): number | undefined {
    return this.#nextDue.get(nowMs + LONGEST_WAIT_MS)?.at ?? undefined;
  }

  /** Its receiver has taken it. */
  told(id: number): void {
    this.#connection.writeDurably(() => this.#told.run(id));
  }

  /** Without a next time nobody tries any more. */
  failed(id: number, error: string, nextTryMs: number | undefined): void {
    this.#connection.write(() => this.#failed.run({ id, next: nextTryMs ?? null, error }));
  }
}

function eventOf({ id, session_id: sessionId, status, at_ms: atMs }: Row): CaptureEvent {
  return { id, sessionId, status, atMs };
}
