import type { Database, Statement } from 'better-sqlite3';

/** Some hundreds of segments, which take a few milliseconds to mark. */
const SLICE_MS = 3_600_000;

interface Reach {
  streamId: string;
  fromMs: number;
  toMs: number;
  targetMs: number;
}

type Window = { stream: string; from: number; at: number; until: number };

/**
 * Lets holds come and go in slices, for a long one marks tens of thousands of segments: its end moves to where it is to be,
 * and what is held follows at each step. One whose end is to be its beginning goes. Where it was broken off it goes on.
 */
export class HoldReach {
  readonly #reach: Statement<[string], Reach>;
  readonly #unfinished: Statement<[], string>;
  readonly #move: Statement<{ id: string; to: number }>;
  readonly #arrive: Statement<{ id: string }>;
  readonly #delete: Statement<{ id: string }>;
  readonly #next: Statement<[string, number], number | null>;
  readonly #before: Statement<[string, number], number | null>;
  readonly #free: Statement<Window, number>;

  constructor(sql: Database) {
    this.#reach = sql.prepare(`
      SELECT stream_id AS streamId, from_ms AS fromMs, to_ms AS toMs, target_ms AS targetMs
      FROM holds WHERE id = ? AND target_ms IS NOT NULL`);
    this.#unfinished = sql
      .prepare<[], string>('SELECT id FROM holds WHERE target_ms IS NOT NULL ORDER BY rowid LIMIT 1')
      .pluck();
    this.#move = sql.prepare('UPDATE holds SET to_ms = @to WHERE id = @id');
    this.#arrive = sql.prepare('UPDATE holds SET target_ms = NULL WHERE id = @id AND to_ms = target_ms');
    this.#delete = sql.prepare('DELETE FROM holds WHERE id = @id AND target_ms <= from_ms AND to_ms <= from_ms');
    const start = (which: string) => `SELECT ${which}(start_ms) FROM segments WHERE stream_id = ? AND start_ms`;
    this.#next = sql.prepare<[string, number], number | null>(`${start('min')} >= ?`).pluck();
    this.#before = sql.prepare<[string, number], number | null>(`${start('max')} < ?`).pluck();
    this.#free = sql
      .prepare<Window, number>(`
        SELECT coalesce(sum(bytes), 0) FROM segments
        WHERE stream_id = @stream AND start_ms >= @at AND start_ms < @until AND end_ms > @from AND held = 0`)
      .pluck();
  }

  /** Of what nobody holds in the stretch, slice by slice. */
  *freeBytes(stream: string, from: number, to: number): Generator<number> {
    for (let at = this.#before.get(stream, from) ?? from; at < to; ) {
      const until = Math.min(to, this.#next.get(stream, at + SLICE_MS) ?? to);
      yield this.#free.get({ stream, from, at, until }) ?? 0;
      at = until;
    }
  }

  /** One that is not yet, or still, where it is to be. */
  unfinished(): string | undefined {
    return this.#unfinished.get();
  }

  /** One slice further; false when it is where it is to be. Inside a transaction. */
  step(id: string): boolean {
    const reach = this.#reach.get(id);
    if (!reach) return false;
    const to = reach.targetMs < reach.toMs ? this.#back(reach) : this.#onward(reach);
    if (to !== reach.toMs) this.#move.run({ id, to });
    if (to !== reach.targetMs) return true;
    if (this.#delete.run({ id }).changes === 0) this.#arrive.run({ id });
    return false;
  }

  #onward({ streamId, toMs, targetMs }: Reach): number {
    return Math.min(targetMs, this.#next.get(streamId, toMs + SLICE_MS) ?? targetMs);
  }

  #back({ streamId, toMs, targetMs }: Reach): number {
    return Math.max(targetMs, (this.#before.get(streamId, toMs - SLICE_MS) ?? targetMs - 1) + 1);
  }
}
