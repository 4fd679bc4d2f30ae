import type { Connection } from '../connection.ts';
import type { Root } from '../recordings/ledger.ts';
import { makeConsistent } from './salvage.ts';

const LISTED = '(SELECT value FROM json_each(?))';
const FORGET: Readonly<Partial<Record<Root, string>>> = {
  media: `DELETE FROM segments WHERE path IN ${LISTED}`,
  thumbs: `UPDATE scenes SET thumb_path = NULL WHERE thumb_path IN ${LISTED}`,
};

/** Brings rows in line with the files that are there, and with each other. For a box on which nothing runs. */
export class Mending {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Rows that name these files name them no more. Returns how many; assets stay as they are. */
  forget(root: Root, paths: readonly string[]): number {
    const { sql } = this.#connection;
    const statement = FORGET[root];
    if (statement === undefined || paths.length === 0) return 0;
    return this.#connection.writeDurably(() => sql.prepare<[string]>(statement).run(JSON.stringify(paths)).changes);
  }

  /** Rows whose owners are gone go; the words by which rows are found, and counts, are made anew. */
  agree(): void {
    this.#connection.writeDurably(() => makeConsistent(this.#connection.sql));
  }
}
