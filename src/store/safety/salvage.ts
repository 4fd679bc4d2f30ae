import Database from 'better-sqlite3';
import { messageOf } from '#runtime';
import { isDamage, unsound } from './soundness.ts';

export interface Salvaged {
  /** Tables that were taken from the damaged database as they are. */
  whole: string[];
  /** Those in which something is damaged: as they are in the copy, and what else could be read. */
  damaged: { table: string; problem: string; rows: number }[];
}

/** Words by which rows are found: made anew from the rows. */
const WORDS = [
  {
    table: 'scene_words',
    from: `SELECT id, CASE WHEN json_type(facts, '$.said.text') = 'text'
      THEN text || char(10) || json_extract(facts, '$.said.text') ELSE text END FROM scenes`,
  },
  { table: 'transcript_words', from: 'SELECT id, text FROM transcripts' },
  { table: 'asset_words', from: 'SELECT id, text FROM asset_records' },
];
/** Journal entries that may have been written and can't be read any more: their numbers are not used again. */
const LEAP = 1_000_000;

/**
 * Takes over what is sound in a damaged database into a good older copy of it, or into an empty one. A table without
 * damage replaces the copy's; of the others those rows come that can be read and that the copy lacks. All or nothing.
 */
export function salvage(sql: Database.Database, damagedFile: string): Salvaged {
  sql.prepare('ATTACH ? AS damaged').run(damagedFile);
  try {
    return sql.transaction(() => takeOver(sql, damagedFile)).immediate();
  } finally {
    sql.exec('DETACH damaged');
  }
}

function takeOver(sql: Database.Database, damagedFile: string): Salvaged {
  const result: Salvaged = { whole: [], damaged: [] };
  const triggers = dropTriggers(sql);
  const tables = plainTables(sql);
  const problems = unsound(sql, tables, 'damaged');
  for (const table of tables) {
    makeTable(sql, table);
    const problem = problems.get(table) ?? takeWhole(sql, table);
    if (problem === undefined) result.whole.push(table);
    else result.damaged.push({ table, problem, rows: readRows(sql, damagedFile, table) });
  }
  numberOnwards(sql, problems.size > 0);
  makeConsistent(sql);
  for (const trigger of triggers) sql.exec(trigger);
  return result;
}

/** Returns why that can't be, with the copy's rows left as they are. */
function takeWhole(sql: Database.Database, table: string): string | undefined {
  try {
    sql.transaction(() => {
      const columns = sharedColumns(sql, table)
        .map((column) => `"${column}"`)
        .join(', ');
      sql.exec(`DELETE FROM main."${table}"`);
      sql.exec(`INSERT INTO main."${table}" (${columns}) SELECT ${columns} FROM damaged."${table}"`);
    })();
    return undefined;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return messageOf(error);
  }
}

/** They would count and delete on their own while rows come. */
function dropTriggers(sql: Database.Database): string[] {
  const triggers = sql
    .prepare<[], { name: string; sql: string }>("SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger'")
    .all();
  for (const { name } of triggers) sql.exec(`DROP TRIGGER main."${name}"`);
  return triggers.map((trigger) => trigger.sql);
}

/** Those with rows of their own, as opposed to what full-text search keeps for itself. */
function plainTables(sql: Database.Database): string[] {
  return sql
    .prepare<[], string>(`
      SELECT name FROM damaged.sqlite_schema t
      WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
        AND NOT EXISTS (
          SELECT 1 FROM damaged.sqlite_schema v
          WHERE v.sql LIKE 'CREATE VIRTUAL%' AND substr(t.name, 1, length(v.name) + 1) = v.name || '_')
      ORDER BY rowid`)
    .pluck()
    .all();
}

/** Tables that come and go with the days (vectors). */
function makeTable(sql: Database.Database, table: string): void {
  if (columnsOf(sql, 'main', table).length > 0) return;
  const made = sql
    .prepare<[string], string>(
      "SELECT sql FROM damaged.sqlite_schema WHERE tbl_name = ? AND sql IS NOT NULL AND type IN ('table', 'index') ORDER BY rowid",
    )
    .pluck()
    .all(table);
  for (const statement of made) sql.exec(statement);
}

function columnsOf(sql: Database.Database, schema: string, table: string): string[] {
  return sql
    .prepare<[string, string], string>('SELECT name FROM pragma_table_info(?, ?) ORDER BY cid')
    .pluck()
    .all(table, schema);
}

function sharedColumns(sql: Database.Database, table: string): string[] {
  const here = new Set(columnsOf(sql, 'main', table));
  return columnsOf(sql, 'damaged', table).filter((column) => here.has(column));
}

