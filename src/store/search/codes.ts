import { setImmediate } from 'node:timers/promises';
import type { Database, Statement } from 'better-sqlite3';
import { type CodedQuery, codeQuery } from './coding.ts';
import { DayCodes } from './day-codes.ts';
import { DayRows, PAGE } from './day-rows.ts';
import { Finalists } from './finalists.ts';
import type { KeptCodes } from './kept-codes.ts';
import type { Slabs } from './slabs.ts';
import { CHANGES_OF, dayStartMs, tableOf, type VectorFilter, type VectorKind } from './vector-tables.ts';

/** So many of those that seem nearest are compared exactly, or twice as many as are asked for. */
const FINALISTS = 600;
const MOST_FINALISTS = 4000;
/**
 * Codes of the newest days of one kind of vectors, in memory, so that a search need look at few vectors. They are read
 * from the database by whoever has time, and never written: what is not here must be compared without them.
 */
export class Codes {
  readonly #kind: VectorKind;
  readonly #slabs: Slabs;
  readonly #days = new Map<string, DayCodes>();
  readonly #rows: DayRows;
  readonly #tag: Statement<[string], string>;
  readonly #news: Statement<[number], { id: number; startMs: number }>;
  readonly #streams: Statement<Pick<VectorFilter, 'stream' | 'collection' | 'box'>, string>;
  /** The newest scene whose day is known to have got it. */
  #newest = 0;
  /** Days that may have got more than is here. */
  readonly #behind = new Set<string>();

  constructor(sql: Database, kind: VectorKind, slabs: Slabs) {
    this.#kind = kind;
    this.#slabs = slabs;
    this.#rows = new DayRows(sql);
    this.#tag = sql.prepare<[string], string>(`SELECT value FROM meta WHERE name = ${CHANGES_OF}`).pluck();
    this.#news = sql.prepare('SELECT id, start_ms AS startMs FROM scenes WHERE id > ? ORDER BY id');
    this.#streams = sql
      .prepare<Pick<VectorFilter, 'stream' | 'collection' | 'box'>, string>(`
        SELECT id FROM streams
        WHERE (@stream IS NULL OR id = @stream) AND (@collection IS NULL OR collection_id = @collection)
          AND (@box IS NULL OR coalesce(box_id, '') = @box)`)
      .pluck();
    this.#newest = sql.prepare<[], number>('SELECT coalesce(max(id), 0) FROM scenes').pluck().get() ?? 0;
  }

