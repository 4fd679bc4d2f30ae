import type { Statement } from 'better-sqlite3';
import type { Delivery, DeliveryChannel, Firing, Question, Verdict } from '#domain';
import { type Clock, faultPoint } from '#runtime';
import type { Connection } from '../connection.ts';
import type { Journal } from '../journal.ts';
import type { Holds } from '../recordings/holds.ts';
import type { Questions } from './questions.ts';

export interface FiringRow {
  id: string;
  alert_id: string;
  event_id: string;
  label: string;
  stream_id: string;
  index_id: string;
  scene_id: number;
  at_ms: number;
  start_ms: number;
  end_ms: number;
  confidence: number;
  explanation: string;
  evidence: string;
  verdict: string | null;
}

/** Rows of scenes count from 1. */
const NO_SCENE = 0;

/** Where a firing is to go. */
export type NewDelivery = Pick<Delivery, 'channel' | 'target'>;

/** All that one pass of the evaluator has found out. */
export interface EvaluationBatch {
  /** The last journal entry that is covered, and the reader's name. */
  cursor: number;
  cursorName: string;
  states: { alertId: string; state: string }[];
  firings: { firing: Firing; deliveries: NewDelivery[] }[];
  questions?: Question[];
}

/** Who reads the journal's firings to look at them again, and the last one it is done with. */
export interface FiringReader {
  name: string;
  seq: number;
}

/** Alerts that fired. They come only with the evaluator's progress, so that a crash neither repeats nor loses one. */
export class Firings {
  readonly #connection: Connection;
  readonly #journal: Journal;
  readonly #holds: Holds;
  readonly #clock: Clock;
  readonly #questions: Questions;
  readonly #insert: Statement<FiringRow>;
  readonly #insertDelivery: Statement<[string, DeliveryChannel, string, number]>;
  readonly #setVerdict: Statement<[string, string]>;
  readonly #insertSecond: Statement<[number, string]>;
  readonly #saveState: Statement<[string, string]>;
  readonly #get: Statement<[string], FiringRow>;
  readonly #recent: Statement<{ stream: string | null; before: number | null; limit: number }, FiringRow>;
  readonly #recentOfBox: Statement<{ box: string; limit: number }, FiringRow>;
  readonly #confidences: Statement<[string, number], number>;
  readonly #count: Statement<[], { count: number }>;

