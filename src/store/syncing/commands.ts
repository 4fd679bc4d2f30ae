import type { Statement } from 'better-sqlite3';
import type { Command, CommandAnswer } from '#domain';
import { type Clock, Fault } from '#runtime';
import type { Connection } from '../connection.ts';

/** Of hubs' commands that were begun; older ones are forgotten. */
const KEEP_DONE = 5000;
/** A larger answer isn't kept for whoever asks again. */
const LARGEST_ANSWER = 16 * 1024;
/** Commands that one box has waiting. */
const MOST_WAITING = 100;
/** Of those of a box that wait no more. */
const KEEP_OVER = 100;
/** After which nobody asks any more what came of a command. */
const FORGET_MS = 7 * 86_400_000;

/** A command without the time by the box's clock, which nobody knows before it is sent. */
export type Errand = Omit<Command, 'untilMs'> & {
  /** Of whoever asks; absent: a hub of this box's. */
  keyId?: number;
};

/** A command to another box that waits, or waited, until it comes back. */
export interface WaitingCommand {
  boxId: string;
  errand: Errand;
  createdMs: number;
  expiresMs: number;
  answer?: CommandAnswer;
}

interface WaitingRow {
  box_id: string;
  command: string;
  created_ms: number;
  expires_ms: number;
  answer: string | null;
}

/** Commands that go from one Watchpost to another: those that this box has done, and those that wait for other boxes. */
export class Commands {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #begin: Statement<[string, string]>;
  readonly #done: Statement<[string, string, string]>;
  readonly #answer: Statement<[string, string], { answer: string | null }>;
  readonly #forgetDone: Statement<[number]>;
  readonly #insert: Statement<[string, string, string, number, number]>;
  readonly #answered: Statement<[string, string]>;
  readonly #get: Statement<[string, string], WaitingRow>;
  readonly #waiting: Statement<[string, number], WaitingRow>;
  readonly #forget: Statement<[number]>;
  readonly #prune: Statement<{ box: string; nowMs: number; keep: number }>;

  constructor(connection: Connection, clock: Clock) {
    const { sql } = connection;
    this.#connection = connection;
    this.#clock = clock;
    this.#begin = sql.prepare('INSERT INTO commands_done (hub, ref) VALUES (?, ?) ON CONFLICT DO NOTHING');
    this.#done = sql.prepare('UPDATE commands_done SET answer = ? WHERE hub = ? AND ref = ?');
    this.#answer = sql.prepare('SELECT answer FROM commands_done WHERE hub = ? AND ref = ?');
    this.#forgetDone = sql.prepare('DELETE FROM commands_done WHERE id <= ?');
    this.#insert = sql.prepare(
      'INSERT INTO commands_waiting (id, box_id, command, created_ms, expires_ms) VALUES (?, ?, ?, ?, ?)',
    );
    this.#answered = sql.prepare('UPDATE commands_waiting SET answer = ? WHERE id = ? AND answer IS NULL');
    this.#get = sql.prepare('SELECT * FROM commands_waiting WHERE box_id = ? AND id = ?');
    this.#waiting = sql.prepare(
      'SELECT * FROM commands_waiting WHERE box_id = ? AND answer IS NULL AND expires_ms > ? ORDER BY rowid',
    );
    this.#forget = sql.prepare('DELETE FROM commands_waiting WHERE expires_ms < ?');
    this.#prune = sql.prepare(`
      DELETE FROM commands_waiting WHERE id IN (
        SELECT id FROM commands_waiting WHERE box_id = @box AND (answer IS NOT NULL OR expires_ms <= @nowMs)
        ORDER BY rowid DESC LIMIT -1 OFFSET @keep)`);
  }

  /**
   * Notes, on disk, that a hub's command is begun. `again` when it was before: with what it was answered, unless it broke
   * off or that was too large.
   */
  begin(hub: string, ref: string): { again: boolean; answer?: CommandAnswer } {
    return this.#connection.writeDurably(() => {
      const { changes, lastInsertRowid } = this.#begin.run(hub, ref);
      if (changes > 0) {
        this.#forgetDone.run(Number(lastInsertRowid) - KEEP_DONE);
        return { again: false };
      }
      const answer = this.#answer.get(hub, ref)?.answer;
      return { again: true, ...(answer ? { answer: JSON.parse(answer) } : {}) };
    });
  }

  done(hub: string, ref: string, answer: CommandAnswer): void {
    const text = JSON.stringify(answer);
    if (text.length > LARGEST_ANSWER) return;
    this.#connection.writeDurably(() => this.#done.run(text, hub, ref));
  }

  /** Keeps a command for a box until it has been answered, or for so long. Throws `conflict` when too many wait. */
  wait(boxId: string, errand: Errand, forMs: number): void {
    const nowMs = this.#clock.nowMs();
    this.#connection.writeDurably(() => {
      this.#forget.run(nowMs - FORGET_MS);
      this.#prune.run({ box: boxId, nowMs, keep: KEEP_OVER });
      if (this.#waiting.all(boxId, nowMs).length >= MOST_WAITING) {
        throw new Fault('conflict', `${MOST_WAITING} commands wait for this box already: wait until it comes back`);
      }
      this.#insert.run(errand.id, boxId, JSON.stringify(errand), nowMs, nowMs + forMs);
    });
  }

  /** What came of one that waited. */
  answered(answer: CommandAnswer): void {
    this.#connection.writeDurably(() => this.#answered.run(JSON.stringify(answer), answer.id));
  }

  get(boxId: string, id: string): WaitingCommand | undefined {
    const row = this.#get.get(boxId, id);
    return row && waitingOf(row);
  }

  /** Those that may still be done, in the order in which they came. */
  waiting(boxId: string): WaitingCommand[] {
    return this.#waiting.all(boxId, this.#clock.nowMs()).map(waitingOf);
  }
}

function waitingOf({ box_id, command, created_ms, expires_ms, answer }: WaitingRow): WaitingCommand {
  return {
    boxId: box_id,
    errand: JSON.parse(command),
    createdMs: created_ms,
    expiresMs: expires_ms,
    ...(answer === null ? {} : { answer: JSON.parse(answer) }),
  };
}
