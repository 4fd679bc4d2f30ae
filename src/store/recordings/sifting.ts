import type { Statement } from 'better-sqlite3';
import { isScheduled, isSelective, type RecordingPolicy, type Stream } from '#domain';
import type { Connection } from '../connection.ts';
import type { Journal } from '../journal.ts';
import { EVALUATOR } from '../journal.ts';
import type { Erased, Eraser } from './eraser.ts';

interface Stretch {
  startMs: number;
  endMs: number;
}
type Sized = Stretch & { id: number; bytes: number; held: number };
type Looked = Stretch & { moving: number };
type Range = { stream: string; start: number; end: number };

/** Scenes come some time after their pictures; alerts, and what is looked at again, some time after those. */
const SETTLED_MS = 120_000;
/** Windows of an index don't begin and end exactly where segments do. */
const SEAM_MS = 2000;

const REASONS = { continuous: 'outside the hours of recording', motion: 'nothing moved', events: 'no alert fired' };

/**
 * Decides, two minutes after it was recorded, what stays of a stream that doesn't keep everything. What nobody looked at
 * stays: only where the box has looked and found nothing is a recording given up. Decided pieces go as retention's do,
 * rows first; what somebody holds stays; the stretch without them is noted as unwanted in the same transaction.
 */
export class Sifting {
  readonly #eraser: Eraser;
  readonly #due: Statement<[string, number, number], Sized>;
  readonly #looked: Statement<Range, Looked>;
  readonly #fired: Statement<Range & { before: number; after: number }, Stretch>;
  readonly #eyes: Statement<[string], { n: number }>;
  readonly #longestRule: Statement<[string], { ms: number | null }>;
  readonly #undecided: Statement<{ stream: string }, { ms: number | null }>;
  readonly #comeBack: Statement<{ stream: string; now: number; from: number }>;
  readonly #advance: Statement<[number, string]>;
  readonly #journal: Journal;
  readonly #extendGap: Statement<Stretch & { stream: string; reason: string }, { id: number }>;
  readonly #unsent: Statement<[number]>;
  readonly #addGap: Statement<Stretch & { stream: string; reason: string }>;

