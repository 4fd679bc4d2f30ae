import type { Statement } from 'better-sqlite3';
import { isSelective, RECORD_ALL, type RecordingPolicy, type Stream } from '#domain';
import { type Clock, Fault } from '#runtime';
import type { Collections } from './collections.ts';
import type { Connection } from './connection.ts';
import type { Journal } from './journal.ts';
import type { Orphans } from './recordings/orphans.ts';
import { isSealed, Seal } from './safety/seal.ts';

interface Row {
  id: string;
  collection_id: string;
  name: string;
  url: string;
  media_types: string;
  sample_rate: number;
  store: number;
  enable_transcript: number;
  transport: Stream['transport'];
  zones: string;
  wanted: Stream['wanted'];
  origin: Stream['origin'];
  created_ms: number;
  transcript_engine: string;
  transcript_ws_connection_id: string | null;
  transcript_changed_ms: number;
  substream_url: string | null;
  recording: string;
  box_id: string | null;
  push: string | null;
  capture: string | null;
}

export interface StreamQuery {
  /** All of them when absent. */
  limit?: number;
  offset?: number;
  status?: Stream['wanted'];
  /** Part of the name, in any case. */
  name?: string;
  /** `created_at`, `name`, `status` or `id`; with `-` descending. Default: newest first. */
  ordering?: string;
  collectionId?: string;
  /** Without those of other boxes. */
  own?: boolean;
}

interface StreamsDeps {
  collections: Collections;
  orphans: Orphans;
  journal: Journal;
  /** The box's own. */
  key: Buffer;
  clock: Clock;
}

/** What a client may sort by → the column. */
const ORDERINGS: Readonly<Record<string, string>> = {
  created_at: 'created_ms',
  name: 'name COLLATE NOCASE',
  status: 'wanted',
  id: 'id',
};

const MATCHES = `
  (@status IS NULL OR wanted = @status)
  AND (@name IS NULL OR instr(lower(name), lower(@name)) > 0)
  AND (@collection IS NULL OR collection_id = @collection)
  AND (@own = 0 OR box_id IS NULL)`;

const UPSERT = `
  INSERT INTO streams (id, collection_id, name, url, media_types, sample_rate, store, enable_transcript, transport,
    zones, wanted, origin, created_ms, transcript_engine, transcript_ws_connection_id, transcript_changed_ms,
    substream_url, recording, box_id, push, capture)
  VALUES (@id, @collection_id, @name, @url, @media_types, @sample_rate, @store, @enable_transcript, @transport,
    @zones, @wanted, @origin, @created_ms, @transcript_engine, @transcript_ws_connection_id, @transcript_changed_ms,
    @substream_url, @recording, @box_id, @push, @capture)`;

const UPDATE = `
  UPDATE streams SET collection_id = @collection_id, name = @name, url = @url, media_types = @media_types,
    sample_rate = @sample_rate, store = @store, enable_transcript = @enable_transcript, transport = @transport,
    zones = @zones, wanted = @wanted, origin = @origin, transcript_engine = @transcript_engine,
    transcript_ws_connection_id = @transcript_ws_connection_id, transcript_changed_ms = @transcript_changed_ms,
    substream_url = @substream_url, recording = @recording, push = @push
  WHERE id = @id`;

/**
 * The cameras. Deleting one takes everything along that was made from it. Addresses, which may hold passwords, are sealed.
 */
export class Streams {
  readonly #connection: Connection;
  readonly #collections: Collections;
  readonly #orphans: Orphans;
  readonly #journal: Journal;
  readonly #seal: Seal;
  readonly #clock: Clock;
  readonly #siftFrom: Statement<[number, string]>;
  readonly #insert: Statement<Row>;
  readonly #update: Statement<Row>;
  readonly #get: Statement<[string], Row>;

  constructor(connection: Connection, { collections, orphans, journal, key, clock }: StreamsDeps) {
    const { sql } = connection;
    this.#connection = connection;
    this.#collections = collections;
    this.#orphans = orphans;
    this.#journal = journal;
    this.#seal = new Seal(key, 'camera addresses');
    this.#clock = clock;
    this.#siftFrom = sql.prepare('UPDATE streams SET sifted_ms = ? WHERE id = ?');
    this.#insert = sql.prepare(UPSERT);
    this.#update = sql.prepare(UPDATE);
    this.#get = sql.prepare('SELECT * FROM streams WHERE id = ?');
    this.#sealPlain();
  }

