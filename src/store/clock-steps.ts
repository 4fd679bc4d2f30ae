import type { Statement } from 'better-sqlite3';
import type { Connection } from './connection.ts';

/** When the system clock was set while the box ran. */
export class ClockSteps {
  readonly #connection: Connection;
  readonly #insert: Statement<[number, number]>;
  readonly #count: Statement<[], number>;
  readonly #list: Statement<[], { atMs: number; stepMs: number }>;

  constructor(connection: Connection) {
    const { sql } = connection;
    this.#connection = connection;
    this.#insert = sql.prepare('INSERT INTO clock_steps (at_ms, step_ms) VALUES (?, ?)');
    this.#count = sql.prepare<[], number>('SELECT count(*) FROM clock_steps').pluck();
    this.#list = sql.prepare('SELECT at_ms AS atMs, step_ms AS stepMs FROM clock_steps ORDER BY id DESC LIMIT 100');
  }

  /** `atMs` by the clock after the step; `stepMs` is positive when it was set forward. */
  add(atMs: number, stepMs: number): void {
    this.#connection.write(() => this.#insert.run(atMs, stepMs));
  }

  count(): number {
    return this.#count.get() ?? 0;
  }

  /** The last hundred, newest first. */
  list(): { atMs: number; stepMs: number }[] {
    return this.#list.all();
  }
}
