import type { Statement } from 'better-sqlite3';
import type { Connection } from './connection.ts';

/** Facts about the box, most of which are decided once and then stay. */
export class Meta {
  readonly #connection: Connection;
  readonly #get: Statement<[string], { value: string }>;
  readonly #set: Statement<[string, string]>;
  readonly #put: Statement<[string, string]>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#get = connection.sql.prepare('SELECT value FROM meta WHERE name = ?');
    this.#set = connection.sql.prepare('INSERT INTO meta (name, value) VALUES (?, ?)');
    this.#put = connection.sql.prepare(
      'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    );
  }

  get(name: string): string | undefined {
    return this.#get.get(name)?.value;
  }

  /** Instead of what is stored; within the caller's transaction when there is one. */
  put(name: string, value: string): void {
    this.#connection.write(() => this.#put.run(name, value));
  }

  /** The stored value; `make` decides it the first time, within the transaction that stores it. */
  once(name: string, make: () => string): string {
    return this.#connection.write(() => {
      const stored = this.#get.get(name)?.value;
      if (stored !== undefined) return stored;
      const value = make();
      this.#set.run(name, value);
      return value;
    });
  }
}
