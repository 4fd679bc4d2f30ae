import type { Statement } from 'better-sqlite3';
import { EARLIEST_SANE_MS, faultPoint } from '#runtime';
import type { Connection } from '../connection.ts';
import { Pace } from '../pace.ts';
import type { Vectors } from '../search/vectors.ts';
import { EmptySessions } from './empty-sessions.ts';
import { DONE_WITH, NO_FIRING, NOT_HELD } from './held.ts';
import { OldThumbs } from './old-thumbs.ts';

type Sized = { id: number; bytes: number };
type Described = { id: number; startMs: number };
type Ended = { stream: string; end: number; limit: number };
type Ids = Statement<[string]>;

export interface Erased {
  deletedSegments: number;
  bytes: number;
}

const LISTED = '(SELECT value FROM json_each(?))';
/** Every stream keeps the segment that it stored last: what is being recorded hangs on to its session. */
const NOT_NEWEST = `
  id NOT IN (
    SELECT newest FROM (
      SELECT (SELECT max(id) FROM segments WHERE stream_id = streams.id) AS newest
      FROM streams
    ) WHERE newest IS NOT NULL
  )`;
const NOT_NEWEST_OF_STREAM = 'id <> (SELECT max(id) FROM segments WHERE stream_id = @stream)';

/**
 * The first half of deleting: rows go and the paths of their files are noted as garbage, in one transaction that is on
 * disk before any file is touched. So a row never names a file that is gone, not even after a power cut.
 */
