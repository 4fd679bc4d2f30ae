import type { Statement } from 'better-sqlite3';
import { type Collection, newId } from '#domain';
import { type Clock, Fault } from '#runtime';
import type { Connection } from './connection.ts';
import type { Meta } from './meta.ts';

interface Row {
  id: string;
  name: string;
  description: string;
  is_public: number;
  created_ms: number;
}

export type CollectionDraft = Pick<Collection, 'name'> & Partial<Pick<Collection, 'description' | 'isPublic'>>;

/** Collections of streams. There is always a default one: `default` stands for its id everywhere. */
export class Collections {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #defaultId: string;
  readonly #get: Statement<[string], Row>;
  readonly #list: Statement<[], Row>;
  readonly #write: Statement<Row>;
  readonly #delete: Statement<[string]>;
  readonly #holds: Statement<{ id: string }, { streams: number; assets: number }>;

  constructor(connection: Connection, meta: Meta, clock: Clock) {
    const { sql } = connection;
    this.#connection = connection;
    this.#clock = clock;
    this.#get = sql.prepare('SELECT * FROM collections WHERE id = ?');
    this.#list = sql.prepare('SELECT * FROM collections ORDER BY created_ms, rowid');
    this.#write = sql.prepare(`
      INSERT INTO collections (id, name, description, is_public, created_ms)
      VALUES (@id, @name, @description, @is_public, @created_ms)
      ON CONFLICT (id) DO UPDATE SET
        name = excluded.name, description = excluded.description, is_public = excluded.is_public`);
    this.#delete = sql.prepare('DELETE FROM collections WHERE id = ?');
    this.#holds = sql.prepare(`
      SELECT (SELECT count(*) FROM streams WHERE collection_id = @id) AS streams,
        (SELECT count(*) FROM assets WHERE collection_id = @id) AS assets`);
    this.#defaultId = meta.once('default_collection', () => {
      return this.create({ name: 'Default', description: 'The cameras of this box' }).id;
    });
  }

  /** The real id behind `default`; any other id as it is. */
  resolve(id: string): string {
    return id === 'default' ? this.#defaultId : id;
  }

  get(id: string): Collection | undefined {
    const row = this.#get.get(this.resolve(id));
    return row && collectionOf(row);
  }

  /** Oldest first: the default one leads. */
  list(): Collection[] {
    return this.#list.all().map(collectionOf);
  }

  create(draft: CollectionDraft): Collection {
    const collection: Collection = {
      id: newId('collection'),
      name: draft.name,
      description: draft.description ?? '',
      isPublic: draft.isPublic ?? false,
      createdMs: this.#clock.nowMs(),
    };
    this.#connection.write(() => this.#write.run(rowOf(collection)));
    return collection;
  }

  /** Throws `not_found`. */
  update(id: string, patch: Partial<CollectionDraft>): Collection {
    const updated = { ...this.#demand(id), ...patch };
    this.#connection.write(() => this.#write.run(rowOf(updated)));
    return updated;
  }

  /** Throws `not_found`, or `conflict` for the default collection and for one that still holds streams or assets. */
  delete(id: string): void {
    const collection = this.#demand(id);
    if (collection.id === this.#defaultId) throw new Fault('conflict', "the default collection can't be deleted");
    this.#connection.write(() => {
      const { streams, assets } = this.#holds.get({ id: collection.id }) ?? { streams: 0, assets: 0 };
      if (streams + assets > 0) {
        const what = [
          streams > 0 ? `${streams} stream(s)` : '',
          assets > 0 ? `${assets} video(s), audio or images` : '',
        ];
        throw new Fault(
          'conflict',
          `the collection still holds ${what.filter(Boolean).join(' and ')}: delete those first`,
        );
      }
      this.#delete.run(collection.id);
    });
  }

  #demand(id: string): Collection {
    const collection = this.get(id);
    if (!collection) throw new Fault('not_found', `no collection ${id}`);
    return collection;
  }
}

function collectionOf(row: Row): Collection {
  const { id, name, description } = row;
  return { id, name, description, isPublic: row.is_public === 1, createdMs: row.created_ms };
}

function rowOf(collection: Collection): Row {
  const { id, name, description } = collection;
  return { id, name, description, is_public: Number(collection.isPublic), created_ms: collection.createdMs };
}
