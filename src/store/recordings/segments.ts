import type { Statement } from 'better-sqlite3';
import type { Gap, RecordingSession, Segment } from '#domain';
import { faultPoint } from '#runtime';
import type { Connection } from '../connection.ts';
import type { Journal } from '../journal.ts';
import { checkRelative } from '../paths.ts';

/** A stored segment with the session whose init file it needs. */
export type SegmentRow = Segment & { id: number; session: RecordingSession };

interface Row {
  id: number;
  stream_id: string;
  session_id: string;
  start_ms: number;
  end_ms: number;
  path: string;
  bytes: number;
  started_ms: number;
  init_path: string;
  codecs: string | null;
  width: number;
  height: number;
}

interface GapRow {
  stream_id: string;
  start_ms: number;
  end_ms: number;
  reason: string;
  unwanted: number;
}

type Range = { stream: string; start: number; end: number };
type Page = Range & { afterMs: number; afterId: number };

/** Rows that are read at a stretch: a few milliseconds. */
const PAGE = 500;

const SELECT = `
  SELECT s.*, r.started_ms, r.init_path, r.codecs, r.width, r.height
  FROM segments s JOIN recording_sessions r ON r.id = s.session_id`;

/** What was recorded, and what wasn't. */
export class Segments {
  readonly #connection: Connection;
  readonly #journal: Journal;
  readonly #insertSession: Statement<Omit<RecordingSession, 'codecs'> & { codecs: string | null }>;
  readonly #insert: Statement<Segment>;
  readonly #inRange: Statement<Range, Row>;
  readonly #page: Statement<Page, Row>;
  readonly #firstToEnd: Statement<Range, Row>;
  readonly #seen: Statement<Range, number>;
  readonly #get: Statement<[number], Row>;
  readonly #has: Statement<{ path: string }, { id: number }>;
  readonly #bounds: Statement<{ stream: string }, { start: number | null; end: number | null }>;
  readonly #insertGap: Statement<GapRow>;
  readonly #growGap: Statement<GapRow>;
  readonly #gap: Statement<[number], GapRow>;
  readonly #gaps: Statement<Range, GapRow>;
  readonly #gapTotals: Statement<[], { stream: string; ms: number }>;
  #found = 0;
  readonly #totals: Statement<[], { count: number; bytes: number }>;

