import type { Statement } from 'better-sqlite3';
import type { ParcelKind } from '#domain';
import type { Connection } from '../connection.ts';
import type { Journal } from '../journal.ts';
import { type NewEntry, OutboxIntake, type Row } from './outbox-intake.ts';
import { OutboxTargets } from './outbox-targets.ts';

/** No pause is longer: a later time means that the clock has been set back. */
const LONGEST_PAUSE_MS = 3_600_000;
/** Entries that go at once where many do: a hundred segments may be marked anew for each. */
const AT_ONCE = 20;

/** One thing on its way to one target. */
export interface OutboxEntry extends NewEntry {
  id: number;
  target: string;
  sinceMs: number;
  /** Failures since its last progress. */
  attempts: number;
  resume?: ResumeState;
}

/** What a target said that it needs to go on with the parcel of this key and size. */
export interface ResumeState {
  key: string;
  bytes: number;
  state: Record<string, unknown>;
}

export interface TurnQuery {
  target: string;
  /** Both inclusive. */
  priorities: readonly [number, number];
  nowMs: number;
  /** Not these. */
  except?: readonly number[];
}

export interface Waiting {
  kind: ParcelKind;
  items: number;
  bytes: number;
}

type Turn = { target: string; from: number; to: number; now: number; latest: number; except: string };

/** What waits to go elsewhere; each entry stays until its target has it, it is given up, or it gives way to others. */
export class Outbox {
  readonly targets: OutboxTargets;
  readonly #connection: Connection;
  readonly #journal: Journal;
  readonly #intake: OutboxIntake;
  readonly #turn: Statement<Turn, Row>;
  readonly #next: Statement<Turn, { ms: number | null }>;
  readonly #get: Statement<[number], Row>;
  readonly #begin: Statement<[number]>;
  readonly #defer: Statement<[number, number]>;
  readonly #resume: Statement<{ id: number; resume: string | null; refreshed: number }>;
  readonly #advance: Statement<[number, number]>;
  readonly #setAside: Statement<[number, number, number]>;
  readonly #delete: Statement<[number]>;
  readonly #deleteWhole: Statement<[number]>;
  readonly #hurry: Statement<[string]>;
  readonly #backlog: Statement<[string], Waiting>;
  readonly #oldest: Statement<{ target: string }, number | null>;
  readonly #forget: Statement<[string, number]>;