/** From both ends, until a page can't be read. Over a connection of its own: its errors spoil what else is under way. */
function readRows(sql: Database.Database, damagedFile: string, table: string): number {
  const source = new Database(damagedFile, { readonly: true });
  try {
    const columns = sharedColumns(sql, table);
    const named = columns.map((column) => `"${column}"`).join(', ');
    const places = columns.map(() => '?').join(', ');
    const insert = sql.prepare(`INSERT OR IGNORE INTO main."${table}" (${named}) VALUES (${places})`);
    return ['ASC', 'DESC'].reduce((rows, order) => {
      const read = () => source.prepare<[], unknown[]>(`SELECT ${named} FROM "${table}" ORDER BY rowid ${order}`);
      return rows + insertReadable(read, insert);
    }, 0);
  } finally {
    source.close();
  }
}

function insertReadable(read: () => Database.Statement<[], unknown[]>, insert: Database.Statement): number {
  let rows = 0;
  try {
    for (const row of read().raw().safeIntegers().iterate()) rows += insertOne(insert, row);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
  }
  return rows;
}

function insertOne(insert: Database.Statement, row: unknown[]): number {
  try {
    return insert.run(row).changes;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return 0;
  }
}

/** A torn row need not be of its column's type, and a table without row numbers can't be read by them. */
function isUnreadable(error: unknown): boolean {
  return (
    isDamage(error) || (error instanceof Database.SqliteError && /^SQLITE_(CONSTRAINT|ERROR|MISMATCH)/.test(error.code))
  );
}

/** Numbers that were given out once are not given out again, though their rows may be gone. */
function numberOnwards(sql: Database.Database, leap: boolean): void {
  const known = sql.prepare<[], { name: string; seq: number }>('SELECT name, seq FROM damaged.sqlite_sequence');
  const raise = sql.prepare<[number, string]>('UPDATE main.sqlite_sequence SET seq = max(seq, ?) WHERE name = ?');
  try {
    for (const { name, seq } of known.all()) raise.run(seq, name);
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  if (!leap) return;
  sql.exec(`
    UPDATE main.sqlite_sequence SET seq = max(seq, (SELECT coalesce(max(seq), 0) FROM main.cursors)) + ${LEAP}
    WHERE name = 'journal'`);
}

/** Rows whose owners are gone go too; what is derived from rows is derived anew. */
export function makeConsistent(sql: Database.Database): void {
  for (let removed = 1; removed > 0; ) {
    removed = 0;
    for (const table of tablesOf(sql)) removed += removeOrphans(sql, table);
  }
  derive(sql);
}

function tablesOf(sql: Database.Database): string[] {
  return sql.prepare<[], string>("SELECT name FROM main.sqlite_schema WHERE type = 'table'").pluck().all();
}

function removeOrphans(sql: Database.Database, table: string): number {
  const references = sql
    .prepare<[string], { from: string; table: string; to: string | null }>(
      `SELECT "from", "table", "to" FROM pragma_foreign_key_list(?, 'main')`,
    )
    .all(table);
  return references.reduce((removed, { from, table: owner, to }) => {
    const orphans = `NOT EXISTS (SELECT 1 FROM main."${owner}" o WHERE o."${to ?? 'id'}" = main."${table}"."${from}")`;
    return (
      removed + sql.prepare(`DELETE FROM main."${table}" WHERE "${from}" IS NOT NULL AND ${orphans}`).run().changes
    );
  }, 0);
}

/** Makes anew what follows from rows: the words by which they are found, and how many there are. */
function derive(sql: Database.Database): void {
  for (const { table, from } of WORDS) {
    sql.exec(`
      INSERT INTO main.${table} (${table}) VALUES ('delete-all');
      INSERT INTO main.${table} (rowid, text) ${from}`);
  }
  sql.exec(`
    UPDATE main.segment_totals SET
      count = (SELECT count(*) FROM main.segments),
      bytes = (SELECT coalesce(sum(bytes), 0) FROM main.segments);
    UPDATE main.segments SET held =
      EXISTS (SELECT 1 FROM main.holds h
        WHERE h.stream_id = segments.stream_id AND h.from_ms < segments.end_ms AND h.to_ms > segments.start_ms)
      OR EXISTS (SELECT 1 FROM main.alert_holds a
        WHERE a.stream_id = segments.stream_id AND a.from_ms < segments.end_ms AND a.to_ms > segments.start_ms);
    DELETE FROM main.stream_bytes;
    INSERT INTO main.stream_bytes
      SELECT stream_id, sum(bytes), sum(held * bytes) FROM main.segments GROUP BY stream_id`);
}
