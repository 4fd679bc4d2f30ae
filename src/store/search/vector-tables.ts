import type { Database } from 'better-sqlite3';

export const DAY_MS = 86_400_000;

/** The name in `meta` under which stands how often the table has changed, save by what was added. The table is a parameter. */
export const CHANGES_OF = "'changes_' || ?";

/** What the vectors are of; tables are `<kind>_yyyymmdd`. */
export type VectorKind = 'vectors' | 'pictures';

/** Which vectors may answer; null stands for any. Times are those of the scene; the range means overlap. */
export interface VectorFilter {
  model: string;
  stream: string | null;
  collection: string | null;
  /** Empty: this one. */
  box: string | null;
  index: string | null;
  start: number | null;
  end: number | null;
}

/** The tables that are there, the newest day first. */
export function vectorTables(sql: Database, kind: VectorKind): string[] {
  return sql
    .prepare<[string], string>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB ? || '_[0-9]*' ORDER BY name DESC",
    )
    .pluck()
    .all(kind)
    .filter((name) => /_\d{8}$/.test(name));
}

/** The table for vectors of scenes that start at this time. */
export function tableOf(kind: VectorKind, atMs: number): string {
  return `${kind}_${new Date(atMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

export function dayStartMs(table: string): number {
  const [, year, month, day] = /_(\d{4})(\d{2})(\d{2})$/.exec(table) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day));
}

/** The start of the UTC day that holds the time. */
export function startOfDay(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}

/**
 * Scaled so that the largest component is ±127: cosine does not mind the scale. Undefined without a direction (all zero,
 * or empty).
 */
export function quantise(vector: Float32Array): Buffer | undefined {
  let largest = 0;
  for (const component of vector) largest = Math.max(largest, Math.abs(component));
  if (!(largest > 0)) return undefined;
  const scaled = Int8Array.from(vector, (component) => Math.round((component / largest) * 127));
  return Buffer.from(scaled.buffer);
}
