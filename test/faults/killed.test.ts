/** `kill -9` at every step of writing and deleting: what was promised is there afterwards, and everything agrees. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { examine } from '#app';
import { recoverSegments } from '#camera';
import { FAULT_POINTS, type FaultPoint, systemClock } from '#runtime';
import { restoreDamaged, Store } from '#store';
import { ffmpeg } from '../e2e/support/ffmpeg.ts';
import { type TempDir, tempDir } from '../e2e/support/temp-dir.ts';
import { anArmedCamera, quiet } from '../store/fixture.ts';
import { isFull } from './form.ts';
import type { Promised } from './steps.ts';

const SCHEMA_2 = join(import.meta.dirname, '../store/schema-2.sql');
const KILL_AT = pathToFileURL(join(import.meta.dirname, 'kill-at.mjs')).href;
/** In the long form also at the second and third time that it comes there. */
const TIMES = isFull ? [1, 2, 3] : [1];
/** Steps that are taken once in a life. */
const ONCE = /^(mark|session|hold|restore|migration\.copied|backup|erase|garbage)/;

let home: TempDir;
beforeAll(async () => {
  home = await tempDir();
  mkdirSync(join(home.path, 'made'));
  const hls = ['-f', 'hls', '-hls_time', '1', '-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', 'init.mp4'];
  const names = ['-hls_segment_filename', join(home.path, 'made', '%d.m4s')];
  const source = ['-f', 'lavfi', '-i', 'testsrc=size=64x36:rate=5:duration=4', '-c:v', 'libx264', '-g', '5'];
  await ffmpeg(...source, ...hls, ...names, join(home.path, 'made', 'live.m3u8'));
});
afterAll(() => home[Symbol.asyncDispose]());

const CASES = FAULT_POINTS.filter((point) => point !== 'handover.ready').flatMap((point) =>
  TIMES.filter((n) => n === 1 || !ONCE.test(point)).map((n) => ({ point, n, what: workOf(point) })),
);
const SIFTED = (['erase.noted', 'erase.entered'] as const).map((point) => ({ point, n: 1, what: 'sift' as const }));

/** On its way to each further status. */
const CAPTURED = [2, 3, 4, 5].map((n) => ({ point: 'capture.inserted' as const, n, what: 'capture' as const }));

it.concurrent.each([...CASES, ...SIFTED, ...CAPTURED])(
  '$what: killed at $point, time $n',
  { timeout: 300_000 },
  async ({ point, n, what }) => {
    const dir = mkdtempSync(join(home.path, 'data-'));
    await prepare(dir, what);
    const promised = await killedAt(`${point}:${n}`, what, dir);
    await comeBack(dir, promised, what === 'record' && /^(erase|garbage)/.test(point));
    expect(
      (await examine(dir, 0)).filter(
        ({ level, what: part }) => level === 'problem' || (part === 'recordings' && level === 'note'),
      ),
    ).toEqual([]);
    rmSync(dir, { recursive: true });
  },
);

type What = 'record' | 'sift' | 'capture' | 'restore' | 'migrate';

function workOf(point: FaultPoint): What {
  if (point.startsWith('restore')) return 'restore';
  if (point.startsWith('capture')) return 'capture';
  return point.startsWith('migration') ? 'migrate' : 'record';
}

async function prepare(dir: string, what: What): Promise<void> {
  const file = join(dir, 'watchpost.db');
  if (what === 'migrate') {
    const sql = new Database(file);
    sql.exec(readFileSync(SCHEMA_2, 'utf8'));
    sql.pragma('user_version = 2');
    sql.exec(
      "INSERT INTO collections VALUES ('c-1', 'Default', '', 0, 1); INSERT INTO meta VALUES ('box_id', 'box-1')",
    );
    sql.close();
    return;
  }
  {
    await using store = await Store.open(dir, { clock: systemClock, log: quiet });
    anArmedCamera(store);
    if (what === 'restore') await store.backups.make({ reservePercent: 0, signal: new AbortController().signal });
  }
  if (what === 'restore') {
    writeFileSync(`${file}.damaged`, 'as a test would have it');
    return;
  }
  cpSync(join(home.path, 'made'), join(dir, 'made'), { recursive: true });
  rmSync(join(dir, 'made/live.m3u8'));
}

