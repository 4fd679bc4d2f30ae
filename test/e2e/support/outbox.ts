import { join } from 'node:path';
import Database from 'better-sqlite3';

export interface OutboxRow {
  id: number;
  firingId: string;
  channel: 'mqtt' | 'webhook';
  target: string;
  attempts: number;
}

/** What a box has fired and has to deliver, read beside it, which notices nothing of it, and also when it is dead. */
export class Outbox implements Disposable {
  readonly #database: Database.Database;

  constructor(dataDir: string) {
    this.#database = new Database(join(dataDir, 'watchpost.db'), { readonly: true });
  }

  firings(): number {
    return this.#count('SELECT count(*) AS n FROM firings');
  }

  waiting(): number {
    return this.#count('SELECT count(*) AS n FROM deliveries WHERE delivered_ms IS NULL');
  }

  /** In the order in which they were made. */
  all(): OutboxRow[] {
    const columns = 'id, firing_id AS firingId, channel, target, attempts';
    return this.#database.prepare<[], OutboxRow>(`SELECT ${columns} FROM deliveries ORDER BY id`).all();
  }

  /** Ids of firings, in the order in which live clients are told of them. */
  journal(): string[] {
    const rows = this.#database.prepare<[], { ref: string }>(
      "SELECT ref FROM journal WHERE kind = 'firing' ORDER BY seq",
    );
    return rows.all().map(({ ref }) => ref);
  }

  /** How many alerts fired at each scene that ended after then. */
  perScene(afterMs: number): number[] {
    const rows = this.#database.prepare<[number], { n: number }>(
      'SELECT count(*) AS n FROM firings WHERE end_ms > ? GROUP BY scene_id, end_ms',
    );
    return rows.all(afterMs).map(({ n }) => n);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #count(sql: string): number {
    return this.#database.prepare<[], { n: number }>(sql).get()?.n ?? 0;
  }
}
