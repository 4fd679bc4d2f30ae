import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Statement } from 'better-sqlite3';
import type { Clock } from '#runtime';
import type { Connection } from './connection.ts';

/** One configuration that was in force: what the file said, and what was changed over HTTP on top of it. */
export interface ConfigVersion {
  version: number;
  atMs: number;
  /** A key, or the configuration file. */
  by: string;
  /** Paths that differ from the version before. */
  changed: string[];
}

/** As they were written; either may hold secrets. */
export interface ConfigContent {
  file: unknown;
  layer: unknown;
}

interface Row {
  version: number;
  at_ms: number;
  by: string;
  changed: string;
  sealed: Buffer;
}

const KEPT = 50;
const CIPHER = 'aes-256-gcm';
const NONCE = 12;
const TAG = 16;

/** The configurations of the box, newest in force. Their content is encrypted with a key derived from the box's own. */
export class ConfigVersions {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #key: Buffer;
  readonly #insert: Statement<[number, string, string, Buffer]>;
  readonly #prune: Statement<[number]>;
  readonly #delete: Statement<[number]>;
  readonly #list: Statement<[], Row>;
  readonly #get: Statement<[number], Row>;

  constructor(connection: Connection, signingKey: Buffer, clock: Clock) {
    const { sql } = connection;
    this.#connection = connection;
    this.#clock = clock;
    this.#key = createHmac('sha256', signingKey).update('configuration').digest();
    this.#insert = sql.prepare('INSERT INTO config_versions (at_ms, by, changed, sealed) VALUES (?, ?, ?, ?)');
    this.#prune = sql.prepare(`
      DELETE FROM config_versions
      WHERE version <= (SELECT version FROM config_versions ORDER BY version DESC LIMIT 1 OFFSET ?)`);
    this.#delete = sql.prepare('DELETE FROM config_versions WHERE version = ?');
    this.#list = sql.prepare('SELECT * FROM config_versions ORDER BY version DESC');
    this.#get = sql.prepare('SELECT * FROM config_versions WHERE version = ?');
  }

  /** Keeps it together with what `also` writes: all of it or nothing, on disk when this returns its number. */
  add(
    entry: Pick<ConfigVersion, 'by' | 'changed'>,
    content: ConfigContent,
    also: () => void = () => undefined,
  ): number {
    return this.#connection.writeDurably(() => {
      const sealed = this.#sealed(JSON.stringify(content));
      const { lastInsertRowid } = this.#insert.run(
        this.#clock.nowMs(),
        entry.by,
        JSON.stringify(entry.changed),
        sealed,
      );
      this.#prune.run(KEPT);
      also();
      return Number(lastInsertRowid);
    });
  }

  /** As if it had never been; together with what `also` writes. */
  takeBack(version: number, also: () => void): void {
    this.#connection.writeDurably(() => {
      this.#delete.run(version);
      also();
    });
  }

  /** Newest first. */
  list(): ConfigVersion[] {
    return this.#list.all().map(({ version, at_ms: atMs, by, changed }) => {
      return { version, atMs, by, changed: JSON.parse(changed) };
    });
  }

  /** Undefined when it isn't kept, or was sealed with another box's key. */
  content(version: number): ConfigContent | undefined {
    const row = this.#get.get(version);
    const text = row && this.#opened(row.sealed);
    return text === undefined ? undefined : JSON.parse(text);
  }

  #sealed(text: string): Buffer {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv(CIPHER, this.#key, nonce);
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]);
  }

  #opened(sealed: Buffer): string | undefined {
    const decipher = createDecipheriv(CIPHER, this.#key, sealed.subarray(0, NONCE));
    decipher.setAuthTag(sealed.subarray(NONCE, NONCE + TAG));
    try {
      return decipher.update(sealed.subarray(NONCE + TAG), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      return undefined; // The database came from another box, or the key is a new one.
    }
  }
}
