import type { Statement } from 'better-sqlite3';
import {
  type CaptureChannel,
  type CaptureSession,
  type CaptureStatus,
  type Grant,
  mayFollow,
  type Stream,
  sameGrant,
} from '#domain';
import { type Clock, faultPoint } from '#runtime';
import type { Collections } from '../collections.ts';
import type { Connection } from '../connection.ts';
import type { Journal } from '../journal.ts';
import type { Streams } from '../streams.ts';
import { CaptureEvents } from './capture-events.ts';

interface Row {
  id: string;
  collection_id: string;
  end_user_id: string;
  status: CaptureStatus;
  callback_url: string | null;
  ws_connection_id: string | null;
  metadata: string;
  channels: string;
  primary_id: string | null;
  export_status: NonNullable<CaptureSession['exported']>['status'] | null;
  asset_id: string | null;
  export_error: string | null;
  error: string | null;
  created_ms: number;
  changed_ms: number;
  grants: string;
}

export type CaptureDraft = Pick<
  CaptureSession,
  'id' | 'collectionId' | 'endUserId' | 'callbackUrl' | 'wsConnectionId' | 'metadata' | 'grants' | 'createdMs'
>;

export interface CaptureQuery {
  collectionId: string;
  status?: CaptureStatus;
  endUserId?: string;
  limit: number;
  /** What a former answer gave as its end. */
  cursor?: number;
}

/** What a change of status brings along. */
export type CaptureChange = Partial<
  Pick<
    CaptureSession,
    'channels' | 'primaryChannelId' | 'exported' | 'error' | 'callbackUrl' | 'wsConnectionId' | 'grants'
  >
>;

interface Filter {
  collection: string;
  status: string | null;
  user: string | null;
  before: number;
  limit: number;
}

/**
 * Capture sessions, and the event of each status that they come to: both are one transaction, so that no status is told
 * twice or never, whenever the power goes. A session leaves a status once, whoever wants it to.
 */
export class Captures {
  readonly events: CaptureEvents;
  readonly #connection: Connection;
  readonly #collections: Collections;
  readonly #streams: Streams;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #insert: Statement<Row>;
  readonly #update: Statement<Row>;
  readonly #get: Statement<[string], Row>;
  readonly #list: Statement<Filter, Row & { rowid: number }>;
  readonly #unfinished: Statement<[], Row>;
  readonly #counts: Statement<[{ token: string | null }], { running: number; waiting: number }>;
  readonly #forget: Statement<[number]>;
  readonly #empty: Statement<[], string>;

