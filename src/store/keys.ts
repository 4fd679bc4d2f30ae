import type { Statement } from 'better-sqlite3';
import type { Clock } from '#runtime';
import type { Connection } from './connection.ts';

export interface StoredKey {
  id: number;
  label: string;
  createdMs: number;
}

/** API keys. Only their hashes are kept. */
export class Keys {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #insert: Statement<[string, string, number]>;
  readonly #find: Statement<[string], StoredKey>;
  readonly #get: Statement<[number], StoredKey>;
  readonly #list: Statement<[], StoredKey>;

  constructor(connection: Connection, clock: Clock) {
    const { sql } = connection;
    this.#connection = connection;
    this.#clock = clock;
    this.#insert = sql.prepare('INSERT INTO keys (hash, label, created_ms) VALUES (?, ?, ?)');
    this.#find = sql.prepare('SELECT id, label, created_ms AS createdMs FROM keys WHERE hash = ?');
    this.#get = sql.prepare('SELECT id, label, created_ms AS createdMs FROM keys WHERE id = ?');
    this.#list = sql.prepare('SELECT id, label, created_ms AS createdMs FROM keys ORDER BY id');
  }

  /** Throws `conflict` when the hash is known. */
  add(hash: string, label: string): void {
    this.#connection.writeDurably(() => this.#insert.run(hash, label, this.#clock.nowMs()));
  }

  find(hash: string): StoredKey | undefined {
    return this.#find.get(hash);
  }

  get(id: number): StoredKey | undefined {
    return this.#get.get(id);
  }

  count(): number {
    return this.list().length;
  }

  /** Oldest first. */
  list(): StoredKey[] {
    return this.#list.all();
  }
}