  get count(): number {
    return [...this.#days.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** Of the oldest day that is here. */
  get oldestMs(): number {
    return Math.min(...[...this.#days.keys()].map(dayStartMs));
  }

  has(table: string): boolean {
    return this.#days.has(table);
  }

  /** Whether the day had better be read, for the first time or again. */
  wants(table: string): boolean {
    return this.#days.get(table)?.isOutdated ?? true;
  }

  /**
   * Reads the whole day; what was here of it serves until then. `pause` is awaited now and then. False when memory has run
   * out.
   */
  async read(table: string, pause: () => Promise<void>): Promise<boolean> {
    const day = new DayCodes(dayStartMs(table), this.#slabs, this.#rows.sample(table));
    for (;;) {
      const rows = this.#rows.after(table, day.last);
      if (!rows.every((row) => day.add(row))) {
        day.free();
        return false;
      }
      if (rows.length < PAGE) break;
      await pause();
    }
    day.complete();
    this.drop(table);
    this.#days.set(table, day);
    this.#behind.add(table);
    return true;
  }

  /** Takes what was kept of the day, as long as it still holds. */
  async load(table: string, kept: KeptCodes): Promise<boolean> {
    const day = await kept.read(table);
    if (!day || day.tag !== this.tagOf(table)) return false;
    const codes = DayCodes.from(day, dayStartMs(table), this.#slabs);
    if (!codes) return false;
    const probes = this.#rows.probes(table, day.last);
    if (probes[0]?.[0] !== day.last || !probes.every((row) => codes.has(row))) {
      codes.free();
      return false;
    }
    this.drop(table);
    this.#days.set(table, codes);
    this.#behind.add(table);
    return true;
  }

  /** Keeps the day if it is here, as it was for so long with this tag that all that had changed has been told. */
  async keepDay(table: string, tag: string, kept: KeptCodes): Promise<void> {
    await this.freshen(table);
    const day = this.#days.get(table);
    if (day && this.tagOf(table) === tag) await kept.write(table, day.kept(tag));
  }

  /** Another one whenever vectors of the day have changed, or gone. */
  tagOf(table: string): string {
    return this.#tag.get(table) ?? '';
  }

  /** Takes in what was stored and changed since, if the day is here at all. */
  async freshen(table: string): Promise<void> {
    const day = this.#days.get(table);
    this.#lookForNews();
    if (day) await this.#catchUp(table, day);
  }

  /** Vectors of the day have changed, or gone. */
  changed(table: string, id: number): void {
    this.#days.get(table)?.changed.add(id);
  }

  /** All vectors of the stream have gone. */
  erased(streamId: string): void {
    for (const day of this.#days.values()) day.erase(streamId);
  }

  drop(table: string): void {
    this.#days.get(table)?.free();
    this.#days.delete(table);
    this.#rows.forget(table);
  }

  /** Forgets the oldest day; false when there is none. */
  dropOldest(): boolean {
    const [oldest] = [...this.#days.keys()].sort();
    if (oldest !== undefined) this.drop(oldest);
    return oldest !== undefined;
  }

  /** Forgets the days that are not among these. */
  keep(tables: readonly string[]): void {
    for (const table of this.#days.keys()) if (!tables.includes(table)) this.drop(table);
  }

  /**
   * Of each of these days that is here, up to date: scenes that may be among the nearest. Days that are missing in the
   * answer are not here.
   */
  async candidates(
    tables: readonly string[],
    query: Int8Array,
    filter: VectorFilter,
    { limit, signal }: { limit: number; signal?: AbortSignal | undefined },
  ): Promise<Map<string, number[]>> {
    const coded = codeQuery(query);
    const streams = this.#streamsOf(filter);
    const most = Math.min(MOST_FINALISTS, Math.max(FINALISTS, limit * 2));
    const finalists = new Finalists<string>(most);
    const here: string[] = [];
    this.#lookForNews();
    for (const table of tables) {
      const day = this.#days.get(table);
      if (!day || !(await this.#catchUp(table, day))) continue;
      here.push(table);
      this.#scan(day, table, coded, { filter, streams, finalists });
      await setImmediate();
      signal?.throwIfAborted();
    }
    const found = finalists.by();
    return new Map(here.map((table) => [table, found.get(table) ?? []]));
  }

  #scan(
    day: DayCodes,
    table: string,
    coded: CodedQuery,
    asked: { filter: VectorFilter; streams: ReadonlySet<string>; finalists: Finalists<string> },
  ): void {
    const { filter, streams, finalists } = asked;
    for (const group of day.groups()) {
      if (group.model !== filter.model || group.dimensions !== coded.unit.length) continue;
      if (filter.index !== null && group.index !== filter.index) continue;
      if (!streams.has(group.stream)) continue;
      day.scan(group, coded, filter, finalists, table);
    }
  }

  /** A vector comes with its scene, or is told of as a change. */
  #lookForNews(): void {
    for (const { id, startMs } of this.#news.iterate(this.#newest)) {
      this.#behind.add(tableOf(this.#kind, startMs));
      this.#newest = id;
    }
  }

  /** Takes in what was stored and changed since; false when that can't be, and the day is not here any more. */
  async #catchUp(table: string, day: DayCodes): Promise<boolean> {
    if (day.changed.size === 0 && !this.#behind.has(table)) return true;
    const changed = [...day.changed];
    day.changed.clear();
    for (let at = 0; at < changed.length; at += PAGE) {
      const rows = this.#rows.among(table, day.last, changed.slice(at, at + PAGE));
      if (!rows.every((row) => day.replace(row))) return this.#forget(table);
    }
    for (;;) {
      const rows = this.#rows.after(table, day.last);
      if (!rows.every((row) => day.add(row))) return this.#forget(table);
      if (rows.length < PAGE) break;
      await setImmediate();
    }
    this.#behind.delete(table);
    return true;
  }

  #forget(table: string): false {
    this.drop(table);
    return false;
  }

  #streamsOf({ stream, collection, box }: VectorFilter): ReadonlySet<string> {
    return new Set(this.#streams.all({ stream, collection, box }));
  }
}