  constructor(connection: Connection, journal: Journal) {
    const { sql } = connection;
    this.targets = new OutboxTargets(connection);
    this.#connection = connection;
    this.#journal = journal;
    this.#intake = new OutboxIntake(connection);
    const due = `target = @target AND priority BETWEEN @from AND @to AND id NOT IN (SELECT value FROM json_each(@except))`;
    this.#turn = sql.prepare(`
      SELECT * FROM outbox INDEXED BY outbox_turn
      WHERE ${due} AND (ready_ms <= @now OR ready_ms > @latest) AND (next_try_ms <= @now OR next_try_ms > @latest)
      ORDER BY priority, start_ms, id LIMIT 1`);
    this.#next = sql.prepare(`SELECT min(max(ready_ms, next_try_ms)) AS ms FROM outbox WHERE ${due}`);
    this.#get = sql.prepare('SELECT * FROM outbox WHERE id = ?');
    this.#begin = sql.prepare('UPDATE outbox SET begun = 1 WHERE id = ?');
    this.#defer = sql.prepare('UPDATE outbox SET ready_ms = ? WHERE id = ?');
    this.#resume = sql.prepare(
      'UPDATE outbox SET resume = coalesce(@resume, resume), attempts = iif(@refreshed, 0, attempts) WHERE id = @id',
    );
    this.#advance = sql.prepare(
      'UPDATE outbox SET start_ms = max(start_ms, ?), resume = NULL, attempts = 0, next_try_ms = 0 WHERE id = ?',
    );
    this.#setAside = sql.prepare('UPDATE outbox SET attempts = attempts + ?, next_try_ms = ? WHERE id = ?');
    this.#delete = sql.prepare('DELETE FROM outbox WHERE id = ?');
    this.#deleteWhole = sql.prepare('DELETE FROM outbox WHERE id = ? AND start_ms >= end_ms');
    this.#hurry = sql.prepare(`
      UPDATE outbox SET next_try_ms = 0, ready_ms = iif(kind = 'records', 0, ready_ms)
      WHERE target = ? AND (next_try_ms > 0 OR kind = 'records')`);
    this.#backlog = sql.prepare(`
      SELECT kind, sum(items) AS items, sum(iif(kind IN ('clip', 'segment'), ms * coalesce((
          SELECT sum(bytes) * 1.0 / max(1, sum(end_ms - start_ms)) FROM (
            SELECT bytes, start_ms, end_ms FROM segments s WHERE s.stream_id = o.stream_id ORDER BY id DESC LIMIT 20)
        ), 0), bytes)) AS bytes
      FROM outbox_totals o WHERE target = ? GROUP BY kind`);
    this.#oldest = sql
      .prepare<{ target: string }, number | null>(`
        WITH RECURSIVE first (priority) AS (
          SELECT min(priority) FROM outbox WHERE target = @target
          UNION ALL
          SELECT (SELECT min(priority) FROM outbox WHERE target = @target AND priority > first.priority) FROM first
          WHERE priority IS NOT NULL)
        SELECT min((SELECT since_ms FROM outbox o INDEXED BY outbox_turn
          WHERE o.target = @target AND o.priority = first.priority ORDER BY start_ms LIMIT 1)) FROM first`)
      .pluck();
    this.#forget = sql.prepare('DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE target = ? LIMIT ?)');
  }

  /** How far the journal has been looked through for the target. */
  cursor(target: string): number {
    return this.#journal.cursor(cursorOf(target));
  }

  /** Enters a new target, from the journal's end on; a known one is left as it is. */
  open(target: string): void {
    this.#connection.write(() => {
      if (this.targets.add(target)) this.#journal.moveCursor(cursorOf(target), this.#journal.head());
    });
  }

  /** Known targets that aren't among these. */
  staleTargets(names: readonly string[]): string[] {
    return this.targets.names().filter((name) => !names.includes(name));
  }

  /** Forgets the target, a part of what waits for it at a time; returns how much that was: 0 when nothing is left. */
  forgetSome(target: string): number {
    return this.#connection.write(() => {
      this.#journal.dropCursor(cursorOf(target));
      const { changes } = this.#forget.run(target, AT_ONCE);
      if (changes === 0) this.targets.delete(target);
      return changes;
    });
  }

  /**
   * All that came of the journal up to there, with how far it was read. Returns how many gave way to others.
   */
  fill(target: string, entries: readonly NewEntry[], nowMs: number, toSeq?: number): number {
    return this.#connection.write(() => {
      for (const entry of entries) this.#intake.enter(target, entry, nowMs);
      if (toSeq !== undefined) this.#journal.moveCursor(cursorOf(target), toSeq);
      const gone = entries.length > 0 ? this.#intake.giveWay(target) : 0;
      if (gone > 0) this.targets.dropped(target, gone);
      return gone;
    });
  }

  /** The most urgent that may go now; the oldest of these. */
  turn(query: TurnQuery): OutboxEntry | undefined {
    const row = this.#turn.get(turnOf(query));
    return row && entryOf(row);
  }

  /** When one may go that may not now; undefined when none waits. */
  nextMs(query: TurnQuery): number | undefined {
    return this.#next.get(turnOf(query))?.ms ?? undefined;
  }

  get(id: number): OutboxEntry | undefined {
    const row = this.#get.get(id);
    return row && entryOf(row);
  }

  /** It is offered from now on, over a power cut, too: it never changes again under its key. */
  begin(id: number): void {
    this.#connection.writeDurably(() => this.#begin.run(id));
  }

  /** There is nothing to send of it yet. */
  defer(id: number, untilMs: number): void {
    this.#connection.write(() => this.#defer.run(untilMs, id));
  }

  /** What the target needs to go on with it, when that is another; `refreshed`: it has more of it than before. */
  progressed(id: number, how: { resume: ResumeState | undefined; refreshed: boolean; durably: boolean }): void {
    const row = { id, resume: how.resume ? JSON.stringify(how.resume) : null, refreshed: how.refreshed ? 1 : 0 };
    const note = () => this.#resume.run(row);
    if (how.durably) this.#connection.writeDurably(note);
    else this.#connection.write(note);
  }

  /** The target has the stretch up to there; a whole one goes. */
  advance(id: number, startMs: number, sent?: { target: string; bytes: number }): void {
    this.#connection.write(() => {
      this.#advance.run(startMs, id);
      this.#deleteWhole.run(id);
      if (sent) this.targets.sent(sent.target, sent.bytes);
    });
  }

  /** It failed although others did not. */
  setAside(id: number, nextTryMs: number): void {
    this.#connection.write(() => this.#setAside.run(1, nextTryMs, id));
  }

  /** It can not go yet, and that is no failure. */
  keep(id: number, nextTryMs: number): void {
    this.#connection.write(() => this.#setAside.run(0, nextTryMs, id));
  }

  /** The target has it. Asked for anew while it was sent, it is not asked for any more. */
  sent({ id, target }: Pick<OutboxEntry, 'id' | 'target'>, bytes: number): void {
    this.#connection.write(() => {
      this.#delete.run(id);
      this.targets.sent(target, bytes);
    });
  }

  /** It will not be sent: nothing of it is there, or it has been sent otherwise. */
  remove(id: number): void {
    this.#connection.write(() => this.#delete.run(id));
  }

  /** It was there, and is no more; of a stretch only what is before `nextMs`. */
  lost(entry: Pick<OutboxEntry, 'id' | 'target'>, bytes: number, nextMs?: number): void {
    this.#connection.write(() => {
      this.targets.lost(entry.target, bytes);
      this.#pass(entry.id, nextMs);
    });
  }

  /** The target will never take it; of a stretch what is before `nextMs`. */
  gaveUp(entry: Pick<OutboxEntry, 'id' | 'target'>, reason: string, nextMs?: number): void {
    this.#connection.write(() => {
      this.targets.gaveUp(entry.target, reason);
      this.#pass(entry.id, nextMs);
    });
  }

  /** All that waits for its next try, or for others to go with, is due. */
  hurry(target: string): void {
    this.#connection.write(() => this.#hurry.run(target));
  }

  /** What waits, by kind; of recordings about so many bytes, by what the cameras sent last. */
  backlog(target: string): Waiting[] {
    return this.#backlog.all(target).map((waiting) => ({ ...waiting, bytes: Math.round(waiting.bytes) }));
  }

  /** Since when the oldest of it waits; undefined when nothing does. */
  oldestMs(target: string): number | undefined {
    return this.#oldest.get({ target }) ?? undefined;
  }

  #pass(id: number, nextMs: number | undefined): void {
    if (nextMs === undefined) this.remove(id);
    else this.advance(id, nextMs);
  }
}

const cursorOf = (target: string): string => `sync:${target}`;

function turnOf({ target, priorities, nowMs, except = [] }: TurnQuery): Turn {
  const [from, to] = priorities;
  return { target, from, to, now: nowMs, latest: nowMs + LONGEST_PAUSE_MS, except: JSON.stringify(except) };
}

function entryOf(row: Row): OutboxEntry {
  return {
    id: row.id,
    target: row.target,
    kind: row.kind,
    ref: row.ref,
    streamId: row.stream_id,
    priority: row.priority,
    startMs: row.start_ms,
    endMs: row.end_ms,
    bytes: row.bytes,
    facts: JSON.parse(row.facts),
    sinceMs: row.since_ms,
    readyMs: row.ready_ms,
    asked: row.asked === 1,
    attempts: row.attempts,
    ...(row.resume === null ? {} : { resume: JSON.parse(row.resume) }),
  };
}