  constructor({ sql }: Connection, eraser: Eraser, journal: Journal) {
    this.#journal = journal;
    this.#eraser = eraser;
    // What is being recorded, as long as it is, hangs on to the newest one's session.
    this.#due = sql.prepare(`
      SELECT s.id, s.bytes, s.start_ms AS startMs, s.end_ms AS endMs, s.held
      FROM streams t CROSS JOIN segments s ON s.stream_id = t.id
      WHERE t.id = ? AND s.start_ms >= t.sifted_ms AND s.end_ms <= ?
        AND (t.wanted = 'stopped' OR s.id <> (SELECT max(id) FROM segments WHERE stream_id = t.id))
      ORDER BY s.start_ms, s.id LIMIT ?`);
    this.#looked = sql.prepare(`
      SELECT c.start_ms AS startMs, c.end_ms AS endMs,
        json_array_length(c.facts, '$.motion.regions') > 0 AS moving
      FROM indexes i CROSS JOIN scenes c ON c.index_id = i.id
      WHERE i.stream_id = @stream AND json_extract(i.extraction, '$.type') <> 'transcript'
        AND c.start_ms < @end AND c.end_ms > @start
        AND c.start_ms > @start - (SELECT max(end_ms - start_ms) FROM scenes WHERE index_id = i.id)
      ORDER BY c.start_ms`);
    this.#fired = sql.prepare(`
      SELECT start_ms AS startMs, end_ms AS endMs FROM firings
      WHERE stream_id = @stream AND at_ms >= @start - @after AND end_ms > @start - @after AND start_ms < @end + @before`);
    this.#eyes = sql.prepare(
      "SELECT count(*) AS n FROM indexes WHERE stream_id = ? AND json_extract(extraction, '$.type') <> 'transcript'",
    );
    this.#longestRule = sql.prepare(`
      SELECT max(j.value) AS ms
      FROM alerts a JOIN events e ON e.id = a.event_id CROSS JOIN json_tree(e.rule) j
      WHERE a.stream_id = ? AND j.key = 'forMs'`);
    // An alert may still fire for it: after a restart, or on a box that can't keep up.
    this.#undecided = sql.prepare(`
      SELECT min(ms) AS ms FROM (
        SELECT at_ms AS ms FROM journal
        WHERE seq > coalesce((SELECT seq FROM cursors WHERE name = '${EVALUATOR}'), 0) AND stream_id = @stream
          AND kind IN ('scene', 'growth', 'retold', 'transcript', 'answer')
        UNION ALL
        SELECT asked_ms FROM alert_questions q JOIN alerts a ON a.id = q.alert_id
        WHERE a.stream_id = @stream AND q.answer IS NULL
      )`);
    this.#comeBack = sql.prepare('UPDATE streams SET sifted_ms = @from WHERE id = @stream AND sifted_ms > @now');
    this.#advance = sql.prepare('UPDATE streams SET sifted_ms = ? WHERE id = ?');
    // What nobody wants is not lost to those that it was to be sent to.
    this.#unsent = sql.prepare('UPDATE segments SET waiting = 0 WHERE id = ? AND waiting = 1');
    this.#extendGap = sql.prepare(`
      UPDATE gaps SET end_ms = @endMs
      WHERE id = (SELECT max(id) FROM gaps WHERE stream_id = @stream)
        AND unwanted = 1 AND reason = @reason AND abs(end_ms - @startMs) <= ${SEAM_MS}
      RETURNING id`);
    this.#addGap = sql.prepare(`
      INSERT INTO gaps (stream_id, start_ms, end_ms, reason, unwanted) VALUES (@stream, @startMs, @endMs, @reason, 1)`);
  }

  /** A batch of what can be decided by now; undefined when there is nothing. */
  sift({ id, recording }: Pick<Stream, 'id' | 'recording'>, nowMs: number): Erased | undefined {
    if (!isSelective(recording)) return undefined;
    const settledMs = this.#settledMs(id, recording);
    this.#comeBack.run({ stream: id, now: nowMs, from: nowMs - settledMs }); // The clock was set back since.
    const settled = this.#lookedAtUntil(id, recording, nowMs) - settledMs;
    const due = this.#due.all(id, settled, this.#eraser.segmentsAtOnce);
    const [first, last] = [due[0], due.at(-1)];
    if (!first || !last) return undefined;
    const stays = this.#judge(id, recording, { startMs: first.startMs, endMs: last.endMs });
    const going = due.filter((segment) => segment.held === 0 && !stays(segment));
    return this.#eraser.segments(going, () => {
      for (const { id } of going) this.#unsent.run(id);
      for (const { startMs, endMs } of going) this.#noteGap(id, REASONS[recording.mode], { startMs, endMs });
      this.#advance.run(last.startMs + 1, id);
    });
  }

  #lookedAtUntil(stream: string, { mode }: RecordingPolicy, nowMs: number): number {
    const undecidedMs = mode === 'events' ? this.#undecided.get({ stream })?.ms : undefined;
    return Math.min(nowMs, undecidedMs ?? nowMs);
  }

  #settledMs(streamId: string, { mode, postMs }: RecordingPolicy): number {
    const longest = mode === 'events' ? (this.#longestRule.get(streamId)?.ms ?? 0) : 0;
    return SETTLED_MS + postMs + longest;
  }

  #judge(stream: string, policy: RecordingPolicy, { startMs, endMs }: Stretch): (segment: Stretch) => boolean {
    const { mode, preMs: before, postMs: after, schedule } = policy;
    const isIn = (atMs: number) => schedule === undefined || isScheduled(schedule, atMs);
    const inTime = (segment: Stretch) => isIn(segment.startMs) || isIn(segment.endMs - 1);
    if (mode === 'continuous') return inTime;
    const looked = this.#looked.all({ stream, start: startMs - after, end: endMs + before });
    const fired = this.#fired.all({ stream, start: startMs, end: endMs, before, after });
    const reasons = mode === 'events' ? fired : looked.filter(({ moving }) => moving === 1);
    const hasEyes = (this.#eyes.get(stream)?.n ?? 0) > 0;
    const seesAll = mode === 'events' && !hasEyes; // Alerts on what is heard alone.
    return (segment) =>
      inTime(segment) &&
      (reasons.some((one) => one.startMs - before < segment.endMs && one.endMs + after > segment.startMs) ||
        (!seesAll && unseenMs(segment, looked) > SEAM_MS));
  }

  #noteGap(stream: string, reason: string, stretch: Stretch): void {
    const gap = { stream, reason, ...stretch };
    const id = this.#extendGap.get(gap)?.id ?? this.#addGap.run(gap).lastInsertRowid;
    this.#journal.append('gap', stream, String(id), stretch.endMs);
  }
}

/** How much of the segment no scene tells of; they are in order of their start. */
function unseenMs({ startMs, endMs }: Stretch, scenes: readonly Stretch[]): number {
  let seenToMs = startMs;
  let unseen = 0;
  for (const scene of scenes) {
    if (scene.startMs >= endMs) break;
    if (scene.startMs > seenToMs) unseen += scene.startMs - seenToMs;
    seenToMs = Math.max(seenToMs, scene.endMs);
  }
  return unseen + Math.max(0, endMs - seenToMs);
}