  /** Cameras whose address can't be read, as it was sealed with another key: it must be set again. */
  unreadable(): string[] {
    const rows = this.#connection.sql.prepare<[], Row>('SELECT * FROM streams').all();
    return rows.filter(({ url }) => this.#seal.openText(url) === undefined).map(({ name }) => name);
  }

  /** Throws `conflict` when the id is taken, `not_found` when the collection isn't there. */
  create(stream: Stream): void {
    this.#connection.write(() => this.#insert.run(this.#rowOf(stream)));
  }

  get(id: string): Stream | undefined {
    const row = this.#get.get(id);
    return row && this.#streamOf(row);
  }

  /** `count` is the number that match, whatever the limit. Throws `invalid` for an unknown ordering. */
  list(query: StreamQuery = {}): { results: Stream[]; count: number } {
    const { sql } = this.#connection;
    const filter = {
      status: query.status ?? null,
      name: query.name ?? null,
      collection: query.collectionId === undefined ? null : this.#collections.resolve(query.collectionId),
      own: Number(query.own ?? false),
    };
    const page = { limit: query.limit ?? -1, offset: query.offset ?? 0 };
    const results = sql
      .prepare<[typeof filter & typeof page], Row>(
        `SELECT * FROM streams WHERE ${MATCHES} ORDER BY ${orderBy(query.ordering)} LIMIT @limit OFFSET @offset`,
      )
      .all({ ...filter, ...page });
    const counted = sql
      .prepare<[typeof filter], { count: number }>(`SELECT count(*) AS count FROM streams WHERE ${MATCHES}`)
      .get(filter);
    return { results: results.map((row) => this.#streamOf(row)), count: counted?.count ?? 0 };
  }

  /**
   * Throws `not_found`. The id and the time of creation stay. A stream that no longer keeps everything begins with that
   * now: what it has recorded before stays.
   */
  update(id: string, patch: Partial<Stream>): Stream {
    const stored = this.#demand(id);
    const before = this.#streamOf(stored);
    const stream: Stream = { ...before, ...patch, id, createdMs: before.createdMs };
    // An address that can't be read now may be when the key is back.
    const kept = {
      ...('url' in patch ? {} : { url: stored.url }),
      ...('substreamUrl' in patch ? {} : { substream_url: stored.substream_url }),
    };
    this.#connection.write(() => {
      this.#update.run({ ...this.#rowOf(stream), ...kept });
      const begins = isSelective(stream.recording) && !isSelective(before.recording);
      if (begins) this.#siftFrom.run(this.#clock.nowMs(), id);
    });
    return stream;
  }

  /**
   * Takes along its indexes, alerts and pending deliveries; what else was made from it is found no more, and goes with the
   * next retention run, as its recordings and files do. With `everywhere` those that have copies of it are told to do the
   * same, where it is this box's own. Throws `not_found`.
   */
  delete(id: string, { everywhere = false }: { everywhere?: boolean } = {}): void {
    const isTold = this.#demand(id).box_id === null && everywhere;
    this.#orphans.deleteStream(id, () => {
      if (isTold) this.#journal.append('deleted', id, id, this.#clock.nowMs());
    });
  }

  #demand(id: string): Row {
    const row = this.#get.get(id);
    if (!row) throw new Fault('not_found', `no stream ${id}`);
    return row;
  }

  /** What older versions wrote. */
  #sealPlain(): void {
    const { sql } = this.#connection;
    const rows = sql.prepare<[], Row>('SELECT * FROM streams').all();
    const plain = rows.filter(({ url, substream_url: sub }) => !isSealed(url) || (sub !== null && !isSealed(sub)));
    if (plain.length === 0) return;
    this.#connection.write(() => {
      for (const row of plain) this.#update.run(this.#rowOf(this.#streamOf(row)));
    });
  }

  #streamOf(row: Row): Stream {
    const substreamUrl = row.substream_url === null ? undefined : this.#seal.openText(row.substream_url);
    return {
      id: row.id,
      collectionId: row.collection_id,
      name: row.name,
      url: this.#seal.openText(row.url) ?? '',
      ...(substreamUrl === undefined ? {} : { substreamUrl }),
      mediaTypes: JSON.parse(row.media_types),
      sampleRate: row.sample_rate,
      store: row.store === 1,
      transcription: {
        wanted: row.enable_transcript === 1,
        engine: row.transcript_engine,
        ...(row.transcript_ws_connection_id === null ? {} : { wsConnectionId: row.transcript_ws_connection_id }),
        changedMs: row.transcript_changed_ms,
      },
      transport: row.transport,
      zones: JSON.parse(row.zones),
      recording: { ...RECORD_ALL, ...JSON.parse(row.recording) },
      wanted: row.wanted,
      origin: row.origin,
      ...(row.box_id === null ? {} : { boxId: row.box_id }),
      ...(row.push === null ? {} : { push: JSON.parse(row.push) }),
      ...(row.capture === null ? {} : { capture: JSON.parse(row.capture) }),
      createdMs: row.created_ms,
    };
  }

  #rowOf(stream: Stream): Row {
    return {
      id: stream.id,
      collection_id: this.#collections.resolve(stream.collectionId),
      name: stream.name,
      url: this.#seal.sealText(stream.url),
      media_types: JSON.stringify(stream.mediaTypes),
      sample_rate: stream.sampleRate,
      store: Number(stream.store),
      enable_transcript: Number(stream.transcription.wanted),
      transport: stream.transport,
      zones: JSON.stringify(stream.zones),
      wanted: stream.wanted,
      origin: stream.origin,
      created_ms: stream.createdMs,
      transcript_engine: stream.transcription.engine,
      transcript_ws_connection_id: stream.transcription.wsConnectionId ?? null,
      transcript_changed_ms: stream.transcription.changedMs,
      substream_url: stream.substreamUrl === undefined ? null : this.#seal.sealText(stream.substreamUrl),
      recording: JSON.stringify(different(stream.recording)),
      box_id: stream.boxId ?? null,
      push: stream.push === undefined ? null : JSON.stringify(stream.push),
      capture: stream.capture === undefined ? null : JSON.stringify(stream.capture),
    };
  }
}

function orderBy(ordering = '-created_at'): string {
  const column = ORDERINGS[ordering.replace(/^-/, '')];
  if (!column) {
    throw new Fault(
      'invalid',
      `ordering: "${ordering}" is not one of ${Object.keys(ORDERINGS).join(', ')} (with - for descending)`,
    );
  }
  const direction = ordering.startsWith('-') ? 'DESC' : 'ASC';
  return `${column} ${direction}, rowid ${direction}`;
}

/** What is not as usual. */
function different(policy: RecordingPolicy): Partial<RecordingPolicy> {
  const usual = new Map<string, unknown>(Object.entries(RECORD_ALL));
  return Object.fromEntries(Object.entries(policy).filter(([name, value]) => usual.get(name) !== value));
}
