import type { Statement } from 'better-sqlite3';
import type { Connection } from './connection.ts';

/** Facts about the box that are decided once and then stay. */
export class Meta {
  readonly #connection: Connection;
  readonly #get: Statement<[string], { value: string }>;
  readonly #set: Statement<[string, string]>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#get = connection.sql.prepare('SELECT value FROM meta WHERE name = ?');
    this.#set = connection.sql.prepare('INSERT INTO meta (name, value) VALUES (?, ?)');
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
