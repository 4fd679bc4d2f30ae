import { LONG_SLICE, SHORT_SLICE } from '../slices.ts';
import { type AssetFilter, assetSearch } from './asset-search.ts';
import type { Codes } from './codes.ts';
import type { ReadingConnection, RecordQuery } from './record-search.ts';
import { type Found, type SceneFilter, type SceneQuery, Search } from './search.ts';
import { type TranscriptFilter, transcriptSearch } from './transcript-search.ts';
import { VectorReader } from './vector-reader.ts';
import type { VectorKind } from './vector-tables.ts';

/** Throws the signal's reason. */
export interface Finder<Query, Filter> {
  run(query: Query, filter: Filter, signal?: AbortSignal): Promise<Found[]>;
}

/** Whoever has no more use for an answer says so. */
export interface Cancellable {
  signal?: AbortSignal | undefined;
}

/** All that can be searched. */
export interface Finders {
  scenes: Finder<SceneQuery, SceneFilter>;
  transcripts: Finder<RecordQuery, TranscriptFilter>;
  assets: Finder<RecordQuery, AssetFilter>;
}

/** They only read. With codes nothing else waits for this process. */
export function findersOn(connection: ReadingConnection, codes?: Record<VectorKind, Codes>): Finders {
  const vectors = new VectorReader(connection, 'vectors', codes?.vectors);
  const pictures = new VectorReader(connection, 'pictures', codes?.pictures);
  const slice = codes ? LONG_SLICE : SHORT_SLICE;
  return {
    scenes: new Search(connection, vectors, pictures, slice),
    transcripts: transcriptSearch(connection, slice),
    assets: assetSearch(connection, slice),
  };
}