async function killedAt(at: string, what: What, dir: string): Promise<Promised[]> {
  const child = fork(new URL('./steps.ts', import.meta.url), [what, dir], {
    execArgv: ['--import', 'tsx', '--import', KILL_AT],
    env: { ...process.env, WATCHPOST_KILL_AT: at },
  });
  const promised: Promised[] = [];
  child.on('message', (message) => promised.push(message as Promised)); // Only steps.ts writes to this channel.
  expect(await once(child, 'exit'), 'it comes there').toEqual([null, 'SIGKILL']);
  return promised;
}

/** The next start, without cameras. */
async function comeBack(dir: string, promised: readonly Promised[], mayErase: boolean): Promise<void> {
  const places = { mediaDir: join(dir, 'media'), thumbsDir: join(dir, 'thumbs'), assetsDir: join(dir, 'assets') };
  for (const place of Object.values(places)) mkdirSync(place, { recursive: true });
  await restoreDamaged(dir, systemClock);
  await using store = await Store.open(dir, { clock: systemClock, log: quiet });
  expect(await store.mediaPlace.problem(places.mediaDir)).toBeUndefined();
  const found = await recoverSegments(places.mediaDir, (path) => store.segments.has(path));
  for (const { segment, session } of found) store.segments.add(segment, session);
  const erasedBefore = store.segments.totals().count;
  await store.retention.enforce({ ...places, reservePercent: 0, signal: new AbortController().signal });
  expect(store.segments.totals().count, 'nothing more is deleted').toBe(erasedBefore);
  expect(readdirSync(dir).filter((name) => /restor|damaged$/.test(name) && name !== 'damaged')).toEqual([]);
  const fired = new Set(store.firings.recent({ limit: 100 }).map(({ id }) => id));
  expectTold(
    store,
    promised.filter(({ kind }) => kind === 'capture'),
  );
  for (const { kind, id } of promised) {
    if (kind === 'capture') continue;
    if (kind === 'firing') expect(fired).toContain(id);
    else if (kind === 'hold') expectHeld(store, id);
    else if (!mayErase) expect(store.segments.has(id) || isGivenUp(store, id), id).toBe(true);
  }
}

/** Every status that was promised has one event, which is still to be told, and the last of them is the session's. */
function expectTold({ captures, journal }: Store, promised: readonly Promised[]): void {
  const { sessions } = captures.list({ collectionId: 'default', limit: 10 });
  const events = journal.after(0, 100, ['capture']).map(({ ref }) => captures.events.get(Number(ref)));
  const told = events.map((event) => event?.status);
  expect(told.slice(0, promised.length)).toEqual(promised.map(({ id }) => id));
  expect(new Set(told).size).toBe(told.length);
  expect(sessions.map(({ status }) => status)).toEqual(told.slice(-1));
  expect(captures.events.due(Date.now()).map(({ event }) => event.status)).toEqual(told.slice(0, 1));
}

function expectHeld(store: Store, id: string): void {
  const hold = store.holds.get(id);
  expect(hold && store.segments.inRange(hold.streamId, hold.fromMs, hold.toMs), id).toHaveLength(1);
}

/** Nobody wanted it, and that is said. */
function isGivenUp(store: Store, path: string): boolean {
  const [, streamId = '', startMs, endMs] = /^(.+?)\/.*\/(\d+)-(\d+)\.m4s$/.exec(path) ?? [];
  const gaps = store.segments.gaps(streamId, Number(startMs), Number(endMs));
  return gaps.some((gap) => gap.unwanted && gap.startMs <= Number(startMs) && gap.endMs >= Number(endMs));
}
