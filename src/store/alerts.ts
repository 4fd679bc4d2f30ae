import type { Statement } from 'better-sqlite3';
import type { Alert } from '#domain';
import { Fault } from '#runtime';
import type { Connection } from './connection.ts';

interface Row {
  id: string;
  stream_id: string;
  index_id: string;
  event_id: string;
  callback_url: string | null;
  ws_connection_id: string | null;
  status: Alert['status'];
  created_ms: number;
  snoozed_until_ms: number | null;
  threshold: number | null;
}

/** Events armed on an index. What is answered as armed stays armed over a power cut. */
export class Alerts {
  readonly #connection: Connection;
  readonly #insert: Statement<Row>;
  readonly #get: Statement<[string], Row>;
  readonly #byIndex: Statement<[string], Row>;
  readonly #setStatus: Statement<[Alert['status'], string]>;
  readonly #snooze: Statement<[number | null, string]>;
  readonly #setThreshold: Statement<[number | null, string]>;
  readonly #state: Statement<[string], { state: string }>;

  constructor(connection: Connection) {
    const { sql } = connection;
    this.#connection = connection;
    this.#insert = sql.prepare(`
      INSERT INTO alerts (id, stream_id, index_id, event_id, callback_url, ws_connection_id, status, created_ms,
        snoozed_until_ms, threshold)
      VALUES (@id, @stream_id, @index_id, @event_id, @callback_url, @ws_connection_id, @status, @created_ms,
        @snoozed_until_ms, @threshold)`);
    this.#get = sql.prepare('SELECT * FROM alerts WHERE id = ?');
    this.#byIndex = sql.prepare('SELECT * FROM alerts WHERE index_id = ? ORDER BY created_ms, rowid');
    this.#setStatus = sql.prepare('UPDATE alerts SET status = ? WHERE id = ?');
    this.#snooze = sql.prepare('UPDATE alerts SET snoozed_until_ms = ? WHERE id = ?');
    this.#setThreshold = sql.prepare('UPDATE alerts SET threshold = ? WHERE id = ?');
    this.#state = sql.prepare('SELECT state FROM alert_states WHERE alert_id = ?');
  }

  /** Throws `conflict` when the id is taken, `not_found` when its stream, index or event isn't there. */
  create(alert: Alert): void {
    this.#connection.writeDurably(() => this.#insert.run(rowOf(alert)));
  }

  get(id: string): Alert | undefined {
    const row = this.#get.get(id);
    return row && alertOf(row);
  }

  /** Oldest first. */
  listByIndex(indexId: string): Alert[] {
    return this.#byIndex.all(indexId).map(alertOf);
  }

  enabledByIndex(indexId: string): Alert[] {
    return this.listByIndex(indexId).filter((alert) => alert.status === 'enabled');
  }

  /** Throws `not_found`. */
  setStatus(id: string, status: Alert['status']): Alert {
    const before = this.get(id);
    if (!before) throw new Fault('not_found', `no alert ${id}`);
    this.#connection.writeDurably(() => this.#setStatus.run(status, id));
    return { ...before, status };
  }

  /** Nobody is told of it until then; undefined: from now on again. Throws `not_found`. */
  snooze(id: string, untilMs: number | undefined): Alert {
    return this.#connection.writeDurably(() => {
      this.#snooze.run(untilMs ?? null, id);
      const alert = this.get(id);
      if (!alert) throw new Fault('not_found', `no alert ${id}`);
      return alert;
    });
  }

  /** From now on nobody is told of what it is less sure of; undefined: of everything again. Throws `not_found`. */
  setThreshold(id: string, threshold: number | undefined): Alert {
    return this.#connection.writeDurably(() => {
      this.#setThreshold.run(threshold ?? null, id);
      const alert = this.get(id);
      if (!alert) throw new Fault('not_found', `no alert ${id}`);
      return alert;
    });
  }

  /** What the evaluator last committed for the alert. */
  evidenceState(alertId: string): string | undefined {
    return this.#state.get(alertId)?.state;
  }
}

function alertOf(row: Row): Alert {
  return {
    id: row.id,
    streamId: row.stream_id,
    indexId: row.index_id,
    eventId: row.event_id,
    ...(row.callback_url === null ? {} : { callbackUrl: row.callback_url }),
    ...(row.ws_connection_id === null ? {} : { wsConnectionId: row.ws_connection_id }),
    status: row.status,
    createdMs: row.created_ms,
    ...(row.snoozed_until_ms === null ? {} : { snoozedUntilMs: row.snoozed_until_ms }),
    ...(row.threshold === null ? {} : { threshold: row.threshold }),
  };
}

function rowOf(alert: Alert): Row {
  return {
    id: alert.id,
    stream_id: alert.streamId,
    index_id: alert.indexId,
    event_id: alert.eventId,
    callback_url: alert.callbackUrl ?? null,
    ws_connection_id: alert.wsConnectionId ?? null,
    status: alert.status,
    created_ms: alert.createdMs,
    snoozed_until_ms: alert.snoozedUntilMs ?? null,
    threshold: alert.threshold ?? null,
  };
}
