import type { Statement } from 'better-sqlite3';
import type { Asset } from '#domain';
import type { Connection } from '../connection.ts';
import { ASSET_COLUMNS, type AssetRow, assetOf } from './assets.ts';

/** What was rendered, by what it was made of; and of that, what gives way: the least recently asked for first. */
export class Renders {
  readonly #connection: Connection;
  readonly #get: Statement<[string], AssetRow>;
  readonly #touch: Statement<[number, string]>;
  readonly #first: Statement<[], { id: string; used_ms: number }>;
  readonly #bytes: Statement<[], { bytes: number | null }>;

  constructor(connection: Connection) {
    const { sql } = connection;
    this.#connection = connection;
    this.#get = sql.prepare(`SELECT ${ASSET_COLUMNS} FROM assets WHERE render_key = ?`);
    this.#touch = sql.prepare('UPDATE assets SET used_ms = ? WHERE id = ? AND used_ms IS NOT NULL');
    this.#first = sql.prepare('SELECT id, used_ms FROM assets WHERE used_ms IS NOT NULL ORDER BY used_ms LIMIT 1');
    this.#bytes = sql.prepare('SELECT sum(bytes) AS bytes FROM assets WHERE used_ms IS NOT NULL');
  }

  get(renderKey: string): Asset | undefined {
    const row = this.#get.get(renderKey);
    return row && assetOf(row);
  }

  /** It was asked for again: others give way before it. */
  touch(id: string, nowMs: number): void {
    this.#connection.write(() => this.#touch.run(nowMs, id));
  }

  firstToGo(): { id: string; usedMs: number } | undefined {
    const row = this.#first.get();
    return row && { id: row.id, usedMs: row.used_ms };
  }

  /** Of what gives way. */
  totalBytes(): number {
    return this.#bytes.get()?.bytes ?? 0;
  }
}
