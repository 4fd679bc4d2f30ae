import type { Statement } from 'better-sqlite3';
import type { Grant, Scope } from '#domain';
import type { Clock } from '#runtime';
import type { Connection } from './connection.ts';

export interface StoredKey {
  id: number;
  label: string;
  scopes: Scope[];
  createdMs: number;
  /** To the minute. */
  lastUsedMs?: number;
}

interface Row {
  id: number;
  label: string;
  scopes: string;
  created_ms: number;
  last_used_ms: number | null;
}

const USE_EVERY_MS = 60_000;
/** A clock that is set back must not bring a token to life again. */
const KEEP_ENDED_MS = 30 * 86_400_000;

/**
 * API keys. Only their hashes are kept; one that was revoked opens nothing any more, and its id is never another's. Of session
 * tokens only those are kept that were ended before their time.
 */
export class Keys {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #insert: Statement<[string, string, string, number]>;
  readonly #find: Statement<[string], Row>;
  readonly #get: Statement<[number], Row>;
  readonly #list: Statement<[], Row>;
  readonly #known: Statement<[string], number>;
  readonly #used: Statement<[number, number]>;
  readonly #revoke: Statement<[number, number]>;
  readonly #endToken: Statement<[string, number]>;
  readonly #isEnded: Statement<[string], number>;
  readonly #forgetTokens: Statement<[number]>;

  constructor(connection: Connection, clock: Clock) {
    const { sql } = connection;
    this.#connection = connection;
    this.#clock = clock;
    this.#insert = sql.prepare('INSERT INTO keys (hash, label, scopes, created_ms) VALUES (?, ?, ?, ?)');
    this.#find = sql.prepare('SELECT * FROM keys WHERE hash = ? AND revoked_ms IS NULL');
    this.#get = sql.prepare('SELECT * FROM keys WHERE id = ? AND revoked_ms IS NULL');
    this.#list = sql.prepare('SELECT * FROM keys WHERE revoked_ms IS NULL ORDER BY id');
    this.#known = sql.prepare<[string], number>('SELECT 1 FROM keys WHERE hash = ?').pluck();
    this.#used = sql.prepare('UPDATE keys SET last_used_ms = ? WHERE id = ?');
    this.#revoke = sql.prepare('UPDATE keys SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL');
    this.#endToken = sql.prepare('INSERT OR IGNORE INTO ended_tokens (id, expires_ms) VALUES (?, ?)');
    this.#isEnded = sql.prepare<[string], number>('SELECT 1 FROM ended_tokens WHERE id = ?').pluck();
    this.#forgetTokens = sql.prepare('DELETE FROM ended_tokens WHERE expires_ms < ?');
  }

  /** Returns its id. Throws `conflict` when the hash is known, also as one that was revoked. */
  add(hash: string, label: string, scopes: readonly Scope[] = ['all']): number {
    const insert = () => this.#insert.run(hash, label, JSON.stringify(scopes), this.#clock.nowMs());
    return Number(this.#connection.writeDurably(insert).lastInsertRowid);
  }

  /** By the hash of the key that somebody sent. */
  find(hash: string): StoredKey | undefined {
    const row = this.#find.get(hash);
    return row && keyOf(row);
  }

  get(id: number): StoredKey | undefined {
    const row = this.#get.get(id);
    return row && keyOf(row);
  }

  /** Whether there is or was such a key. */
  isKnown(hash: string): boolean {
    return this.#known.get(hash) !== undefined;
  }

  /** Notes that it was used, once a minute. */
  use({ id, lastUsedMs }: StoredKey): void {
    const nowMs = this.#clock.nowMs();
    if (lastUsedMs !== undefined && Math.abs(nowMs - lastUsedMs) < USE_EVERY_MS) return;
    this.#connection.write(() => this.#used.run(nowMs, id));
  }

  /** False when there is no such key. */
  revoke(id: number): boolean {
    return this.#connection.writeDurably(() => this.#revoke.run(this.#clock.nowMs(), id)).changes > 0;
  }

  /** Ends a session token; `expiresMs` is when it would have ended by itself. */
  endToken(id: string, expiresMs: number): void {
    this.#connection.writeDurably(() => {
      this.#forgetTokens.run(this.#clock.nowMs() - KEEP_ENDED_MS);
      this.#endToken.run(id, expiresMs);
    });
  }

  /** Whether it still opens anything; that a session token expires is for whoever holds it. */
  holds({ keyId, tokenId }: Grant): boolean {
    return this.#get.get(keyId) !== undefined && (tokenId === undefined || this.#isEnded.get(tokenId) === undefined);
  }

  /** Oldest first. */
  list(): StoredKey[] {
    return this.#list.all().map(keyOf);
  }
}

function keyOf({ id, label, scopes, created_ms, last_used_ms }: Row): StoredKey {
  return {
    id,
    label,
    scopes: JSON.parse(scopes) as Scope[], // As `add` wrote it.
    createdMs: created_ms,
    ...(last_used_ms === null ? {} : { lastUsedMs: last_used_ms }),
  };
}
