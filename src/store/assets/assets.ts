import type { Statement } from 'better-sqlite3';
import type { Asset, AssetKind, Piece, Word } from '#domain';
import { Fault } from '#runtime';
import type { Collections } from '../collections.ts';
import type { Connection } from '../connection.ts';
import { checkRelative } from '../paths.ts';

export interface AssetRow {
  id: string;
  kind: AssetKind;
  collection_id: string;
  name: string;
  description: string;
  length_ms: number;
  bytes: number;
  width: number;
  height: number;
  codecs: string | null;
  thumb_path: string | null;
  origin: string;
  created_ms: number;
  render_key: string | null;
  used_ms: number | null;
}

interface PieceRow {
  asset_id: string;
  n: number;
  start_ms: number;
  duration_ms: number;
  path: string;
  bytes: number;
  init_path: string;
  discontinuity: number;
  recorded_ms: number | null;
}

export const ASSET_COLUMNS = `id, kind, collection_id, name, description, length_ms, bytes, width, height, codecs, thumb_path, origin,
  created_ms, render_key, used_ms`;

/** Exports, uploads, renders. A row is written after its folder is on disk, and taken away before its folder is. */
export class Assets {
  readonly #connection: Connection;
  readonly #collections: Collections;
  readonly #insert: Statement<AssetRow>;
  readonly #insertPiece: Statement<PieceRow>;
  readonly #get: Statement<[string], AssetRow>;
  readonly #list: Statement<{ collection: string | null; kind: string | null }, AssetRow>;
  readonly #update: Statement<[string, string, string]>;
  readonly #pieces: Statement<{ asset: string; start: number; end: number }, PieceRow>;
  readonly #piece: Statement<[string, number], PieceRow>;
  readonly #totalBytes: Statement<[], { bytes: number | null }>;
  readonly #words: Statement<[string], { words: string | null }>;
  readonly #setWords: Statement<[string, string]>;

