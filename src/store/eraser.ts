import type { Statement } from 'better-sqlite3';
import { faultPoint } from '#runtime';
import type { Connection } from './connection.ts';
import { DONE_WITH, NO_EVIDENCE, NO_FIRING } from './held.ts';
import type { Vectors } from './vectors.ts';

/** Rows in one transaction: few enough that nothing else waits long. */
const BATCH = 500;

type Sized = { id: number; bytes: number };
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

/**
 * The first half of deleting: rows go and the paths of their files are noted as garbage, in one transaction that is on
 * disk before any file is touched. So a row never names a file that is gone, not even after a power cut.
 */
export class Eraser {
  readonly #connection: Connection;
  readonly #vectors: readonly Vectors[];
  readonly #orphanedSegments: Statement<[number], Sized>;
  readonly #endedSegments: Statement<[number, number], Sized>;
  readonly #firstSegments: Statement<[number], Sized>;
  readonly #segmentFiles: Ids;
  readonly #segmentRows: Ids;
  readonly #emptySessionFiles: Statement<[]>;
  readonly #emptySessionRows: Statement<[]>;
  readonly #firingRows: Statement<[number]>;
  readonly #endedScenes: Statement<[number, number], { id: number }>;
  readonly #sceneWords: Ids;
  readonly #sceneRows: Ids;
  readonly #thumbed: Statement<[number], { id: number }>;
  readonly #thumbFiles: Ids;
  readonly #thumbPaths: Ids;

