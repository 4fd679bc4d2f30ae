import type { Statement } from 'better-sqlite3';
import type { Job } from '#domain';
import { Fault } from '#runtime';
import type { Connection } from '../connection.ts';

export interface JobDraft extends Pick<Job, 'id' | 'kind' | 'input' | 'callbackUrl' | 'createdMs'> {
  /** Who asks for the same while it is under way is given this job. */
  joinKey?: string;
  /** What its handler needs and is too long for `input`; kept until it has finished. */
  detail?: string;
}

/** No schedule waits this long: a later time means that the clock has been set back, and the call is due. */
const LONGEST_WAIT_MS = 3_600_000;

/** A call that is to tell a job's outcome and hasn't yet; `dead`: it was given up. */
export interface JobCallback {
  job: Job;
  url: string;
  attempts: number;
  lastError?: string;
  /** Absent when it is dead. */
  nextTryMs?: number;
}

interface Row {
  id: string;
  kind: Job['kind'];
  input: string;
  status: Job['status'];
  percentage: number;
  result: string | null;
  error: string | null;
  callback_url: string | null;
  callback_attempts: number;
  callback_next_ms: number | null;
  callback_error: string | null;
  created_ms: number;
  finished_ms: number | null;
}

interface NewRow extends Pick<Row, 'id' | 'kind' | 'input' | 'callback_url' | 'created_ms'> {
  join_key: string | null;
  detail: string | null;
}

interface Outcome {
  id: string;
  status: Job['status'];
  percentage: number;
  result: string | null;
  error: string | null;
  now: number;
}

/** Without `detail`, which may be megabytes. */
const COLUMNS = `id, kind, input, status, percentage, result, error, callback_url, callback_attempts, callback_next_ms,
  callback_error, created_ms, finished_ms`;

/** Work that outlasts a request, and the calls that tell its outcome. */
export class Jobs {
  readonly #connection: Connection;
  readonly #insert: Statement<NewRow>;
  readonly #get: Statement<[string], Row>;
  readonly #unfinished: Statement<[], Row>;
  readonly #latest: Statement<[number], Row>;
  readonly #begun: Statement<[string], Row>;
  readonly #detail: Statement<[string], { detail: string | null }>;
  readonly #progress: Statement<[number, string]>;
  readonly #started: Statement<[number, string], { starts: number }>;
  readonly #finish: Statement<Outcome>;
  readonly #due: Statement<{ now: number; latest: number; limit: number }, Row>;
  readonly #nextDue: Statement<[number], { at: number | null }>;
  readonly #called: Statement<{ id: string; next: number | null; error: string | null }>;
  readonly #callbacks: Record<'waiting' | 'dead', Statement<[number], Row>>;
  readonly #deadCount: Statement<[], { count: number }>;
  readonly #replay: Statement<[string]>;
  readonly #prune: Statement<[number]>;

