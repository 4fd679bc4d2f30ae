import type { Statement } from 'better-sqlite3';
import { type EventDefinition, ruleFrom } from '#domain';
import type { Connection } from '../connection.ts';

interface Row {
  id: string;
  prompt: string;
  label: string;
  rule: string;
  created_ms: number;
}

/** Reusable plain-English rules with what they were understood as. */
export class Events {
  readonly #connection: Connection;
  readonly #insert: Statement<Row>;
  readonly #get: Statement<[string], Row>;
  readonly #list: Statement<[], Row>;

  constructor(connection: Connection) {
    const { sql } = connection;
    this.#connection = connection;
    this.#insert = sql.prepare(
      'INSERT INTO events (id, prompt, label, rule, created_ms) VALUES (@id, @prompt, @label, @rule, @created_ms)',
    );
    this.#get = sql.prepare('SELECT * FROM events WHERE id = ?');
    this.#list = sql.prepare('SELECT * FROM events ORDER BY created_ms, rowid');
  }

  /** Throws `conflict` when the id is taken. */
  create(event: EventDefinition): void {
    const { id, prompt, label, rule, createdMs } = event;
    this.#connection.write(() =>
      this.#insert.run({ id, prompt, label, rule: JSON.stringify(rule), created_ms: createdMs }),
    );
  }

  get(id: string): EventDefinition | undefined {
    const row = this.#get.get(id);
    return row && eventOf(row);
  }

  /** Oldest first. */
  list(): EventDefinition[] {
    return this.#list.all().map(eventOf);
  }
}

function eventOf(row: Row): EventDefinition {
  const { id, prompt, label } = row;
  return { id, prompt, label, rule: ruleFrom(row.rule), createdMs: row.created_ms };
}
