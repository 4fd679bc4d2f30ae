import { createHash } from 'node:crypto';
import type { Statement } from 'better-sqlite3';
import type { Cut, Part } from '#domain';
import type { Clock } from '#runtime';
import type { Connection } from '../connection.ts';

/** Parts of assets that play as one. The same parts are the same cut. */
export class Cuts {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #put: Statement<{ id: string; parts: string; now: number }>;
  readonly #get: Statement<[string], { parts: string }>;
  readonly #prune: Statement<[number]>;

  constructor(connection: Connection, clock: Clock) {
    const { sql } = connection;
    this.#connection = connection;
    this.#clock = clock;
    this.#put = sql.prepare(`
      INSERT INTO cuts (id, parts, used_ms) VALUES (@id, @parts, @now)
      ON CONFLICT (id) DO UPDATE SET used_ms = excluded.used_ms`);
    this.#get = sql.prepare('SELECT parts FROM cuts WHERE id = ?');
    this.#prune = sql.prepare('DELETE FROM cuts WHERE used_ms < ?');
  }

  put(parts: Part[]): Cut {
    const text = JSON.stringify(parts.map(({ assetId, startMs, endMs }) => ({ assetId, startMs, endMs })));
    const id = `cut-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
    this.#connection.write(() => this.#put.run({ id, parts: text, now: this.#clock.nowMs() }));
    return { id, parts };
  }

  get(id: string): Cut | undefined {
    const row = this.#get.get(id);
    return row && { id, parts: JSON.parse(row.parts) };
  }

  /** Forgets those that nobody has asked for since the time: no link to them is valid any more. */
  pruneUnused(beforeMs: number): void {
    this.#connection.write(() => this.#prune.run(beforeMs));
  }
}
