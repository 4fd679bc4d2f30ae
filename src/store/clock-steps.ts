import type { Statement } from 'better-sqlite3';
import { EARLIEST_SANE_MS } from '#runtime';
import type { Connection } from './connection.ts';

/** When the system clock was set while the box ran. */
export class ClockSteps {
  readonly #connection: Connection;
  readonly #insert: Statement<[number, number]>;
  readonly #count: Statement<[], number>;
  readonly #leaps: Statement<[number, number, number], number>;
  readonly #list: Statement<[], { atMs: number; stepMs: number }>;

  constructor(connection: Connection) {
    const { sql } = connection;
    this.#connection = connection;
    this.#insert = sql.prepare('INSERT INTO clock_steps (at_ms, step_ms) VALUES (?, ?)');
    this.#count = sql.prepare<[], number>('SELECT count(*) FROM clock_steps').pluck();
    this.#leaps = sql
      .prepare<[number, number, number], number>(`
        SELECT count(*) FROM clock_steps
        WHERE step_ms > ? AND at_ms > ? AND at_ms <= ? AND at_ms - step_ms >= ${EARLIEST_SANE_MS}`)
      .pluck();
    this.#list = sql.prepare('SELECT at_ms AS atMs, step_ms AS stepMs FROM clock_steps ORDER BY id DESC LIMIT 100');
  }

  /** `atMs` by the clock after the step; `stepMs` is positive when it was set forward. */
  add(atMs: number, stepMs: number): void {
    this.#connection.write(() => this.#insert.run(atMs, stepMs));
  }

  count(): number {
    return this.#count.get() ?? 0;
  }

  /** Steps ahead by more than so much; one from before the box had its time is none. */
  leaps(ms: number, { afterMs, untilMs }: { afterMs: number; untilMs: number }): number {
    return this.#leaps.get(ms, afterMs, untilMs) ?? 0;
  }

  /** The last hundred, newest first. */
  list(): { atMs: number; stepMs: number }[] {
    return this.#list.all();
  }
}
