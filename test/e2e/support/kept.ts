import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** What a box has stored, read beside it, which notices nothing of it, and also when it is dead. */
export class Kept implements Disposable {
  readonly #dataDir: string;
  readonly #database: Database.Database;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.#database = new Database(join(dataDir, 'watchpost.db'), { readonly: true });
  }

  /** Ids, in their order. */
  firings(): string[] {
    return this.#column('SELECT id FROM firings ORDER BY id');
  }

  hasFiring(id: string): boolean {
    return this.#database.prepare('SELECT 1 FROM firings WHERE id = ?').get(id) !== undefined;
  }

  /** Of each the index, the stretch and the words. */
  scenes(): string[] {
    return this.#column("SELECT index_id || ' ' || start_ms || '-' || end_ms || ' ' || text FROM scenes ORDER BY 1");
  }

  /** The starts of those that have a picture that is there. */
  pictures(): string[] {
    const rows = this.#database.prepare<[], { at: string; path: string }>(
      "SELECT index_id || ' ' || start_ms AS at, thumb_path AS path FROM scenes WHERE thumb_path IS NOT NULL ORDER BY 1",
    );
    return rows.all().flatMap(({ at, path }) => (existsSync(join(this.#dataDir, 'thumbs', path)) ? at : []));
  }

  /** Paths and bytes. */
  segments(): string[] {
    return this.#column("SELECT path || ' ' || bytes FROM segments ORDER BY path");
  }

  /** Of each its camera, the stretch and the reason. */
  gaps(): string[] {
    return this.#column("SELECT stream_id || ' ' || start_ms || '-' || end_ms || ' ' || reason FROM gaps ORDER BY 1");
  }

  /** What was said of which firings. */
  marks(): string[] {
    return this.#column("SELECT firing_id || ' ' || verdict FROM marks ORDER BY 1");
  }

  /** How often each scene, alert and segment was told of as news. */
  mostTold(): number {
    const news = "SELECT count(*) AS n FROM journal WHERE kind IN ('scene', 'firing', 'segment') GROUP BY kind, ref";
    return Number(this.#column(`SELECT coalesce(max(n), 0) FROM (${news})`)[0]);
  }

  /** In the order in which they came: what of that time it is, and when it happened. */
  arrivals(fromMs: number, toMs: number): { kind: 'firing' | 'segment'; startMs: number; endMs: number }[] {
    return this.#database
      .prepare<[{ from: number; to: number }], { kind: 'firing' | 'segment'; startMs: number; endMs: number }>(`
        SELECT kind, coalesce(s.start_ms, f.start_ms) AS startMs, coalesce(s.end_ms, f.end_ms) AS endMs
        FROM journal j
        LEFT JOIN segments s ON j.kind = 'segment' AND s.id = j.ref
        LEFT JOIN firings f ON j.kind = 'firing' AND f.id = j.ref
        WHERE startMs >= @from AND endMs <= @to ORDER BY seq`)
      .all({ from: fromMs, to: toMs });
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #column(sql: string): string[] {
    return this.#database.prepare<[], string>(sql).pluck().all().map(String);
  }
}