  constructor(
    connection: Connection,
    { collections, streams }: { collections: Collections; streams: Streams },
    journal: Journal,
    clock: Clock,
  ) {
    const { sql } = connection;
    this.#connection = connection;
    this.#collections = collections;
    this.#streams = streams;
    this.#journal = journal;
    this.#clock = clock;
    this.events = new CaptureEvents(connection);
    this.#insert = sql.prepare(`
      INSERT INTO capture_sessions (id, collection_id, end_user_id, status, callback_url, ws_connection_id, metadata,
        channels, primary_id, export_status, asset_id, export_error, error, created_ms, changed_ms, grants)
      VALUES (@id, @collection_id, @end_user_id, @status, @callback_url, @ws_connection_id, @metadata,
        @channels, @primary_id, @export_status, @asset_id, @export_error, @error, @created_ms, @changed_ms, @grants)`);
    this.#update = sql.prepare(`
      UPDATE capture_sessions SET status = @status, callback_url = @callback_url, ws_connection_id = @ws_connection_id,
        channels = @channels, primary_id = @primary_id, export_status = @export_status, asset_id = @asset_id,
        export_error = @export_error, error = @error, changed_ms = @changed_ms, grants = @grants
      WHERE id = @id`);
    this.#get = sql.prepare('SELECT * FROM capture_sessions WHERE id = ?');
    this.#list = sql.prepare(`
      SELECT rowid, * FROM capture_sessions
      WHERE collection_id = @collection AND (@status IS NULL OR status = @status)
        AND (@user IS NULL OR end_user_id = @user) AND rowid < @before
      ORDER BY rowid DESC LIMIT @limit`);
    this.#unfinished = sql.prepare(`
      SELECT * FROM capture_sessions
      WHERE status IN ('starting', 'active', 'stopping') OR (status = 'stopped' AND export_status = 'exporting')
      ORDER BY rowid`);
    this.#counts = sql.prepare(`
      SELECT count(*) FILTER (WHERE status IN ('starting', 'active', 'stopping')) AS running,
        count(*) FILTER (WHERE status = 'created') AS waiting
      FROM capture_sessions
      WHERE status IN ('starting', 'active', 'stopping', 'created') AND (@token IS NULL
        OR EXISTS (SELECT 1 FROM json_each(grants) WHERE value ->> '$.tokenId' = @token))`);
    this.#forget = sql.prepare(`
      DELETE FROM capture_sessions
      WHERE changed_ms < ? AND status IN ('created', 'stopped', 'exported', 'failed')
        AND export_status IS NOT 'exporting'
        AND id NOT IN (SELECT session_id FROM capture_events WHERE next_try_ms IS NOT NULL)`);
    this.#empty = sql
      .prepare<[], string>(`
      SELECT id FROM streams AS s
      WHERE capture IS NOT NULL AND wanted = 'stopped' AND box_id IS NULL
        AND capture ->> '$.sessionId' NOT IN (SELECT id FROM capture_sessions)
        AND NOT EXISTS (SELECT 1 FROM segments WHERE stream_id = s.id)
        AND NOT EXISTS (SELECT 1 FROM scenes WHERE stream_id = s.id)
        AND NOT EXISTS (SELECT 1 FROM transcripts WHERE stream_id = s.id)`)
      .pluck();
  }

  /** On disk, with its event, when this returns. Throws `not_found` when the collection isn't there. */
  create(draft: CaptureDraft): CaptureSession {
    const { createdMs } = draft;
    const session: CaptureSession = { ...draft, status: 'created', channels: [], changedMs: createdMs };
    this.#connection.writeDurably(() => {
      this.#insert.run(this.#rowOf(session));
      this.#tell(session);
    });
    faultPoint('capture.entered');
    return session;
  }

  get(id: string): CaptureSession | undefined {
    const row = this.#get.get(id);
    return row && sessionOf(row);
  }

  /** Newest first; `next` is where the following page begins, where there is one. */
  list({ collectionId, status, endUserId, limit, cursor }: CaptureQuery): {
    sessions: CaptureSession[];
    next?: number;
  } {
    const rows = this.#list.all({
      collection: this.#collections.resolve(collectionId),
      status: status ?? null,
      user: endUserId ?? null,
      before: cursor ?? Number.MAX_SAFE_INTEGER,
      limit: limit + 1,
    });
    const sessions = rows.slice(0, limit).map(sessionOf);
    const last = rows[limit - 1];
    return { sessions, ...(rows.length > limit && last ? { next: last.rowid } : {}) };
  }

  /** Those for which something is still to be done, oldest first. */
  unfinished(): CaptureSession[] {
    return this.#unfinished.all().map(sessionOf);
  }

  /** Those with which the session token has to do, or all. */
  counts(tokenId?: string): { running: number; waiting: number } {
    return this.#counts.get({ token: tokenId ?? null }) ?? { running: 0, waiting: 0 };
  }

  /**
   * Brings the session to the status, with its streams begun or ended as that needs and with its event; false when it has
   * another status by now than one that this may follow. On disk when it returns.
   */
  advance(id: string, to: CaptureStatus, change: CaptureChange = {}, streams: readonly Stream[] = []): boolean {
    const moved = this.#connection.writeDurably(() => {
      const before = this.get(id);
      if (!before || !mayFollow(before.status, to)) return false;
      const session: CaptureSession = { ...before, ...change, status: to, changedMs: this.#clock.nowMs() };
      this.#update.run(this.#rowOf(session));
      for (const stream of streams) this.#streams.create(stream);
      if (to === 'stopping' || to === 'failed') this.#endStreams(session.channels);
      this.#tell(session);
      faultPoint('capture.inserted');
      return true;
    });
    if (moved) faultPoint('capture.entered');
    return moved;
  }

  /** The session ends with this one, too. */
  tie(id: string, grant: Grant): void {
    this.#connection.writeDurably(() => {
      const session = this.get(id);
      if (!session || session.grants.some((one) => sameGrant(one, grant))) return;
      this.#update.run(this.#rowOf({ ...session, grants: [...session.grants, grant] }));
    });
  }

  /** How the export of a session that has stopped went; no event tells of it. */
  noteExport(id: string, exported: NonNullable<CaptureSession['exported']>): void {
    this.#connection.writeDurably(() => {
      const session = this.get(id);
      if (session) this.#update.run(this.#rowOf({ ...session, exported }));
    });
  }

  /** Forgets sessions that ended, or were never started, before the time; their streams stay. Returns how many. */
  forget(beforeMs: number): number {
    return this.#connection.write(() => this.#forget.run(beforeMs).changes);
  }

  /** Streams of sessions that are forgotten, of which nothing is left: no recording, and nothing that was seen or heard. */
  emptyStreams(): string[] {
    return this.#empty.all();
  }

  #tell({ id, status, callbackUrl, changedMs }: CaptureSession): void {
    const eventId = this.events.add({ sessionId: id, status, atMs: changedMs }, callbackUrl !== undefined);
    this.#journal.append('capture', '', String(eventId), changedMs);
  }

  #endStreams(channels: readonly CaptureChannel[]): void {
    for (const { streamId } of channels) {
      if (this.#streams.get(streamId)) this.#streams.update(streamId, { wanted: 'stopped' });
    }
  }

  #rowOf(session: CaptureSession): Row {
    return {
      id: session.id,
      collection_id: this.#collections.resolve(session.collectionId),
      end_user_id: session.endUserId,
      status: session.status,
      callback_url: session.callbackUrl ?? null,
      ws_connection_id: session.wsConnectionId ?? null,
      metadata: JSON.stringify(session.metadata),
      channels: JSON.stringify(session.channels),
      primary_id: session.primaryChannelId ?? null,
      export_status: session.exported?.status ?? null,
      asset_id: session.exported?.assetId ?? null,
      export_error: session.exported?.error ?? null,
      error: session.error ?? null,
      created_ms: session.createdMs,
      changed_ms: session.changedMs,
      grants: JSON.stringify(session.grants),
    };
  }
}

function sessionOf(row: Row): CaptureSession {
  return {
    id: row.id,
    collectionId: row.collection_id,
    endUserId: row.end_user_id,
    status: row.status,
    ...(row.callback_url === null ? {} : { callbackUrl: row.callback_url }),
    ...(row.ws_connection_id === null ? {} : { wsConnectionId: row.ws_connection_id }),
    metadata: JSON.parse(row.metadata),
    channels: JSON.parse(row.channels),
    ...(row.primary_id === null ? {} : { primaryChannelId: row.primary_id }),
    ...(row.export_status === null ? {} : { exported: exportOf(row, row.export_status) }),
    ...(row.error === null ? {} : { error: row.error }),
    grants: JSON.parse(row.grants),
    createdMs: row.created_ms,
    changedMs: row.changed_ms,
  };
}

function exportOf(
  { asset_id: assetId, export_error: error }: Row,
  status: NonNullable<Row['export_status']>,
): NonNullable<CaptureSession['exported']> {
  return { status, ...(assetId === null ? {} : { assetId }), ...(error === null ? {} : { error }) };
}
