/** One spoken word; on streams in Unix milliseconds, in assets from their start. */
export interface Word {
  text: string;
  startMs: number;
  endMs: number;
}

/** What was said in one stretch of a stream. */
export interface Transcript {
  id: number;
  streamId: string;
  startMs: number;
  endMs: number;
  text: string;
  words: Word[];
  /** ISO 639-1, where the model told it. */
  language?: string;
  /** 0–1, the model's own. */
  confidence?: number;
}
