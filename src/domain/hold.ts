/** A stretch of a stream's recording that someone wants to keep: retention takes nothing of it. */
export interface Hold {
  id: string;
  streamId: string;
  fromMs: number;
  toMs: number;
  reason: string;
  /** Who made it. */
  who: string;
  /** It ends by itself then. Absent: when it is deleted. */
  untilMs?: number;
  createdMs: number;
}
