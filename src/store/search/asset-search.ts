import type { AssetIndex } from '#domain';
import { type ReadingConnection, type RecordQuery, RecordSearch } from './record-search.ts';

export interface AssetQuery extends RecordQuery {
  assetId?: string;
  /** An id or `default`. */
  collectionId?: string;
  indexId?: string;
  kind?: AssetIndex['kind'];
}

/** Null stands for any. */
export interface AssetFilter {
  asset: string | null;
  collection: string | null;
  index: string | null;
  kind: string | null;
}

/** Finds records of assets. */
export function assetSearch(connection: ReadingConnection, slice: number): RecordSearch<AssetFilter> {
  return new RecordSearch(
    connection,
    {
      rows: 'asset_records',
      words: 'asset_words',
      metadata: 'r.metadata',
      pictured: true,
      where: `
      (@asset IS NULL OR r.asset_id = @asset)
      AND (@collection IS NULL OR r.asset_id IN (SELECT id FROM assets WHERE collection_id = @collection))
      AND (@index IS NULL OR r.index_id = @index)
      AND (@kind IS NULL OR r.index_id IN (SELECT id FROM asset_indexes WHERE kind = @kind))`,
    },
    slice,
  );
}
