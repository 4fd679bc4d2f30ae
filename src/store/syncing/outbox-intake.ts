import type { Statement } from 'better-sqlite3';
import type { ParcelKind } from '#domain';
import type { Connection } from '../connection.ts';

/** What of a stream makes one clip or one stretch at most; the schema's triggers rely on it. */
export const LONGEST_STRETCH_MS = 600_000;
/** Stretches that are no farther apart are one. */
const SEAM_MS = 10_000;
/** Scenes and transcripts that go together. */
const MOST_RECORDS = 200;
/** Of one target. What is the least urgent gives way beyond, the oldest first, so many at once. */
const MOST_ROWS = 50_000;
const GIVE_WAY = 10;
/** What an entry is about, beside its stretch of time: ids in the store. */
export interface OutboxFacts {
  firings?: string[];
  scenes?: number[];
  transcripts?: number[];
  gaps?: number[];
  /** Cameras that are gone. */
  deleted?: string[];
  /** Who asked for it. */
  by?: string;
}

export interface NewEntry {
  kind: ParcelKind;
  /** The same for the same thing. For records what they are told apart by; they grow until they are offered. */
  ref: string;
  streamId: string;
  /** The lowest goes first. */
  priority: number;
  startMs: number;
  endMs: number;
  bytes: number;
  facts: OutboxFacts;
  readyMs: number;
  asked: boolean;
}

export interface Row {
  id: number;
  target: string;
  kind: ParcelKind;
  ref: string;
  stream_id: string;
  priority: number;
  from_ms: number;
  start_ms: number;
  end_ms: number;
  bytes: number;
  facts: string;
  since_ms: number;
  ready_ms: number;
  asked: number;
  begun: number;
  attempts: number;
  next_try_ms: number;
  resume: string | null;
}

type Put = Omit<Row, 'id' | 'from_ms' | 'begun' | 'attempts' | 'next_try_ms' | 'resume'>;

/**
 * What comes into the outbox. What is known becomes more urgent; clips and stretches that lie close together are one, as
 * are records that were not offered yet; beyond a number of entries what is least urgent gives way, but never an alert.
 */
export class OutboxIntake {
  readonly #put: Statement<Put>;
  readonly #neighbour: Statement<Put & { seam: number; longest: number }, Row>;
  readonly #openRecords: Statement<[string], Row>;
  readonly #grow: Statement<Pick<Row, 'id' | 'ref' | 'end_ms' | 'bytes' | 'facts' | 'ready_ms'>>;
  readonly #count: Statement<[string], number>;
  readonly #giveWay: Statement<{ target: string; limit: number }>;