  constructor(connection: Connection, journal: Journal) {
    const { sql } = connection;
    this.#connection = connection;
    this.#journal = journal;
    this.#insertSession = sql.prepare(`
      INSERT INTO recording_sessions (id, stream_id, started_ms, init_path, codecs, width, height)
      VALUES (@id, @streamId, @startedMs, @initPath, @codecs, @width, @height)
      ON CONFLICT (id) DO UPDATE SET codecs = excluded.codecs WHERE codecs IS NULL AND excluded.codecs IS NOT NULL`);
    this.#insert = sql.prepare(`
      INSERT INTO segments (stream_id, session_id, start_ms, end_ms, path, bytes, held)
      VALUES (@streamId, @sessionId, @startMs, @endMs, @path, @bytes,
        EXISTS (SELECT 1 FROM holds WHERE stream_id = @streamId AND from_ms < @endMs AND to_ms > @startMs)
        OR EXISTS (SELECT 1 FROM alert_holds
          WHERE stream_id = @streamId AND from_ms < @endMs AND to_ms > @startMs AND from_ms > @startMs - 1800000))`);
    // The longest segment bounds how far back one may start that still reaches into the range.
    const longest = '(SELECT max(end_ms - start_ms) FROM segments WHERE stream_id = @stream)';
    const within = `${SELECT} WHERE s.stream_id = @stream AND s.start_ms < @end AND s.end_ms > @start`;
    const overlapping = `${within} AND s.start_ms > @start - ${longest}`;
    this.#inRange = sql.prepare(`${overlapping} ORDER BY s.start_ms, s.id`);
    // With one lower bound alone each page begins where the one before it ended.
    this.#page = sql.prepare(`${within} AND s.start_ms >= max(@afterMs, @start - ${longest})
      AND (s.start_ms > @afterMs OR s.id > @afterId) ORDER BY s.start_ms, s.id LIMIT ${PAGE}`);
    this.#seen = sql
      .prepare<Range, number>(`
        SELECT 1 FROM recording_sessions r WHERE stream_id = @stream AND width > 0 AND EXISTS (
          SELECT 1 FROM segments WHERE session_id = r.id AND start_ms < @end AND end_ms > @start)`)
      .pluck();
    this.#firstToEnd = sql.prepare(`${overlapping} ORDER BY s.end_ms, s.id LIMIT 1`);
    this.#get = sql.prepare(`${SELECT} WHERE s.id = ?`);
    this.#has = sql.prepare(
      'SELECT id FROM segments WHERE path = @path UNION ALL SELECT id FROM garbage WHERE path = @path',
    );
    this.#bounds = sql.prepare(`
      SELECT (SELECT min(start_ms) FROM segments WHERE stream_id = @stream) AS start,
        (SELECT end_ms FROM segments WHERE stream_id = @stream ORDER BY start_ms DESC LIMIT 1) AS end`);
    this.#insertGap = sql.prepare(`
      INSERT INTO gaps (stream_id, start_ms, end_ms, reason, unwanted)
      VALUES (@stream_id, @start_ms, @end_ms, @reason, @unwanted)`);
    this.#growGap = sql.prepare(`
      UPDATE gaps SET end_ms = max(end_ms, @end_ms)
      WHERE stream_id = @stream_id AND start_ms = @start_ms AND reason = @reason AND unwanted = @unwanted`);
    this.#gap = sql.prepare('SELECT * FROM gaps WHERE id = ? AND stream_id IN (SELECT id FROM streams)');
    this.#gaps = sql.prepare(`
      SELECT * FROM gaps WHERE stream_id = @stream AND start_ms < @end AND end_ms > @start ORDER BY start_ms, id`);
    this.#gapTotals = sql.prepare(
      'SELECT stream_id AS stream, sum(end_ms - start_ms) AS ms FROM gaps WHERE unwanted = 0 GROUP BY stream_id',
    );
    this.#totals = sql.prepare('SELECT count, bytes FROM segment_totals');
  }

  /**
   * To be called after the file is on disk. Returns the row's id. When the stream has been deleted meanwhile the next
   * retention run takes row and file away. Throws `conflict` when the path is known.
   */
  add(segment: Segment, session: RecordingSession): number {
    checkRelative(segment.path, 'segment.path');
    checkRelative(session.initPath, 'session.initPath');
    const added = this.#connection.write(() => {
      this.#insertSession.run({ ...session, codecs: session.codecs ?? null });
      const id = Number(this.#insert.run(segment).lastInsertRowid);
      this.#journal.append('segment', segment.streamId, String(id), segment.endMs);
      faultPoint('segment.inserted');
      return id;
    });
    faultPoint('segment.entered');
    return added;
  }

  /** Those that overlap the range, by start. */
  inRange(streamId: string, startMs: number, endMs: number): SegmentRow[] {
    return this.#inRange.all({ stream: streamId, start: startMs, end: endMs }).map(segmentOf);
  }

  /** The same page by page; what is stored or deleted meanwhile may be missing or not. */
  *pages(streamId: string, startMs: number, endMs: number): Generator<SegmentRow[]> {
    const range = { stream: streamId, start: startMs, end: endMs };
    let [afterMs, afterId] = [-1, 0];
    for (;;) {
      const rows = this.#page.all({ ...range, afterMs, afterId });
      if (rows.length > 0) yield rows.map(segmentOf);
      const last = rows.at(-1);
      if (!last || rows.length < PAGE) return;
      [afterMs, afterId] = [last.start_ms, last.id];
    }
  }

  /** Whether some that overlap the range have pictures. */
  hasPictures(streamId: string, startMs: number, endMs: number): boolean {
    return this.#seen.get({ stream: streamId, start: startMs, end: endMs }) !== undefined;
  }

  /**
   * Of those that overlap the range the one that ends first. Who goes on from its end misses none, also where a clock that
   * was set back has laid one beside another.
   */
  firstToEnd(streamId: string, startMs: number, endMs: number): SegmentRow | undefined {
    const row = this.#firstToEnd.get({ stream: streamId, start: startMs, end: endMs });
    return row && segmentOf(row);
  }

  get(id: number): SegmentRow | undefined {
    const row = this.#get.get(id);
    return row && segmentOf(row);
  }

  /** As `add`, for what a crash left without a row. */
  addFound(segment: Segment, session: RecordingSession): number {
    const id = this.add(segment, session);
    this.#found += 1;
    return id;
  }

  /** How many of those there were since the start. */
  get found(): number {
    return this.#found;
  }

  /** Also true of a file that is about to be unlinked: it must not be entered again. */
  has(path: string): boolean {
    return this.#has.get({ path }) !== undefined;
  }

  /** From the oldest to the newest recording, gaps and all; undefined when there is none. */
  bounds(streamId: string): { startMs: number; endMs: number } | undefined {
    const { start, end } = this.#bounds.get({ stream: streamId }) ?? { start: null, end: null };
    return start === null || end === null ? undefined : { startMs: start, endMs: end };
  }

  addGap(gap: Gap): void {
    this.#connection.write(() => {
      const id = this.#insertGap.run(gapRowOf(gap)).lastInsertRowid;
      this.#journal.append('gap', gap.streamId, String(id), gap.endMs);
    });
  }

  /** One that another box tells of: known by its start and reason, it can only grow. */
  keepGap(gap: Gap): void {
    const row = gapRowOf(gap);
    this.#connection.write(() => {
      if (this.#growGap.run(row).changes === 0) this.#insertGap.run(row);
    });
  }

  gap(id: number): Gap | undefined {
    const row = this.#gap.get(id);
    return row && gapOf(row);
  }

  /** Those that overlap the range, by start. */
  gaps(streamId: string, startMs: number, endMs: number): Gap[] {
    return this.#gaps.all({ stream: streamId, start: startMs, end: endMs }).map(gapOf);
  }

  /** How long all kept gaps are that nobody wanted, by stream. */
  gapTotals(): Record<string, number> {
    return Object.fromEntries(this.#gapTotals.all().map(({ stream, ms }) => [stream, ms]));
  }

  totals(): { count: number; bytes: number } {
    return this.#totals.get() ?? { count: 0, bytes: 0 };
  }
}

function segmentOf(row: Row): SegmentRow {
  return {
    id: row.id,
    streamId: row.stream_id,
    sessionId: row.session_id,
    startMs: row.start_ms,
    endMs: row.end_ms,
    path: row.path,
    bytes: row.bytes,
    session: {
      id: row.session_id,
      streamId: row.stream_id,
      startedMs: row.started_ms,
      initPath: row.init_path,
      ...(row.codecs === null ? {} : { codecs: row.codecs }),
      width: row.width,
      height: row.height,
    },
  };
}

function gapRowOf({ streamId, startMs, endMs, reason, unwanted }: Gap): GapRow {
  return { stream_id: streamId, start_ms: startMs, end_ms: endMs, reason, unwanted: Number(unwanted ?? false) };
}

function gapOf(row: GapRow): Gap {
  const { stream_id: streamId, start_ms: startMs, end_ms: endMs, reason, unwanted } = row;
  return { streamId, startMs, endMs, reason, ...(unwanted === 1 ? { unwanted: true } : {}) };
}
