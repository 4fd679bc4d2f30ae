import type { Statement } from 'better-sqlite3';
import type { JournalEntry, JournalKind } from '#domain';
import type { Connection } from './connection.ts';

/** The name of the reader that makes alerts fire. */
export const EVALUATOR = 'events';

/** Entries that are kept although every cursor has passed them: for live views that resume. */
const KEEP = 10_000;
const PRUNE_EVERY = 1000;

const EVERY_KIND: readonly JournalKind[] = [
  'scene',
  'growth',
  'retold',
  'segment',
  'firing',
  'verdict',
  'transcript',
  'arming',
  'question',
  'answer',
  'capture',
  'gap',
  'mark',
  'deleted',
];

interface Row {
  seq: number;
  kind: JournalKind;
  stream_id: string;
  ref: string;
  at_ms: number;
}

/** One line per stored fact, in the order of storing; `seq` is never used twice. */
export class Journal {
  readonly #connection: Connection;
  readonly #listeners = new Set<() => void>();
  readonly #insert: Statement<[JournalKind, string, string, number]>;
  readonly #prune: Statement<{ keep: number }>;
  readonly #after: Statement<[number, string, number], Row>;
  readonly #cursor: Statement<[string], { seq: number }>;
  readonly #moveCursor: Statement<[string, number]>;
  readonly #dropCursor: Statement<[string]>;
  readonly #head: Statement<[], { seq: number }>;

  constructor(connection: Connection) {
    const { sql } = connection;
    this.#connection = connection;
    this.#insert = sql.prepare('INSERT INTO journal (kind, stream_id, ref, at_ms) VALUES (?, ?, ?, ?)');
    this.#prune = sql.prepare(
      'DELETE FROM journal WHERE seq <= @keep AND seq <= coalesce((SELECT min(seq) FROM cursors), @keep)',
    );
    this.#after = sql.prepare(
      'SELECT * FROM journal WHERE seq > ? AND kind IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT ?',
    );
    this.#cursor = sql.prepare('SELECT seq FROM cursors WHERE name = ?');
    this.#moveCursor = sql.prepare(
      'INSERT INTO cursors (name, seq) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET seq = excluded.seq',
    );
    this.#dropCursor = sql.prepare('DELETE FROM cursors WHERE name = ?');
    this.#head = sql.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'journal'");
  }

  /** Oldest first, at most `limit`. */
  after(seq: number, limit: number, kinds: readonly JournalKind[] = EVERY_KIND): JournalEntry[] {
    return this.#after.all(seq, JSON.stringify(kinds), limit).map(entryOf);
  }

  /** The last entry that the reader of this name has handled; 0 before its first. */
  cursor(name: string): number {
    return this.#cursor.get(name)?.seq ?? 0;
  }

  /** The newest entry's number, 0 when there has been none. */
  head(): number {
    return this.#head.get()?.seq ?? 0;
  }

  /** Woken soon after a commit that appended; several commits may be one call, and a call may find nothing new. */
  onAppend(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Only inside the transaction that stores the fact. */
  append(kind: JournalKind, streamId: string, ref: string, atMs: number): void {
    const seq = Number(this.#insert.run(kind, streamId, ref, atMs).lastInsertRowid);
    if (seq % PRUNE_EVERY === 0) this.#prune.run({ keep: seq - KEEP });
    this.#connection.afterCommit(this.#wake);
  }

  /** Only inside the transaction that stores what the reader made of the entries. */
  moveCursor(name: string, seq: number): void {
    this.#moveCursor.run(name, seq);
  }

  /** The reader is gone for good: nothing is kept for it. Within a transaction, too. */
  dropCursor(name: string): void {
    this.#connection.write(() => this.#dropCursor.run(name));
  }

  #wake = (): void => {
    for (const listener of this.#listeners) listener();
  };
}

function entryOf(row: Row): JournalEntry {
  return { seq: row.seq, kind: row.kind, streamId: row.stream_id, ref: row.ref, atMs: row.at_ms };
}
