/** How sure it has to be where nobody moved the threshold; and how much less to go on with what it was sure of, at most. */
const SURE = 0.6;
const HYSTERESIS = 0.2;
/** One picture may look like anything: of the last three windows two have to. */
const WINDOWS = 3;

/** What an alert remembers of how its sentence fits the pictures. */
export interface Alike {
  /** The last windows, newest first. */
  recent: number[];
  /** It was the second best of them that counted. */
  score: number;
  on: boolean;
  /** The end of the newest of them. */
  atMs: number;
}

/**
 * The second best of the last three windows counts: noise in one of them neither begins nor ends anything. `least` is
 * the threshold; 0 stands for none.
 */
export function steady(before: Alike | undefined, similarity: number, least: number, atMs: number): Alike {
  const recent = [similarity, ...(before?.recent ?? [])].slice(0, WINDOWS);
  const [, score = 0] = [...recent].sort((a, b) => b - a);
  const enough = least > 0 ? least : SURE;
  // Of a low threshold a part: else nothing would ever be over.
  const less = Math.min(HYSTERESIS, enough / 3);
  return { recent, score, atMs, on: score >= (before?.on ? enough - less : enough) };
}