  constructor(connection: Connection) {
    const { sql } = connection;
    this.#connection = connection;
    this.#insert = sql.prepare(`
      INSERT INTO jobs (id, kind, input, status, percentage, callback_url, created_ms, join_key, detail)
      VALUES (@id, @kind, @input, 'processing', 0, @callback_url, @created_ms, @join_key, @detail)`);
    this.#get = sql.prepare(`SELECT ${COLUMNS} FROM jobs WHERE id = ?`);
    this.#unfinished = sql.prepare(
      `SELECT ${COLUMNS} FROM jobs WHERE status = 'processing' ORDER BY created_ms, rowid`,
    );
    this.#latest = sql.prepare(
      `SELECT ${COLUMNS} FROM jobs ORDER BY status = 'processing' DESC, created_ms DESC, rowid DESC LIMIT ?`,
    );
    this.#begun = sql.prepare(`SELECT ${COLUMNS} FROM jobs WHERE status = 'processing' AND join_key = ?`);
    this.#detail = sql.prepare('SELECT detail FROM jobs WHERE id = ?');
    this.#progress = sql.prepare("UPDATE jobs SET percentage = ? WHERE id = ? AND status = 'processing'");
    this.#started = sql.prepare('UPDATE jobs SET starts = starts + ? WHERE id = ? RETURNING starts');
    this.#finish = sql.prepare(`
      UPDATE jobs SET status = @status, percentage = max(percentage, @percentage), result = @result, error = @error,
        detail = NULL, finished_ms = @now, callback_next_ms = iif(callback_url IS NULL, NULL, 0)
      WHERE id = @id AND status = 'processing'`);
    this.#due = sql.prepare(`
      SELECT ${COLUMNS} FROM jobs
      WHERE callback_next_ms IS NOT NULL AND (callback_next_ms <= @now OR callback_next_ms > @latest)
      ORDER BY callback_next_ms LIMIT @limit`);
    this.#nextDue = sql.prepare(
      'SELECT min(iif(callback_next_ms > ?, 0, callback_next_ms)) AS at FROM jobs WHERE callback_next_ms IS NOT NULL',
    );
    this.#called = sql.prepare(`
      UPDATE jobs SET callback_attempts = callback_attempts + 1, callback_next_ms = @next, callback_error = @error
      WHERE id = @id`);
    const dead = 'callback_next_ms IS NULL AND callback_error IS NOT NULL';
    this.#callbacks = {
      waiting: sql.prepare(
        `SELECT ${COLUMNS} FROM jobs WHERE callback_next_ms IS NOT NULL ORDER BY finished_ms DESC LIMIT ?`,
      ),
      dead: sql.prepare(`SELECT ${COLUMNS} FROM jobs WHERE ${dead} ORDER BY finished_ms DESC LIMIT ?`),
    };
    this.#deadCount = sql.prepare(`SELECT count(*) AS count FROM jobs WHERE ${dead}`);
    this.#replay = sql.prepare(`
      UPDATE jobs SET callback_next_ms = 0, callback_attempts = 0
      WHERE id = ? AND callback_url IS NOT NULL AND status <> 'processing'`);
    this.#prune = sql.prepare('DELETE FROM jobs WHERE finished_ms < ? AND callback_next_ms IS NULL');
  }

  /** On disk when it returns. Throws `conflict` when the id is taken. */
  add(draft: JobDraft): Job {
    const { joinKey, detail, ...job } = draft;
    const row: NewRow = {
      id: job.id,
      kind: job.kind,
      input: JSON.stringify(job.input),
      callback_url: job.callbackUrl ?? null,
      created_ms: job.createdMs,
      join_key: joinKey ?? null,
      detail: detail ?? null,
    };
    this.#connection.writeDurably(() => this.#insert.run(row));
    return { ...job, status: 'processing', percentage: 0 };
  }

  get(id: string): Job | undefined {
    const row = this.#get.get(id);
    return row && jobOf(row);
  }

  /** Oldest first. */
  unfinished(): Job[] {
    return this.#unfinished.all().map(jobOf);
  }

  /** Those under way, then the others; the newest first. */
  latest(limit: number): Job[] {
    return this.#latest.all(limit).map(jobOf);
  }

  /** The job under way that does the same. */
  begun(joinKey: string): Job | undefined {
    const row = this.#begun.get(joinKey);
    return row && jobOf(row);
  }

  /** Of a job that hasn't finished. */
  detail(id: string): string | undefined {
    return this.#detail.get(id)?.detail ?? undefined;
  }

  /** 0–100; nothing happens to a job that has finished. */
  progress(id: string, percentage: number): void {
    this.#connection.write(() => this.#progress.run(percentage, id));
  }

  /** How often its work was begun by now and not left in order. */
  started(id: string): number {
    return this.#connection.write(() => this.#started.get(1, id)?.starts ?? 0);
  }

  /** Its work was left in order, to be begun again. */
  left(id: string): void {
    this.#connection.write(() => this.#started.get(-1, id));
  }

  /** On disk when it returns; a finished job stays as it is. */
  done(id: string, result: NonNullable<Job['result']>, nowMs: number): void {
    this.#finishAs({ id, status: 'done', percentage: 100, result: JSON.stringify(result), error: null, now: nowMs });
  }

  /** On disk when it returns; a finished job stays as it is. */
  failed(id: string, error: string, nowMs: number): void {
    this.#finishAs({ id, status: 'failed', percentage: 0, result: null, error, now: nowMs });
  }

  /** Finished jobs whose outcome is to be told now, with the number of times that it was tried. */
  callbacksDue(nowMs: number, limit: number): (Job & { attempts: number })[] {
    const rows = this.#due.all({ now: nowMs, latest: nowMs + LONGEST_WAIT_MS, limit });
    return rows.map((row) => ({ ...jobOf(row), attempts: row.callback_attempts }));
  }

  /** When the next outcome is to be told; undefined when none is. */
  nextCallbackMs(nowMs: number): number | undefined {
    return this.#nextDue.get(nowMs + LONGEST_WAIT_MS)?.at ?? undefined;
  }

  /** The outcome was told. */
  calledBack(id: string): void {
    this.#connection.write(() => this.#called.run({ id, next: null, error: null }));
  }

  /** Without a next time nobody tries any more. */
  callbackFailed(id: string, error: string, nextTryMs: number | undefined): void {
    this.#connection.write(() => this.#called.run({ id, next: nextTryMs ?? null, error }));
  }

  /** Outcomes that are to be told or were given up, the newest first. */
  callbacks(state: 'waiting' | 'dead', limit: number): JobCallback[] {
    return this.#callbacks[state].all(limit).flatMap(callbackOf);
  }

  deadCallbacks(): number {
    return this.#deadCount.get()?.count ?? 0;
  }

  /** Has a finished job's outcome told once more, as if it were new. Throws `not_found`. */
  replayCallback(id: string): void {
    this.#connection.writeDurably(() => {
      if (this.#replay.run(id).changes === 0)
        throw new Fault('not_found', `there is no finished job "${id.slice(0, 80)}" with a callback_url`);
    });
  }

  /** Forgets what has finished before the time and been told. */
  prune(beforeMs: number): void {
    this.#connection.write(() => this.#prune.run(beforeMs));
  }

  #finishAs(outcome: Outcome): void {
    this.#connection.writeDurably(() => this.#finish.run(outcome));
  }
}

function jobOf(row: Row): Job {
  return {
    id: row.id,
    kind: row.kind,
    input: JSON.parse(row.input),
    status: row.status,
    percentage: row.percentage,
    ...(row.result === null ? {} : { result: JSON.parse(row.result) }),
    ...(row.error === null ? {} : { error: row.error }),
    ...(row.callback_url === null ? {} : { callbackUrl: row.callback_url }),
    createdMs: row.created_ms,
    ...(row.finished_ms === null ? {} : { finishedMs: row.finished_ms }),
  };
}

function callbackOf(row: Row): JobCallback[] {
  if (row.callback_url === null) return [];
  return [
    {
      job: jobOf(row),
      url: row.callback_url,
      attempts: row.callback_attempts,
      ...(row.callback_error === null ? {} : { lastError: row.callback_error }),
      ...(row.callback_next_ms === null ? {} : { nextTryMs: row.callback_next_ms }),
    },
  ];
}