  constructor(connection: Connection, vectors: readonly Vectors[]) {
    const { sql } = connection;
    this.#connection = connection;
    this.#vectors = vectors;
    this.#orphanedSegments = sql.prepare(`
      SELECT s.id, s.bytes FROM recording_sessions r CROSS JOIN segments s ON s.session_id = r.id
      WHERE r.stream_id NOT IN (SELECT id FROM streams) LIMIT ?`);
    this.#endedSegments = sql.prepare(
      `SELECT id, bytes FROM segments WHERE end_ms < ? AND ${NOT_NEWEST} ORDER BY end_ms LIMIT ?`,
    );
    this.#firstSegments = sql.prepare(`SELECT id, bytes FROM segments WHERE ${NOT_NEWEST} ORDER BY id LIMIT ?`);
    this.#segmentFiles = sql.prepare(
      `INSERT INTO garbage (root, path, dir) SELECT 'media', path, 0 FROM segments WHERE id IN ${LISTED}`,
    );
    this.#segmentRows = sql.prepare(`DELETE FROM segments WHERE id IN ${LISTED}`);
    // A stream's newest session may be recording.
    const empty = `
      NOT EXISTS (SELECT 1 FROM segments WHERE session_id = recording_sessions.id)
      AND (stream_id NOT IN (SELECT id FROM streams)
        OR started_ms < (SELECT max(started_ms) FROM recording_sessions r WHERE r.stream_id = recording_sessions.stream_id))`;
    this.#emptySessionFiles = sql.prepare(
      `INSERT INTO garbage (root, path, dir) SELECT 'media', init_path, 1 FROM recording_sessions WHERE ${empty}`,
    );
    this.#emptySessionRows = sql.prepare(`DELETE FROM recording_sessions WHERE ${empty}`);
    this.#firingRows = sql.prepare(`DELETE FROM firings WHERE at_ms < ? AND ${DONE_WITH}`);
    this.#endedScenes = sql.prepare(`SELECT id FROM scenes WHERE end_ms < ? AND ${NO_FIRING} ORDER BY end_ms LIMIT ?`);
    this.#sceneWords = sql.prepare(`DELETE FROM scene_words WHERE rowid IN ${LISTED}`);
    this.#sceneRows = sql.prepare(`DELETE FROM scenes WHERE id IN ${LISTED}`);
    this.#thumbed = sql.prepare(`
      SELECT scenes.id FROM streams CROSS JOIN scenes ON scenes.stream_id = streams.id
      WHERE thumb_path IS NOT NULL AND ${NO_EVIDENCE}
        AND end_ms <= coalesce((SELECT min(start_ms) FROM segments WHERE stream_id = streams.id), 9e15)
      ORDER BY end_ms LIMIT ?`);
    this.#thumbFiles = sql.prepare(`
      INSERT INTO garbage (root, path, dir)
      SELECT 'thumbs', thumb_path, 0 FROM scenes WHERE thumb_path IS NOT NULL AND id IN ${LISTED}`);
    this.#thumbPaths = sql.prepare(`UPDATE scenes SET thumb_path = NULL WHERE id IN ${LISTED}`);
  }

  /** The stream and everything that was made from it, save recordings: they are orphans then. */
  stream(id: string): void {
    const { sql } = this.#connection;
    this.#connection.writeDurably(() => {
      const scenes = sql.prepare<[string], number>('SELECT id FROM scenes WHERE stream_id = ?').pluck().all(id);
      this.#eraseScenes(JSON.stringify(scenes));
      for (const vectors of this.#vectors) vectors.eraseStream(id);
      sql.prepare('DELETE FROM streams WHERE id = ?').run(id); // The rest follows by foreign keys.
    });
  }

  /** A batch of the segments whose stream has been deleted. */
  orphanedSegments(): Erased {
    return this.#eraseSegments(this.#orphanedSegments.all(BATCH));
  }

  /** A batch of the segments that ended before the time; zero when there is none left. */
  segmentsEndedBefore(endMs: number): Erased {
    return this.#eraseSegments(this.#endedSegments.all(endMs, BATCH));
  }

  /** The first stored segments, enough for so many bytes or a batch; zero when there is none left. */
  firstSegments(bytes: number): Erased {
    let sum = 0;
    const enough: Sized[] = [];
    for (const segment of this.#firstSegments.iterate(BATCH)) {
      if (sum >= bytes) break;
      sum += segment.bytes;
      enough.push(segment);
    }
    return this.#eraseSegments(enough);
  }

  /** Firings from before the time that nobody waits for any more and nobody has marked. */
  firingsBefore(atMs: number): void {
    this.#connection.write(() => this.#firingRows.run(atMs));
  }

  /** These, whatever their age; `also` is written in the same step. */
  segments(segments: readonly Sized[], also: () => void): Erased {
    return this.#eraseSegments(segments, also);
  }

  /** A batch of the scenes that ended before the time and no firing tells of, without their vectors; returns how many. */
  scenesEndedBefore(endMs: number): number {
    const scenes = this.#endedScenes.all(endMs, BATCH);
    if (scenes.length > 0) this.#connection.writeDurably(() => this.#eraseScenes(idList(scenes)));
    return scenes.length;
  }

  /** What else is told of the time before: vectors, gaps, what was said. */
  tracesBefore(endMs: number): void {
    const { sql } = this.#connection;
    this.#connection.write(() => {
      for (const vectors of this.#vectors) vectors.eraseBefore(endMs);
      sql.prepare('DELETE FROM gaps WHERE end_ms < ?').run(endMs);
      sql.prepare('DELETE FROM transcripts WHERE end_ms < ?').run(endMs); // A trigger takes the words.
      sql.prepare('DELETE FROM transcript_gaps WHERE end_ms < ?').run(endMs);
    });
  }

  /** A batch of the oldest thumbnails of scenes that nothing recorded shows any more and are no evidence; their words stay. */
  thumbsBeforeRecordings(): number {
    const scenes = this.#thumbed.all(BATCH);
    if (scenes.length === 0) return 0;
    this.#connection.writeDurably(() => {
      this.#thumbFiles.run(idList(scenes));
      this.#thumbPaths.run(idList(scenes));
    });
    return scenes.length;
  }

  #eraseSegments(segments: readonly Sized[], also?: () => void): Erased {
    if (segments.length > 0 || also) {
      this.#connection.writeDurably(() => {
        also?.();
        this.#segmentFiles.run(idList(segments));
        this.#segmentRows.run(idList(segments));
        this.#emptySessionFiles.run();
        this.#emptySessionRows.run();
        faultPoint('erase.noted');
      });
      faultPoint('erase.entered');
    }
    return { deletedSegments: segments.length, bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  #eraseScenes(ids: string): void {
    this.#thumbFiles.run(ids);
    this.#sceneWords.run(ids);
    this.#sceneRows.run(ids);
  }
}

function idList(rows: readonly { id: number }[]): string {
  return JSON.stringify(rows.map(({ id }) => id));
}