  constructor(
    connection: Connection,
    journal: Journal,
    { clock, holds, questions }: { clock: Clock; holds: Holds; questions: Questions },
  ) {
    const { sql } = connection;
    this.#connection = connection;
    this.#journal = journal;
    this.#holds = holds;
    this.#clock = clock;
    this.#questions = questions;
    // An alert that has been deleted meanwhile fires no more; one that fired for this start has done so.
    this.#insert = sql.prepare(`
      INSERT INTO firings (id, alert_id, event_id, label, stream_id, index_id, scene_id, at_ms, start_ms, end_ms,
        confidence, explanation, evidence, verdict)
      SELECT @id, @alert_id, @event_id, @label, @stream_id, @index_id, @scene_id, @at_ms, @start_ms, @end_ms,
        @confidence, @explanation, @evidence, @verdict
      WHERE EXISTS (SELECT 1 FROM alerts WHERE id = @alert_id)
      ON CONFLICT (alert_id, start_ms) DO NOTHING`);
    this.#insertDelivery = sql.prepare(
      'INSERT INTO deliveries (firing_id, channel, target, since_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#setVerdict = sql.prepare('UPDATE firings SET verdict = ? WHERE id = ?');
    this.#insertSecond = sql.prepare(`
      INSERT INTO deliveries (firing_id, channel, target, what, since_ms)
      SELECT firing_id, channel, target, 'verdict', ? FROM deliveries WHERE firing_id = ? AND what = 'alert'
      ON CONFLICT DO NOTHING`);
    this.#saveState = sql.prepare(`
      INSERT INTO alert_states (alert_id, state) SELECT id, ? FROM alerts WHERE id = ?
      ON CONFLICT (alert_id) DO UPDATE SET state = excluded.state`);
    this.#get = sql.prepare('SELECT * FROM firings WHERE id = ? AND stream_id IN (SELECT id FROM streams)');
    this.#recent = sql.prepare(`
      SELECT * FROM firings
      WHERE (@stream IS NULL OR stream_id = @stream) AND +stream_id IN (SELECT id FROM streams)
        AND at_ms < coalesce(@before, 9e15)
      ORDER BY at_ms DESC, rowid DESC LIMIT @limit`);
    // Of each camera no more than are wanted of all.
    this.#recentOfBox = sql.prepare(`
      SELECT f.* FROM streams s JOIN firings f ON f.stream_id = s.id
      WHERE coalesce(s.box_id, '') = @box
        AND f.at_ms >= coalesce((SELECT at_ms FROM firings WHERE stream_id = s.id
          ORDER BY at_ms DESC LIMIT 1 OFFSET @limit - 1), 0)
      ORDER BY f.at_ms DESC, f.rowid DESC LIMIT @limit`);
    this.#confidences = sql
      .prepare<[string, number], number>(
        'SELECT confidence FROM firings WHERE alert_id = ? ORDER BY start_ms DESC LIMIT ?',
      )
      .pluck();
    this.#count = sql.prepare('SELECT count(*) AS count FROM firings');
  }

  get(id: string): Firing | undefined {
    const row = this.#get.get(id);
    return row && firingOf(row);
  }

  /** Newest first, those before `beforeMs`. */
  recent(query: { limit: number; streamId?: string; beforeMs?: number }): Firing[] {
    const { limit, streamId, beforeMs } = query;
    return this.#recent.all({ stream: streamId ?? null, before: beforeMs ?? null, limit }).map(firingOf);
  }

  /** The same of all cameras that a box sends; empty for this one's own. */
  recentOfBox(box: string, limit: number): Firing[] {
    return this.#recentOfBox.all({ box, limit }).map(firingOf);
  }

  /** How sure the alert's newest firings were, newest first. */
  confidences(alertId: string, limit: number): number[] {
    return this.#confidences.all(alertId, limit);
  }

  count(): number {
    return this.#count.get()?.count ?? 0;
  }

  /**
   * What came of looking at a firing again: it goes to all who got the alert or will get it, after it. A firing that is
   * gone is passed over. On disk, with the reader's progress, when this returns.
   */
  setVerdict(id: string, verdict: Verdict, reader: FiringReader): void {
    this.#connection.writeDurably(() => {
      const firing = this.get(id);
      if (firing) this.#judge(firing, verdict);
      this.#journal.moveCursor(reader.name, reader.seq);
    });
  }

  /** The reader is done with the journal up to there, and has nothing to say. */
  passOver(reader: FiringReader): void {
    this.#connection.write(() => this.#journal.moveCursor(reader.name, reader.seq));
  }

  /** All of the batch or nothing, and on disk when it returns. A firing with a known alert and start is left out. */
  commit(batch: EvaluationBatch): void {
    this.#connection.writeDurably(() => {
      for (const { alertId, state } of batch.states) this.#saveState.run(state, alertId);
      for (const { firing, deliveries } of batch.firings) this.#enter(firing, deliveries);
      for (const question of batch.questions ?? []) this.#questions.put(question);
      this.#journal.moveCursor(batch.cursorName, batch.cursor);
      faultPoint('firing.inserted');
    });
    faultPoint('firing.entered');
  }

  /** What another box has found: stored once, and its verdict when it has one. */
  receive(firing: Firing, deliveries: readonly NewDelivery[]): void {
    this.#connection.write(() => {
      if (!this.get(firing.id)) this.#enter(firing, deliveries);
      else if (firing.verdict && !this.get(firing.id)?.verdict) this.#judge(firing, firing.verdict);
    });
  }

  #enter(firing: Firing, deliveries: readonly NewDelivery[]): void {
    if (this.#insert.run(rowOf(firing)).changes === 0) return;
    this.#holds.addFor(firing);
    const nowMs = this.#clock.nowMs();
    for (const { channel, target } of deliveries) this.#insertDelivery.run(firing.id, channel, target, nowMs);
    this.#journal.append('firing', firing.streamId, firing.id, firing.atMs);
  }

  #judge({ id, streamId }: Pick<Firing, 'id' | 'streamId'>, verdict: Verdict): void {
    this.#setVerdict.run(JSON.stringify(verdict), id);
    this.#insertSecond.run(this.#clock.nowMs(), id);
    this.#journal.append('verdict', streamId, id, verdict.atMs);
  }
}

export function firingOf(row: FiringRow): Firing {
  return {
    id: row.id,
    alertId: row.alert_id,
    eventId: row.event_id,
    label: row.label,
    streamId: row.stream_id,
    indexId: row.index_id,
    ...(row.scene_id === NO_SCENE ? {} : { sceneId: row.scene_id }),
    atMs: row.at_ms,
    startMs: row.start_ms,
    endMs: row.end_ms,
    confidence: row.confidence,
    explanation: row.explanation,
    evidence: JSON.parse(row.evidence),
    ...(row.verdict === null ? {} : { verdict: JSON.parse(row.verdict) }),
  };
}

function rowOf(firing: Firing): FiringRow {
  return {
    id: firing.id,
    alert_id: firing.alertId,
    event_id: firing.eventId,
    label: firing.label,
    stream_id: firing.streamId,
    index_id: firing.indexId,
    scene_id: firing.sceneId ?? NO_SCENE,
    at_ms: firing.atMs,
    start_ms: firing.startMs,
    end_ms: firing.endMs,
    confidence: firing.confidence,
    explanation: firing.explanation,
    evidence: JSON.stringify(firing.evidence),
    verdict: firing.verdict ? JSON.stringify(firing.verdict) : null,
  };
}
