import type { Statement } from 'better-sqlite3';
import type { Question } from '#domain';
import type { Connection } from '../connection.ts';
import type { Journal } from '../journal.ts';

interface Row {
  alert_id: string;
  seq: number;
  question: string;
  asked_ms: number;
  answer: string | null;
}

/** What a model is asked before alerts fire: one question for each alert, the last one with its answer. */
export class Questions {
  readonly #connection: Connection;
  readonly #journal: Journal;
  readonly #put: Statement<Omit<Row, 'answer'>>;
  readonly #answer: Statement<[string, string, number]>;
  readonly #get: Statement<[string], Row>;
  readonly #next: Statement<[], Row>;
  readonly #waiting: Statement<[], { count: number }>;

  constructor(connection: Connection, journal: Journal) {
    const { sql } = connection;
    this.#connection = connection;
    this.#journal = journal;
    this.#put = sql.prepare(`
      INSERT INTO alert_questions (alert_id, seq, question, asked_ms)
      SELECT @alert_id, @seq, @question, @asked_ms WHERE EXISTS (SELECT 1 FROM alerts WHERE id = @alert_id)
      ON CONFLICT (alert_id) DO UPDATE
      SET seq = excluded.seq, question = excluded.question, asked_ms = excluded.asked_ms, answer = NULL`);
    this.#answer = sql.prepare(
      'UPDATE alert_questions SET answer = ? WHERE alert_id = ? AND seq = ? AND answer IS NULL',
    );
    this.#get = sql.prepare('SELECT * FROM alert_questions WHERE alert_id = ?');
    this.#next = sql.prepare('SELECT * FROM alert_questions WHERE answer IS NULL ORDER BY asked_ms, seq LIMIT 1');
    this.#waiting = sql.prepare('SELECT count(*) AS count FROM alert_questions WHERE answer IS NULL');
  }

  get(alertId: string): Question | undefined {
    const row = this.#get.get(alertId);
    return row && questionOf(row);
  }

  /** The one that has waited longest. */
  next(): Question | undefined {
    const row = this.#next.get();
    return row && questionOf(row);
  }

  /** How many have no answer yet. */
  waiting(): number {
    return this.#waiting.get()?.count ?? 0;
  }

  /** On disk when it returns; one that was put again meanwhile stays as it is. */
  answer({ alertId, streamId, seq }: Question, answer: Question['answer'] & object, nowMs: number): void {
    this.#connection.writeDurably(() => {
      if (this.#answer.run(JSON.stringify(answer), alertId, seq).changes > 0)
        this.#journal.append('answer', streamId, alertId, nowMs);
    });
  }

  /** Only inside the transaction that stores what the alert remembers of it. */
  put(question: Question): void {
    const { alertId, seq, askedMs, ...about } = question;
    const row = { alert_id: alertId, seq, question: JSON.stringify(about), asked_ms: askedMs };
    if (this.#put.run(row).changes > 0) this.#journal.append('question', question.streamId, alertId, askedMs);
  }
}

function questionOf({ alert_id: alertId, seq, question, asked_ms: askedMs, answer }: Row): Question {
  const about = JSON.parse(question);
  return { ...about, alertId, seq, askedMs, ...(answer === null ? {} : { answer: JSON.parse(answer) }) };
}
