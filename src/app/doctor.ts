import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Fault, installedFfmpeg, isFault, messageOf, runApart } from '#runtime';
import { databaseProblem, Ledger, networkKind, newestBackup } from '#store';
import { lockDataDir } from './data-lock.ts';
import { lookForNamed, type NamedFiles } from './named-files.ts';
import { assetsDir, mediaDir, thumbsDir } from './places.ts';

/** `note`: nothing to worry about, and nothing to be done by hand. */
export interface Finding {
  level: 'ok' | 'note' | 'problem';
  what: string;
  found: string;
  remedy?: string;
}

const LONGEST_MS = 90_000;
const HOUR_MS = 3_600_000;
/** A copy is due hourly; that of a large database less often. */
const OLD_BACKUP_MS = 24 * HOUR_MS;
/** What is younger may be under way. */
const SETTLED_MS = 60_000;
const REPAIR = 'stop Watchpost and run `watchpost doctor --repair`';
const RESTART = 'Watchpost restores it when it starts next';
const SEGMENT = /^[^/]+\/[^/]+\/\d{4}-\d\d-\d\d\/\d+-\d+\.m4s$/;

/** Looks at everything in a data directory that may not agree, and changes nothing; also while the appliance runs on it. */
export async function examine(dataDir: string, reservePercent: number): Promise<Finding[]> {
  const place = [...(await lookAtPlace(dataDir, reservePercent)), lookAtKey(dataDir), await lookAtBackups(dataDir)];
  const findings = [await lookAtFfmpeg(), ...place];
  try {
    const problem = databaseProblem(dataDir);
    if (problem !== undefined) return [...findings, bad('database', `is damaged: ${problem}`, RESTART)];
    using ledger = Ledger.open(dataDir);
    const database = lookAtDatabase(ledger);
    return [...findings, ...database, ...(await lookAtFiles(ledger, dataDir, isRunning(dataDir)))];
  } catch (error) {
    if (isFault(error, 'not_found')) return [...findings, note('database', 'there is none yet')];
    return [...findings, bad('database', messageOf(error), 'see docs/operations.md')];
  }
}

/** The same in a process of its own; what takes longer than a minute and a half is not waited for. */
export async function examineApart(dataDir: string, signal: AbortSignal): Promise<Finding[]> {
  const script = { name: 'doctor-process', beside: import.meta.url };
  const found = await runApart(script, [dataDir], { signal, timeoutMs: LONGEST_MS });
  if (!Array.isArray(found)) throw new Fault('unavailable', 'doctor did not come to an end: run `watchpost doctor`');
  return found;
}

/** Whether an appliance runs on the directory. */
function isRunning(dataDir: string): boolean {
  if (!existsSync(join(dataDir, 'running.lock'))) return false;
  try {
    lockDataDir(dataDir)[Symbol.dispose]();
    return false;
  } catch {
    return true;
  }
}

/** Files below the directory, with paths relative to it; none where it isn't there. */
function filesBelow(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(dir.length + 1)
        .replaceAll(sep, '/'),
    );
}

/** Files in a directory that rows do not name and that aren't waiting to be deleted. */
export function unnamedFiles(ledger: Ledger, root: 'media' | 'thumbs', dir: string): string[] {
  const known = new Set([...ledger.named(root).map(({ path }) => path), ...ledger.garbage(root)]);
  return filesBelow(dir).filter((path) => !known.has(path));
}

async function lookAtPlace(dataDir: string, reservePercent: number): Promise<Finding[]> {
  if (!existsSync(dataDir)) return [note('data directory', `${dataDir} is not there yet`)];
  const network = await networkKind(dataDir);
  const { blocks, bavail } = await statfs(dataDir);
  const free = Math.floor((100 * bavail) / blocks);
  const space = `${free} % of the disk are free`;
  return [
    network === undefined
      ? good('file system', 'is a local one')
      : bad('file system', `is on a network (${network})`, 'move the data directory to a local disk'),
    free >= Math.floor(reservePercent)
      ? good('free space', space)
      : note('free space', `${space}: the oldest recordings go until it is ${reservePercent} %`),
    isWritable(dataDir)
      ? good('permissions', 'it can be written to')
      : bad('permissions', `${dataDir} can't be written to`, 'look at its owner and whether its disk is read-only'),
  ];
}

