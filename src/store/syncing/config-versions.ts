import type { Statement } from 'better-sqlite3';
import type { Clock } from '#runtime';
import type { Connection } from '../connection.ts';
import { Seal } from '../safety/seal.ts';

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

/** The configurations of the box, newest in force. Their content is encrypted with a key derived from the box's own. */
export class ConfigVersions {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #seal: Seal;
  readonly #insert: Statement<[number, string, string, Buffer]>;
  readonly #prune: Statement<[number]>;
  readonly #delete: Statement<[number]>;
  readonly #list: Statement<[], Omit<Row, 'sealed'>>;
  readonly #get: Statement<[number], Row>;

  constructor(connection: Connection, signingKey: Buffer, clock: Clock) {
    const { sql } = connection;
    this.#connection = connection;
    this.#clock = clock;
    this.#seal = new Seal(signingKey, 'configuration');
    this.#insert = sql.prepare('INSERT INTO config_versions (at_ms, by, changed, sealed) VALUES (?, ?, ?, ?)');
    this.#prune = sql.prepare(`
      DELETE FROM config_versions
      WHERE version <= (SELECT version FROM config_versions ORDER BY version DESC LIMIT 1 OFFSET ?)`);
    this.#delete = sql.prepare('DELETE FROM config_versions WHERE version = ?');
    this.#list = sql.prepare('SELECT version, at_ms, by, changed FROM config_versions ORDER BY version DESC');
    this.#get = sql.prepare('SELECT * FROM config_versions WHERE version = ?');
  }

  /** Keeps it together with what `also` writes: all of it or nothing, on disk when this returns its number. */
  add(
    entry: Pick<ConfigVersion, 'by' | 'changed'>,
    content: ConfigContent,
    also: () => void = () => undefined,
  ): number {
    return this.#connection.writeDurably(() => {
      const sealed = this.#seal.seal(JSON.stringify(content));
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
    const text = row && this.#seal.open(row.sealed);
    return text === undefined ? undefined : JSON.parse(text);
  }
}
