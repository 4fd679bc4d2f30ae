import type { Statement } from 'better-sqlite3';
import type { Mark } from '#domain';
import type { Clock } from '#runtime';
import type { Connection } from '../connection.ts';
import type { Journal } from '../journal.ts';

/** Of one alert; the oldest go. */
const MOST_OF_ALERT = 500;

interface Row {
  firing_id: string;
  alert_id: string;
  verdict: Mark['verdict'];
  note: string | null;
  marked_ms: number;
}

/** A mark with how sure the firing was that it is about. */
export interface Judged extends Mark {
  confidence: number;
}

/** What people said of firings. A firing with a mark is an example that is kept: retention passes it and its picture over. */
export class Marks {
  readonly #connection: Connection;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #streamOf: Statement<[string], string>;
  readonly #set: Statement<Row>;
  readonly #bound: Statement<[string, number]>;
  readonly #takeBack: Statement<[string]>;
  readonly #get: Statement<[string], Row>;
  readonly #byAlert: Statement<[string], Row & { confidence: number }>;

  constructor(connection: Connection, journal: Journal, clock: Clock) {
    const { sql } = connection;
    this.#connection = connection;
    this.#journal = journal;
    this.#clock = clock;
    this.#streamOf = sql.prepare<[string], string>('SELECT stream_id FROM firings WHERE id = ?').pluck();
    this.#set = sql.prepare(`
      INSERT INTO marks (firing_id, alert_id, verdict, note, marked_ms)
      VALUES (@firing_id, @alert_id, @verdict, @note, @marked_ms)
      ON CONFLICT (firing_id) DO UPDATE SET
        verdict = excluded.verdict, note = excluded.note, marked_ms = excluded.marked_ms`);
    this.#bound = sql.prepare(`
      DELETE FROM marks WHERE firing_id IN (
        SELECT firing_id FROM marks WHERE alert_id = ? ORDER BY marked_ms DESC LIMIT -1 OFFSET ?)`);
    this.#takeBack = sql.prepare('DELETE FROM marks WHERE firing_id = ?');
    this.#get = sql.prepare('SELECT * FROM marks WHERE firing_id = ?');
    this.#byAlert = sql.prepare(`
      SELECT m.*, f.confidence FROM marks m JOIN firings f ON f.id = m.firing_id
      WHERE m.alert_id = ? ORDER BY m.marked_ms DESC`);
  }

  /** In place of what was said of the firing before. Throws `not_found` when the firing is gone. */
  set({ firingId, alertId, verdict, note, atMs }: Mark): void {
    const row = { firing_id: firingId, alert_id: alertId, verdict, note: note ?? null, marked_ms: atMs };
    this.#connection.writeDurably(() => {
      this.#set.run(row);
      this.#bound.run(alertId, MOST_OF_ALERT);
      this.#tell(firingId, atMs);
    });
  }

  /** Returns whether there was one. */
  takeBack(firingId: string): boolean {
    return this.#connection.writeDurably(() => {
      const had = this.#takeBack.run(firingId).changes > 0;
      if (had) this.#tell(firingId, this.#clock.nowMs());
      return had;
    });
  }

  get(firingId: string): Mark | undefined {
    const row = this.#get.get(firingId);
    return row && markOf(row);
  }

  /** Newest first. */
  listByAlert(alertId: string): Judged[] {
    return this.#byAlert.all(alertId).map(({ confidence, ...row }) => ({ ...markOf(row), confidence }));
  }

  #tell(firingId: string, atMs: number): void {
    this.#journal.append('mark', this.#streamOf.get(firingId) ?? '', firingId, atMs);
  }
}

function markOf({ firing_id: firingId, alert_id: alertId, verdict, note, marked_ms: atMs }: Row): Mark {
  return { firingId, alertId, verdict, ...(note === null ? {} : { note }), atMs };
}