function isWritable(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function lookAtFfmpeg(): Promise<Finding> {
  try {
    return good('ffmpeg', (await installedFfmpeg()).name);
  } catch (error) {
    return bad('ffmpeg', messageOf(error), 'nothing is recorded without it: `apt-get install ffmpeg`');
  }
}

function lookAtKey(dataDir: string): Finding {
  const key = statSync(join(dataDir, 'signing.key'), { throwIfNoEntry: false });
  if (!key) return note('signing key', 'there is none yet');
  if (key.size !== 32)
    return bad(
      'signing key',
      `has ${key.size} bytes instead of 32`,
      'put it back from a copy; without one delete it: links end, and camera addresses must be set again',
    );
  if ((key.mode & 0o077) !== 0) return bad('signing key', 'others may read it', 'chmod 600 signing.key');
  return good('signing key', 'is whole and private');
}

async function lookAtBackups(dataDir: string): Promise<Finding> {
  const { atMs } = await newestBackup(dataDir);
  if (atMs === undefined) return note('copies of the database', 'there is none yet');
  const made = `the newest is from ${new Date(atMs).toISOString()}`;
  return Date.now() - atMs > OLD_BACKUP_MS
    ? note('copies of the database', made)
    : good('copies of the database', made);
}

function lookAtDatabase(ledger: Ledger): Finding[] {
  const problems = ledger.problems();
  if (problems.length > 0) return [bad('database', `is damaged: ${problems[0]}`, REPAIR)];
  return [
    good('database', 'is sound'),
    ...ledger.disagreements().map(({ what, rows }) => bad('database', `${rows} ${what}`, REPAIR)),
  ];
}

async function lookAtFiles(ledger: Ledger, dataDir: string, running: boolean): Promise<Finding[]> {
  const [media, thumbs, assets] = [mediaDir(dataDir), thumbsDir(dataDir), assetsDir(dataDir)];
  const settled = (dir: string) => (path: string) => !running || isSettled(join(dir, path));
  const unnamed = unnamedFiles(ledger, 'media', media).filter(settled(media));
  const finished = unnamed.filter((path) => SEGMENT.test(path));
  const strays = unnamedFiles(ledger, 'thumbs', thumbs).filter(settled(thumbs));
  const recordings = await lookForNamed(ledger, 'media', media);
  const pictures = await lookForNamed(ledger, 'thumbs', thumbs);
  const videos = await lookForNamed(ledger, 'assets', assets);
  return [
    ...lookAtRecordings(ledger, media, recordings),
    counted(
      'files',
      'that the disk does not let anybody look at',
      [recordings, pictures, videos].flatMap(({ unknown }) => unknown),
      'look at the disk and at who owns them: nothing is deleted for it',
    ),
    noted('recordings', 'finished segments that are not entered yet; the next start does', finished),
    counted(
      'recordings',
      'recordings whose facts (session.json) are gone: no restore finds them',
      withoutFacts(media),
      'keep copies of the database',
    ),
    counted('thumbnails', 'scenes whose thumbnails are gone', ledger.stillNamed('thumbs', pictures.gone), REPAIR),
    noted('thumbnails', 'files that no scene names', strays),
    counted(
      'videos',
      'files that exports and uploads lack',
      ledger.stillNamed('assets', [...videos.gone, ...videos.goneInits]),
      'delete what does not play',
    ),
    noted('deleted files', 'that wait to be unlinked', [
      ...ledger.garbage('media'),
      ...ledger.garbage('thumbs'),
      ...ledger.garbage('assets'),
    ]),
  ];
}

/** Where not one is there, it is not the files that are gone. */
function lookAtRecordings(ledger: Ledger, media: string, { count, gone, goneInits, changed }: NamedFiles): Finding[] {
  if (count > 1 && gone.length + goneInits.length === count) {
    return [bad('recordings', `none of ${count} files is there`, `mount the disk of the recordings at ${media}`)];
  }
  return [
    counted('recordings', 'segments whose files are gone', ledger.stillNamed('media', gone), REPAIR),
    counted(
      'recordings',
      'sessions whose init.mp4 is gone: none of their segments plays',
      ledger.stillNamed('media', goneInits),
      'put it back from a copy, or take that of another session of the camera with the same settings; nothing is deleted ' +
        'before its time',
    ),
    counted(
      'recordings',
      'segments whose files are not as long as they were',
      changed,
      'look at the disk: they may not play to their ends',
    ),
  ];
}

function isSettled(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.ctimeMs > SETTLED_MS;
}

/** Sessions with finished segments that couldn't be entered again. */
function withoutFacts(media: string): string[] {
  const sessions = new Set(
    filesBelow(media)
      .filter((path) => SEGMENT.test(path))
      .map((path) => path.split('/').slice(0, 2).join('/')),
  );
  return [...sessions].filter((session) => !existsSync(join(media, session, 'session.json')));
}

const good = (what: string, found: string): Finding => ({ level: 'ok', what, found });
const note = (what: string, found: string): Finding => ({ level: 'note', what, found });
const bad = (what: string, found: string, remedy: string): Finding => ({ level: 'problem', what, found, remedy });

function counted(what: string, are: string, paths: readonly string[], remedy: string): Finding {
  return paths.length === 0 ? good(what, `no ${are}`) : bad(what, `${paths.length} ${are}, e.g. ${paths[0]}`, remedy);
}

function noted(what: string, are: string, paths: readonly string[]): Finding {
  return paths.length === 0 ? good(what, `no ${are}`) : note(what, `${paths.length} ${are}, e.g. ${paths[0]}`);
}
