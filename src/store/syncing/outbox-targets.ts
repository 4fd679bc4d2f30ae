import type { Statement } from 'better-sqlite3';
import type { Connection } from '../connection.ts';

export interface TargetTotals {
  /** Parcels that it has, and their bytes. */
  sent: number;
  sentBytes: number;
  /** Segments and pictures that were gone before they were sent: the disk, or their age, took them. */
  lost: number;
  lostBytes: number;
  /** Entries that gave way to more urgent ones. */
  dropped: number;
  /** Parcels that it will never take, and why of the last. */
  givenUp: number;
  refusal?: string;
  pausedMs?: number;
  pausedBy?: string;
}

interface Row {
  name: string;
  paused_ms: number | null;
  paused_by: string | null;
  sent: number;
  sent_bytes: number;
  lost: number;
  lost_bytes: number;
  dropped: number;
  given_up: number;
  refusal: string | null;
}

/** Where things go: whether they may now, and what came of those that went. Counts are for ever. */
export class OutboxTargets {
  readonly #connection: Connection;
  readonly #add: Statement<[string]>;
  readonly #names: Statement<[], string>;
  readonly #get: Statement<[string], Row>;
  readonly #delete: Statement<[string]>;
  readonly #pause: Statement<[number | null, string | null, string]>;
  readonly #sent: Statement<[number, string]>;
  readonly #lost: Statement<[number, string]>;
  readonly #dropped: Statement<[number, string]>;
  readonly #gaveUp: Statement<[string, string]>;

  constructor(connection: Connection) {
    const { sql } = connection;
    this.#connection = connection;
    this.#add = sql.prepare('INSERT INTO outbox_targets (name) VALUES (?) ON CONFLICT DO NOTHING');
    this.#names = sql.prepare<[], string>('SELECT name FROM outbox_targets').pluck();
    this.#get = sql.prepare('SELECT * FROM outbox_targets WHERE name = ?');
    this.#delete = sql.prepare('DELETE FROM outbox_targets WHERE name = ?');
    this.#pause = sql.prepare('UPDATE outbox_targets SET paused_ms = ?, paused_by = ? WHERE name = ?');
    this.#sent = sql.prepare('UPDATE outbox_targets SET sent = sent + 1, sent_bytes = sent_bytes + ? WHERE name = ?');
    this.#lost = sql.prepare('UPDATE outbox_targets SET lost = lost + 1, lost_bytes = lost_bytes + ? WHERE name = ?');
    this.#dropped = sql.prepare('UPDATE outbox_targets SET dropped = dropped + ? WHERE name = ?');
    this.#gaveUp = sql.prepare('UPDATE outbox_targets SET given_up = given_up + 1, refusal = ? WHERE name = ?');
  }

  /** False when it was there. */
  add(name: string): boolean {
    return this.#connection.write(() => this.#add.run(name).changes > 0);
  }

  names(): string[] {
    return this.#names.all();
  }

  /** With what waits for it. */
  delete(name: string): void {
    this.#connection.write(() => this.#delete.run(name));
  }

  /** Undefined: nothing is sent there until it is resumed. On disk when it returns. */
  pause(name: string, paused: { atMs: number; by: string } | undefined): void {
    this.#connection.writeDurably(() => this.#pause.run(paused?.atMs ?? null, paused?.by ?? null, name));
  }

  sent(name: string, bytes: number): void {
    this.#connection.write(() => this.#sent.run(bytes, name));
  }

  lost(name: string, bytes: number): void {
    this.#connection.write(() => this.#lost.run(bytes, name));
  }

  dropped(name: string, entries: number): void {
    this.#connection.write(() => this.#dropped.run(entries, name));
  }

  gaveUp(name: string, refusal: string): void {
    this.#connection.write(() => this.#gaveUp.run(refusal, name));
  }

  /** Zeros for one that is not there. */
  totals(name: string): TargetTotals {
    const row = this.#get.get(name);
    if (!row) return { sent: 0, sentBytes: 0, lost: 0, lostBytes: 0, dropped: 0, givenUp: 0 };
    return {
      sent: row.sent,
      sentBytes: row.sent_bytes,
      lost: row.lost,
      lostBytes: row.lost_bytes,
      dropped: row.dropped,
      givenUp: row.given_up,
      ...(row.refusal === null ? {} : { refusal: row.refusal }),
      ...(row.paused_ms === null ? {} : { pausedMs: row.paused_ms }),
      ...(row.paused_by === null ? {} : { pausedBy: row.paused_by }),
    };
  }
}