  constructor({ sql }: Connection) {
    this.#put = sql.prepare(`
      INSERT INTO outbox (target, kind, ref, stream_id, priority, from_ms, start_ms, end_ms, bytes, facts, since_ms,
        ready_ms, asked)
      VALUES (@target, @kind, @ref, @stream_id, @priority, @start_ms, @start_ms, @end_ms, @bytes, @facts, @since_ms,
        @ready_ms, @asked)
      ON CONFLICT (target, kind, ref) DO UPDATE SET priority = min(priority, excluded.priority),
        asked = max(asked, excluded.asked), end_ms = max(end_ms, excluded.end_ms), attempts = 0, next_try_ms = 0`);
    // What goes elsewhere as it grows may have begun; a clip is made of it all at once. What begins before that which has
    // yet to be sent is not in it: a clock has been set back.
    this.#neighbour = sql.prepare(`
      SELECT * FROM outbox
      WHERE kind IN ('clip', 'segment') AND kind = @kind AND stream_id = @stream_id AND target = @target AND priority = @priority AND asked = @asked
        AND start_ms > @start_ms - 660000 AND start_ms <= @start_ms AND end_ms >= @start_ms - @seam
        AND @end_ms - from_ms <= @longest AND (kind = 'segment' OR begun = 0)
      ORDER BY start_ms DESC LIMIT 1`);
    this.#openRecords = sql.prepare(`
      SELECT * FROM outbox WHERE target = ? AND kind = 'records' AND begun = 0 ORDER BY id DESC LIMIT 1`);
    this.#grow = sql.prepare(`
      UPDATE outbox SET ref = @ref, end_ms = max(end_ms, @end_ms), bytes = @bytes, facts = @facts, ready_ms = @ready_ms
      WHERE id = @id`);
    this.#count = sql
      .prepare<[string], number>('SELECT coalesce(sum(items), 0) FROM outbox_totals WHERE target = ?')
      .pluck();
    // Of the least urgent kind that there is.
    this.#giveWay = sql.prepare(`
      DELETE FROM outbox WHERE id IN (
        SELECT id FROM outbox INDEXED BY outbox_turn
        WHERE target = @target AND priority > 0 AND priority = (SELECT max(priority) FROM outbox WHERE target = @target)
        ORDER BY start_ms, id LIMIT @limit)`);
  }

  /** Within a transaction. */
  enter(target: string, entry: NewEntry, nowMs: number): void {
    const row = rowOf(target, entry, nowMs);
    if (row.kind === 'records') this.#addRecords(row);
    else if (row.kind === 'clip' || row.kind === 'segment') this.#addStretch(row);
    else this.#put.run(row);
  }

  count(target: string): number {
    return this.#count.get(target) ?? 0;
  }

  /** Within a transaction. Returns how many gave way: none unless there are too many. */
  giveWay(target: string): number {
    const over = this.count(target) - MOST_ROWS;
    return over > 0 ? this.#giveWay.run({ target, limit: over + GIVE_WAY }).changes : 0;
  }

  #addStretch(row: Put): void {
    const seam = row.asked === 1 && row.kind === 'clip' ? -1 : SEAM_MS;
    const known = this.#neighbour.get({ ...row, seam, longest: LONGEST_STRETCH_MS });
    if (!known) {
      this.#put.run(row);
      return;
    }
    const facts = JSON.stringify(together(JSON.parse(known.facts), JSON.parse(row.facts)));
    const { end_ms, ready_ms } = row;
    this.#grow.run({
      ...known,
      end_ms,
      facts,
      ready_ms: row.kind === 'clip' ? Math.max(known.ready_ms, ready_ms) : ready_ms,
    });
  }

  #addRecords(row: Put): void {
    const open = this.#openRecords.get(row.target);
    const known: OutboxFacts | undefined = open && JSON.parse(open.facts);
    if (!open || !known || sizeOf(known) >= MOST_RECORDS) {
      this.#put.run(row);
      return;
    }
    const facts = together(known, JSON.parse(row.facts));
    const ref = `${open.ref.split('-')[0]}-${row.ref.split('-').slice(1).join('-')}`;
    const bytes = Math.round((row.bytes / Math.max(1, sizeOf(JSON.parse(row.facts)))) * sizeOf(facts));
    const isFull = sizeOf(facts) >= MOST_RECORDS;
    const { id, ready_ms } = open;
    this.#grow.run({
      id,
      ref,
      end_ms: row.end_ms,
      bytes,
      facts: JSON.stringify(facts),
      ready_ms: isFull ? 0 : ready_ms,
    });
  }
}

function together(a: OutboxFacts, b: OutboxFacts): OutboxFacts {
  const union = <T>(one: T[] = [], other: T[] = []): T[] => [...new Set([...one, ...other])];
  return {
    ...a,
    ...b,
    firings: union(a.firings, b.firings),
    scenes: union(a.scenes, b.scenes),
    transcripts: union(a.transcripts, b.transcripts),
    gaps: union(a.gaps, b.gaps),
    deleted: union(a.deleted, b.deleted),
  };
}

const sizeOf = ({ scenes = [], transcripts = [], gaps = [], deleted = [] }: OutboxFacts): number =>
  scenes.length + transcripts.length + gaps.length + deleted.length;

function rowOf(target: string, entry: NewEntry, nowMs: number): Put {
  return {
    target,
    kind: entry.kind,
    ref: entry.ref,
    stream_id: entry.streamId,
    priority: entry.priority,
    start_ms: entry.startMs,
    end_ms: entry.endMs,
    bytes: entry.bytes,
    facts: JSON.stringify(entry.facts),
    since_ms: nowMs,
    ready_ms: entry.readyMs,
    asked: entry.asked ? 1 : 0,
  };
}
