import { type ReadingConnection, type RecordQuery, RecordSearch } from './record-search.ts';

export interface TranscriptQuery extends Omit<RecordQuery, 'mode'> {
  streamId?: string;
  /** An id or `default`. */
  collectionId?: string;
  /** Of the box that sends them; empty for this one. */
  boxId?: string;
  /** With `endMs`: only what overlaps. */
  startMs?: number;
  endMs?: number;
}

/** Null stands for any. */
export interface TranscriptFilter {
  stream: string | null;
  collection: string | null;
  box: string | null;
  start: number | null;
  end: number | null;
}

/** Finds what was said on streams. */
export function transcriptSearch(connection: ReadingConnection, slice: number): RecordSearch<TranscriptFilter> {
  return new RecordSearch(
    connection,
    {
      rows: 'transcripts',
      words: 'transcript_words',
      metadata: "json_object('language', r.language)",
      where: `
      (@stream IS NULL OR r.stream_id = @stream)
      AND +r.stream_id IN (SELECT id FROM streams
          WHERE (@collection IS NULL OR collection_id = @collection) AND (@box IS NULL OR coalesce(box_id, '') = @box))
      AND (@start IS NULL OR r.end_ms > @start)
      AND (@end IS NULL OR r.start_ms < @end)`,
    },
    slice,
  );
}