  constructor(connection: Connection, collections: Collections) {
    const { sql } = connection;
    this.#connection = connection;
    this.#collections = collections;
    this.#insert = sql.prepare(`
      INSERT INTO assets (${ASSET_COLUMNS}) VALUES (@id, @kind, @collection_id, @name, @description, @length_ms, @bytes, @width,
        @height, @codecs, @thumb_path, @origin, @created_ms, @render_key, @used_ms)`);
    this.#insertPiece = sql.prepare(`
      INSERT INTO asset_pieces (asset_id, n, start_ms, duration_ms, path, bytes, init_path, discontinuity, recorded_ms)
      VALUES (@asset_id, @n, @start_ms, @duration_ms, @path, @bytes, @init_path, @discontinuity, @recorded_ms)`);
    this.#get = sql.prepare(`SELECT ${ASSET_COLUMNS} FROM assets WHERE id = ?`);
    this.#list = sql.prepare(`
      SELECT ${ASSET_COLUMNS} FROM assets
      WHERE used_ms IS NULL AND (@collection IS NULL OR collection_id = @collection) AND (@kind IS NULL OR kind = @kind)
      ORDER BY created_ms DESC, rowid DESC`);
    this.#update = sql.prepare('UPDATE assets SET name = ?, description = ? WHERE id = ?');
    this.#pieces = sql.prepare(`
      SELECT * FROM asset_pieces
      WHERE asset_id = @asset AND start_ms < @end AND start_ms + duration_ms > @start ORDER BY n`);
    this.#piece = sql.prepare('SELECT * FROM asset_pieces WHERE asset_id = ? AND n = ?');
    this.#totalBytes = sql.prepare('SELECT sum(bytes) AS bytes FROM assets');
    this.#words = sql.prepare('SELECT words FROM assets WHERE id = ?');
    this.#setWords = sql.prepare('UPDATE assets SET words = ? WHERE id = ?');
  }

  /** To be called after its folder is on disk; itself on disk when it returns. Throws `conflict` when the id is taken. */
  create(asset: Asset, pieces: readonly Piece[]): void {
    for (const { path, initPath } of pieces) for (const each of [path, initPath]) checkRelative(each, 'piece.path');
    this.#connection.writeDurably(() => {
      this.#insert.run(this.#rowOf(asset));
      for (const piece of pieces) this.#insertPiece.run(pieceRowOf(asset.id, piece));
    });
  }

  get(id: string): Asset | undefined {
    const row = this.#get.get(id);
    return row && assetOf(row);
  }

  /** Newest first; without what gives way. */
  list(query: { collectionId?: string; kind?: AssetKind } = {}): Asset[] {
    const { collectionId, kind } = query;
    const collection = collectionId === undefined ? null : this.#collections.resolve(collectionId);
    return this.#list.all({ collection, kind: kind ?? null }).map(assetOf);
  }

  /** Throws `not_found`. */
  update(id: string, patch: Partial<Pick<Asset, 'name' | 'description'>>): Asset {
    const asset = { ...this.#demand(id), ...patch };
    this.#connection.write(() => this.#update.run(asset.name, asset.description, id));
    return asset;
  }

  /** Takes its indexes along; its folder goes with the next retention run. Throws `not_found`. */
  delete(id: string): void {
    this.#demand(id);
    const { sql } = this.#connection;
    this.#connection.writeDurably(() => {
      sql.prepare("INSERT INTO garbage (root, path, dir) VALUES ('assets', ?, 1)").run(id);
      sql.prepare('DELETE FROM asset_words WHERE rowid IN (SELECT id FROM asset_records WHERE asset_id = ?)').run(id);
      sql.prepare('DELETE FROM asset_records WHERE asset_id = ?').run(id);
      sql.prepare('DELETE FROM assets WHERE id = ?').run(id); // The rest follows by foreign keys.
    });
  }

  /** Takes its media and keeps what is known of it; the files go with the next retention run. Throws `not_found`. */
  removeMedia(id: string): void {
    this.#demand(id);
    const { sql } = this.#connection;
    this.#connection.writeDurably(() => {
      sql.prepare("INSERT INTO garbage (root, path, dir) VALUES ('assets', ?, 1)").run(id);
      sql.prepare('DELETE FROM asset_pieces WHERE asset_id = ?').run(id);
      // What asks for the same again gets it made anew.
      sql.prepare('UPDATE assets SET bytes = 0, thumb_path = NULL, render_key = NULL WHERE id = ?').run(id);
    });
  }

  /** Its pieces that overlap the stretch, in order; all of them without one. */
  pieces(id: string, startMs = 0, endMs = Number.MAX_SAFE_INTEGER): Piece[] {
    return this.#pieces.all({ asset: id, start: startMs, end: endMs }).map(pieceOf);
  }

  piece(id: string, n: number): Piece | undefined {
    const row = this.#piece.get(id, n);
    return row && pieceOf(row);
  }

  /** Bytes of all assets. */
  totalBytes(): number {
    return this.#totalBytes.get()?.bytes ?? 0;
  }

  /** The export of exactly this stretch of a stream's recording. */
  findExport(streamId: string, startMs: number, endMs: number): Asset | undefined {
    return this.list().find(
      ({ origin, bytes }) =>
        bytes > 0 &&
        origin.kind === 'export' &&
        origin.streamId === streamId &&
        origin.startMs === startMs &&
        origin.endMs === endMs,
    );
  }

  /** The export of a capture session with the pictures of this stream, or without pictures, what this one heard first. */
  findCapture(sessionId: string, streamId: string): Asset | undefined {
    return this.list().find(
      ({ origin }) => origin.kind === 'capture' && origin.sessionId === sessionId && origin.streamId === streamId,
    );
  }

  /** What is said in it, times from its start; undefined when nobody has listened. */
  words(id: string): Word[] | undefined {
    const json = this.#words.get(id)?.words;
    return json ? JSON.parse(json) : undefined;
  }

  setWords(id: string, words: readonly Word[]): void {
    this.#connection.write(() => this.#setWords.run(JSON.stringify(words), id));
  }

  #demand(id: string): Asset {
    const asset = this.get(id);
    if (!asset) throw new Fault('not_found', `no video, audio or image ${id}`);
    return asset;
  }

  #rowOf(asset: Asset): AssetRow {
    return {
      id: asset.id,
      kind: asset.kind,
      collection_id: this.#collections.resolve(asset.collectionId),
      name: asset.name,
      description: asset.description,
      length_ms: asset.lengthMs,
      bytes: asset.bytes,
      width: asset.width,
      height: asset.height,
      codecs: asset.codecs ?? null,
      thumb_path: asset.thumbPath ?? null,
      origin: JSON.stringify(asset.origin),
      created_ms: asset.createdMs,
      render_key: asset.renderKey ?? null,
      used_ms: asset.usedMs ?? null,
    };
  }
}

export function assetOf(row: AssetRow): Asset {
  return {
    id: row.id,
    kind: row.kind,
    collectionId: row.collection_id,
    name: row.name,
    description: row.description,
    lengthMs: row.length_ms,
    bytes: row.bytes,
    width: row.width,
    height: row.height,
    ...(row.codecs === null ? {} : { codecs: row.codecs }),
    ...(row.thumb_path === null ? {} : { thumbPath: row.thumb_path }),
    origin: JSON.parse(row.origin),
    createdMs: row.created_ms,
    ...(row.render_key === null ? {} : { renderKey: row.render_key }),
    ...(row.used_ms === null ? {} : { usedMs: row.used_ms }),
  };
}

function pieceOf(row: PieceRow): Piece {
  return {
    n: row.n,
    startMs: row.start_ms,
    durationMs: row.duration_ms,
    path: row.path,
    bytes: row.bytes,
    initPath: row.init_path,
    discontinuity: row.discontinuity === 1,
    ...(row.recorded_ms === null ? {} : { recordedMs: row.recorded_ms }),
  };
}

function pieceRowOf(assetId: string, piece: Piece): PieceRow {
  return {
    asset_id: assetId,
    n: piece.n,
    start_ms: piece.startMs,
    duration_ms: piece.durationMs,
    path: piece.path,
    bytes: piece.bytes,
    init_path: piece.initPath,
    discontinuity: Number(piece.discontinuity),
    recorded_ms: piece.recordedMs ?? null,
  };
}
