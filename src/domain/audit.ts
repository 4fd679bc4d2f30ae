/** One thing that somebody did, or tried to do, to the box. Holds no secret. */
export interface AuditEntry {
  id: number;
  atMs: number;
  who: string;
  /** The address that it came from. */
  from: string;
  /** The request: method and path. */
  what: string;
  /** `done`, or the kind of failure. */
  result: string;
  detail?: string;
  /** How often, where it was the same again within an hour: only what changed nothing is counted so. */
  times: number;
}
