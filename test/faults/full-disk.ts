/**
 * Each kind of write on a small disk that is full, and again when there is room. Runs in a mount namespace of its own, so
 * that the disk goes with the process; tells its parent what came of it.
 *
 * argv: an empty directory, a directory with an init file and segments.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { examine } from '#app';
import { recoverSegments } from '#camera';
import { isFault, messageOf, systemClock } from '#runtime';
import { databaseFile, Store } from '#store';
import { tendSpareRoom } from '../../src/app/spare-room.ts';
import { SessionDirectory } from '../../src/camera/media-directory.ts';
import { storeThumbnail } from '../../src/pipeline/scene.ts';
import { aFiring, anArmedCamera, aScene, aSession, axis, quiet } from '../store/fixture.ts';
import { observed } from './observed.ts';

export interface Outcome {
  what: string;
  /** What was said on the full disk; `done` where it needed no room. */
  full: string;
  /** The same when there was room again. */
  roomy: string;
}

export type Report = { outcomes: Outcome[]; problems: string[] } | { cannotMount: string };

const [dir = '', made = ''] = process.argv.slice(2);
const never = new AbortController().signal;
const places = { mediaDir: join(dir, 'media'), thumbsDir: join(dir, 'thumbs'), assetsDir: join(dir, 'assets') };
const ballast = join(dir, 'ballast');
/** It makes the database larger. */
const LONG = 'A person carries a parcel. '.repeat(100_000);

const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=192m', 'tmpfs', dir], { encoding: 'utf8' });
const report = mounted.status === 0 ? await tryAll() : { cannotMount: mounted.stderr };
process.send?.(report satisfies Report, () => process.disconnect());

async function tryAll(): Promise<Report> {
  for (const place of Object.values(places)) mkdirSync(place);
  const outcomes: Outcome[] = [];
  {
    await tendSpareRoom(dir);
    await using store = await Store.open(dir, { clock: systemClock, log: quiet });
    for (const [what, write] of Object.entries(await writes(store))) {
      emptyLog();
      fill();
      const full = await tried(write);
      rmSync(ballast);
      outcomes.push({ what, full, roomy: await tried(write) });
    }
  }
  fill();
  outcomes.push({ what: 'a start and a deletion', full: await tried(startAndDelete), roomy: '' });
  rmSync(ballast);
  const problems = (await examine(dir, 0)).filter(({ level }) => level === 'problem').map(({ found }) => found);
  return { outcomes, problems };
}

async function writes(store: Store): Promise<Record<string, () => unknown>> {
  const { stream, index, alert } = anArmedCamera(store);
  const directory = await SessionDirectory.create(places.mediaDir, stream, 'session-1');
  for (const name of ['init.mp4', '0.m4s', '1.m4s']) copyFileSync(join(made, name), join(directory.openDir, name));
  const nowMs = systemClock.nowMs();
  const { initPath } = directory;
  const session = { ...aSession(stream.id, { id: 'session-1' }), initPath, startedMs: nowMs };
  const names = ['0.m4s', '1.m4s'];
  let n = 0;
  const scene = (text: string) => aScene(index, { startMs: nowMs, endMs: nowMs + 1000, text });
  return {
    'a session': () => directory.keepSession(session, nowMs),
    'a segment': async () => {
      const [name = ''] = names;
      const segment = await directory.finish(name, stream.id, 'session-1', nowMs + n, nowMs + n + 1000);
      names.shift();
      n += 1000;
      store.segments.add(segment, session);
    },
    'a scene': () => store.scenes.add(scene(LONG), axis(0), 'm'),
    'a thumbnail': async () => {
      const window = { streamId: stream.id, startMs: nowMs, endMs: nowMs + 1000, frames: [], zones: [] };
      const path = await storeThumbnail(observed(nowMs), window, index, { ...places, log: quiet });
      if (path === undefined) throw new Error('done without');
      store.scenes.add({ ...scene('A person.'), thumbPath: path }, axis(1), 'm');
    },
    'an alert': () => {
      const firing = aFiring(alert, nowMs, { explanation: LONG });
      store.commitEvaluation({ cursor: 1, cursorName: 'events', states: [], firings: [{ firing, deliveries: [] }] });
    },
    'a backup': () => store.backups.make({ reservePercent: 0, signal: never }),
  };
}

/** As when the box starts on a full disk: what SQLite had for its log is gone. */
async function startAndDelete(): Promise<void> {
  await tendSpareRoom(dir);
  await using store = await Store.open(dir, { clock: systemClock, log: quiet });
  const found = await recoverSegments(places.mediaDir, (path) => store.segments.has(path));
  for (const { segment, session } of found) store.segments.addFound(segment, session);
  const before = store.segments.totals().count;
  await store.retention.enforce({ ...places, reservePercent: 99, signal: never });
  if (store.segments.totals().count === before) throw new Error('nothing was deleted');
}

/** What SQLite's log has left from before would be room for the next write. */
function emptyLog(): void {
  const db = new Database(databaseFile(dir));
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

function fill(): void {
  const fd = openSync(ballast, 'w');
  const block = Buffer.alloc(4096, 1);
  try {
    for (;;) writeSync(fd, block);
  } catch {
    closeSync(fd);
  }
  if (statfsSync(dir).bavail > 0) throw new Error('the disk is not full');
}

async function tried(write: () => unknown): Promise<string> {
  try {
    await write();
    return 'done';
  } catch (error) {
    return `${isFault(error) ? error.kind : 'error'}: ${messageOf(error)}`;
  }
}
