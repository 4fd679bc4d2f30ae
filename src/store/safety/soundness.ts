import { existsSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { messageOf } from '#runtime';

/** More of them say nothing new. */
const MOST_PROBLEMS = 20;
/**
 * What everything else hangs on, and what was promised. They are small: looking at all of them takes milliseconds, where the
 * whole database may take minutes.
 */
const ESSENTIAL = [
  'meta',
  'collections',
  'streams',
  'indexes',
  'events',
  'alerts',
  'alert_states',
  'keys',
  'cursors',
  'recording_sessions',
  'segment_totals',
  'garbage',
  'jobs',
];

/** SQLite says that pages are not what they should be; another try won't help. */
export function isDamage(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);
}

/** Each table is looked at by itself: where one is damaged the others are still told. Throws what isn't damage. */
export function unsound(sql: Database.Database, tables: readonly string[], schema = 'main'): Map<string, string> {
  const found = new Map<string, string>();
  for (const table of tables) {
    const problem = damageIn(() => String(sql.pragma(`${schema}.quick_check('${table}')`, { simple: true })));
    if (problem !== undefined && problem !== 'ok') found.set(table, problem);
  }
  return found;
}

/** Everything that SQLite finds wrong with the whole database; empty when it is sound. It may take minutes. */
export function allProblems(sql: Database.Database): string[] {
  try {
    const rows = sql.pragma(`integrity_check(${MOST_PROBLEMS})`);
    // SQLite's own answer: one column, `ok` alone when all is well.
    return (rows as { integrity_check: string }[])
      .map((row) => row.integrity_check)
      .filter((problem) => problem !== 'ok');
  } catch (error) {
    if (!isDamage(error)) throw error;
    return [messageOf(error)];
  }
}

/**
 * What a short look at a database that nobody has open finds: undefined when it is sound as far as that goes, and where
 * there is none yet.
 */
export function damageOf(file: string): string | undefined {
  if (!existsSync(file) || statSync(file).size === 0) return undefined;
  return damageIn(() => {
    const sql = new Database(file, { timeout: 5000 });
    try {
      sql.pragma('schema_version');
      const known = new Set(sql.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all());
      const essential = ESSENTIAL.filter((table) => known.has(table));
      const [table, problem] = [...unsound(sql, essential)][0] ?? [];
      return table === undefined ? undefined : `${table}: ${problem}`;
    } finally {
      sql.close();
    }
  });
}

function damageIn(look: () => string | undefined): string | undefined {
  try {
    return look();
  } catch (error) {
    if (!isDamage(error)) throw error;
    return messageOf(error);
  }
}
