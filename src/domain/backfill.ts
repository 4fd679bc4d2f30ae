/** Recordings from before an index was there, which it is to describe as well. One for each index. */
export interface Backfill {
  indexId: string;
  fromMs: number;
  toMs: number;
  /** Up to here it is done. */
  reachedMs: number;
  status: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  /** What a person should know of it. */
  message?: string;
  createdMs: number;
  finishedMs?: number;
}
