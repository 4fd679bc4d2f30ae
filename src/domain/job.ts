export type JobKind =
  | 'capture'
  | 'export'
  | 'ingest'
  | 'index_scenes'
  | 'index_spoken_words'
  | 'timelapse'
  | 'render'
  | 'reframe'
  | 'extract_scenes'
  | 'describe';

/** Work that outlasts a request. It survives a restart: what was under way is begun again. */
export interface Job {
  /** `job-…` */
  id: string;
  kind: JobKind;
  /** What the handler needs; its own JSON, and small. */
  input: Record<string, unknown>;
  status: 'processing' | 'done' | 'failed';
  /** 0–100 */
  percentage: number;
  /** What it made, by id: answers are rendered from it with the asker's own host in their links. */
  result?: { assetId?: string; indexId?: string; text?: string; message?: string };
  /** Why it failed: may be shown to the user. */
  error?: string;
  /** Where to POST the outcome. */
  callbackUrl?: string;
  createdMs: number;
  finishedMs?: number;
}