export class Eraser {
  readonly #connection: Connection;
  readonly #vectors: readonly Vectors[];
  readonly #paces = {
    segments: new Pace(),
    firings: new Pace(),
    scenes: new Pace(),
    traces: new Pace(),
    vectors: new Pace(),
  };
  readonly #orphanedSegments: Statement<[number], Sized>;
  readonly #endedSegments: Statement<Ended, Sized>;
  readonly #firstSegments: readonly Statement<{ limit: number }, Sized>[];
  readonly #firstOfStream: readonly Statement<{ stream: string; limit: number }, Sized>[];
  readonly #segmentFiles: Ids;
  readonly #segmentRows: Ids;
  readonly #emptySessions: EmptySessions;
  readonly #firingRows: Statement<Ended>;
  readonly #traces: readonly Statement<Ended>[];
  readonly #endedScenes: Statement<Ended, Described>;
  readonly #scenesOf: Statement<[string, number], Described>;
  readonly #sceneWords: Ids;
  readonly #sceneRows: Ids;
  readonly #oldThumbs: OldThumbs;
  readonly #thumbFiles: Ids;
  readonly #thumbPaths: Ids;

  constructor(connection: Connection, vectors: readonly Vectors[]) {
    const { sql } = connection;
    this.#connection = connection;
    this.#vectors = vectors;
    this.#orphanedSegments = sql.prepare(`
      SELECT s.id, s.bytes FROM recording_sessions r CROSS JOIN segments s ON s.session_id = r.id
      WHERE r.stream_id NOT IN (SELECT id FROM streams) LIMIT ?`);
    // What was recorded before the box had its time is younger than it seems: it goes for want of space alone.
    this.#endedSegments = sql.prepare(`
      SELECT id, bytes FROM segments INDEXED BY segments_to_go
      WHERE stream_id = @stream AND held = 0 AND end_ms < @end AND end_ms >= ${EARLIEST_SANE_MS} AND ${NOT_NEWEST_OF_STREAM}
      ORDER BY end_ms LIMIT @limit`);
    // Those that still wait to be sent elsewhere come last; each kind has an index of its own.
    this.#firstSegments = [
      sql.prepare(`
        SELECT id, bytes FROM segments INDEXED BY segments_first_sent
        WHERE held = 0 AND waiting = 0 AND ${NOT_NEWEST} ORDER BY id LIMIT @limit`),
      sql.prepare(`
        SELECT id, bytes FROM segments INDEXED BY segments_first
        WHERE held = 0 AND waiting = 1 AND ${NOT_NEWEST} ORDER BY id LIMIT @limit`),
    ];
    this.#firstOfStream = [
      sql.prepare(`
        SELECT id, bytes FROM segments INDEXED BY segments_sent
        WHERE stream_id = @stream AND held = 0 AND waiting = 0 AND ${NOT_NEWEST_OF_STREAM} ORDER BY id LIMIT @limit`),
      sql.prepare(`
        SELECT id, bytes FROM segments INDEXED BY segments_by_stream
        WHERE stream_id = @stream AND held = 0 AND waiting = 1 AND ${NOT_NEWEST_OF_STREAM} ORDER BY id LIMIT @limit`),
    ];
    this.#segmentFiles = sql.prepare(
      `INSERT INTO garbage (root, path, dir) SELECT 'media', path, 0 FROM segments WHERE id IN ${LISTED}`,
    );
    this.#segmentRows = sql.prepare(`DELETE FROM segments WHERE id IN ${LISTED}`);
    this.#emptySessions = new EmptySessions(connection);
    this.#firingRows = sql.prepare(`
      DELETE FROM firings WHERE id IN (
        SELECT id FROM firings WHERE stream_id = @stream AND at_ms < @end AND ${DONE_WITH} LIMIT @limit)`);
    // A trigger takes the words of transcripts.
    this.#traces = ['gaps', 'transcripts', 'transcript_gaps'].map((table) =>
      sql.prepare(`
        DELETE FROM ${table} WHERE id IN (
          SELECT id FROM ${table} WHERE stream_id = @stream AND start_ms < @end AND end_ms < @end LIMIT @limit)`),
    );
    this.#endedScenes = sql.prepare(`
      SELECT id, start_ms AS startMs FROM scenes
      WHERE stream_id = @stream AND end_ms < @end AND ${NO_FIRING} AND ${NOT_HELD} ORDER BY end_ms LIMIT @limit`);
    this.#scenesOf = sql.prepare('SELECT id, start_ms AS startMs FROM scenes WHERE stream_id = ? LIMIT ?');
    this.#sceneWords = sql.prepare(`DELETE FROM scene_words WHERE rowid IN ${LISTED}`);
    this.#sceneRows = sql.prepare(`DELETE FROM scenes WHERE id IN ${LISTED}`);
    this.#oldThumbs = new OldThumbs(connection);
    this.#thumbFiles = sql.prepare(`
      INSERT INTO garbage (root, path, dir)
      SELECT 'thumbs', thumb_path, 0 FROM scenes WHERE thumb_path IS NOT NULL AND id IN ${LISTED}`);
    this.#thumbPaths = sql.prepare(`UPDATE scenes SET thumb_path = NULL WHERE id IN ${LISTED}`);
  }

  /** So many segments are a batch, as others are not to wait long. */
  get segmentsAtOnce(): number {
    return this.#paces.segments.rows;
  }

  /** A batch of the segments whose stream has been deleted. */
  orphanedSegments(): Erased {
    return this.#eraseSegments(this.#orphanedSegments.all(this.segmentsAtOnce));
  }

  /** What is left of sessions without segments; returns how many. */
  emptySessions(): number {
    const sessions = this.#emptySessions.all();
    return sessions === '[]' ? 0 : this.#connection.writeDurably(() => this.#emptySessions.erase(sessions));
  }

  /** A batch of the stream's segments that ended before the time and nobody holds; zero when there is none left. */
  segmentsEndedBefore(stream: string, end: number): Erased {
    return this.#eraseSegments(this.#endedSegments.all({ stream, end, limit: this.segmentsAtOnce }));
  }

  /**
   * The first stored segments that nobody holds, enough for so many bytes or a batch; zero when there is none left. What
   * is to be sent elsewhere goes when there is nothing else to take.
   */
  firstSegments(bytes: number): Erased {
    const limit = this.segmentsAtOnce;
    return this.#eraseSegments(
      enough(
        inTurn(this.#firstSegments, (one) => one.iterate({ limit })),
        { bytes, limit },
      ),
    );
  }

  /** As `firstSegments`, of one stream. */
  firstSegmentsOf(stream: string, bytes: number): Erased {
    const limit = this.segmentsAtOnce;
    const found = inTurn(this.#firstOfStream, (one) => one.iterate({ stream, limit }));
    return this.#eraseSegments(enough(found, { bytes, limit }));
  }

  /** These, whatever their age; `also` is written in the same step. */
  segments(segments: readonly Sized[], also: () => void): Erased {
    return this.#eraseSegments(segments, also);
  }

  /** A batch of the stream's firings from before the time that nobody waits for any more and nobody has marked. */
  firingsBefore(stream: string, end: number): number {
    const limit = this.#paces.firings.rows;
    return this.#paces.firings.measure(limit, () =>
      this.#connection.write(() => this.#firingRows.run({ stream, end, limit }).changes),
    );
  }

  /**
   * A batch of the stream's scenes that ended before the time, no firing tells of and nobody holds; returns how many.
   * `vectors`: theirs go, too; else they go with their day.
   */
  scenesEndedBefore(stream: string, end: number, { vectors }: { vectors: boolean }): number {
    const scenes = this.#endedScenes.all({ stream, end, limit: this.#paces.scenes.rows });
    if (scenes.length === 0) return 0;
    this.#durably(this.#paces.scenes, scenes.length, () => {
      this.#eraseScenes(idList(scenes));
      if (vectors) for (const kind of this.#vectors) kind.erase(scenes);
    });
    return scenes.length;
  }

  /** A batch of the scenes of a stream that has been deleted; returns how many. */
  scenesOf(stream: string): number {
    const scenes = this.#scenesOf.all(stream, this.#paces.scenes.rows);
    this.#durably(this.#paces.scenes, scenes.length, () => {
      this.#eraseScenes(idList(scenes));
      for (const vectors of this.#vectors) vectors.eraseForgotten(scenes);
    });
    return scenes.length;
  }

  /** A batch of what else is told of the stream's time before: gaps, what was said. */
  tracesBefore(stream: string, end: number): number {
    const limit = this.#paces.traces.rows;
    return this.#paces.traces.measure(limit, () =>
      this.#connection.write(() => {
        let gone = 0;
        for (const traces of this.#traces) {
          if (gone < limit) gone += traces.run({ stream, end, limit: limit - gone }).changes;
        }
        return gone;
      }),
    );
  }

  /** A batch, of all streams. */
  vectorsBefore(endMs: number): number {
    const limit = this.#paces.vectors.rows;
    return this.#paces.vectors.measure(limit, () =>
      this.#connection.write(() =>
        this.#vectors.reduce((gone, vectors) => (gone > 0 ? gone : vectors.eraseBefore(endMs, limit)), 0),
      ),
    );
  }

  /**
   * A batch of the thumbnails of scenes that nothing recorded shows any more and that are no evidence; their words stay.
   * Returns how many, which may be none while there are others to look at; undefined after the last.
   */
  thumbsBeforeRecordings(): number | undefined {
    const scenes = this.#oldThumbs.find(this.#paces.scenes.rows);
    if (!scenes?.length) return scenes?.length;
    this.#durably(this.#paces.scenes, scenes.length, () => {
      this.#thumbFiles.run(idList(scenes));
      this.#thumbPaths.run(idList(scenes));
    });
    return scenes.length;
  }

  #eraseSegments(segments: readonly Sized[], also?: () => void): Erased {
    if (segments.length > 0 || also) {
      const ids = idList(segments);
      this.#durably(this.#paces.segments, segments.length, () => {
        also?.();
        const sessions = this.#emptySessions.of(ids);
        this.#segmentFiles.run(ids);
        this.#segmentRows.run(ids);
        this.#emptySessions.erase(sessions);
        faultPoint('erase.noted');
      });
      faultPoint('erase.entered');
    }
    return { deletedSegments: segments.length, bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  #durably(pace: Pace, rows: number, work: () => void): void {
    pace.measure(rows, () => this.#connection.writeDurably(work));
  }

  #eraseScenes(ids: string): void {
    this.#thumbFiles.run(ids);
    this.#sceneWords.run(ids);
    this.#sceneRows.run(ids);
  }
}

function* inTurn<T>(statements: readonly T[], rowsOf: (one: T) => Iterable<Sized>): Generator<Sized> {
  for (const statement of statements) yield* rowsOf(statement);
}

function enough(segments: Iterable<Sized>, { bytes, limit }: { bytes: number; limit: number }): Sized[] {
  let sum = 0;
  const taken: Sized[] = [];
  for (const segment of segments) {
    if (sum >= bytes || taken.length >= limit) break;
    sum += segment.bytes;
    taken.push(segment);
  }
  return taken;
}

function idList(rows: readonly { id: number }[]): string {
  return JSON.stringify(rows.map(({ id }) => id));
}
