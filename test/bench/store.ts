/**
 * Searching among a hundred thousand and a million scenes, each with the vector of its words (256 numbers) and that of
 * its picture (512), of thirty days and eight cameras, through the process that searches, while scenes are stored. Vectors
 * of pictures are made up (likenesses.ts). The same as floats in a plain table, ordered by sqlite-vec's cosine, are the
 * exact answer, and what the search by pictures is compared with.
 */
import { statSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate, setTimeout } from 'node:timers/promises';
import Database, { type Statement } from 'better-sqlite3';
import * as sqliteVec from 'sqlite-vec';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { createLog, systemClock } from '#runtime';
import { type SceneQuery, Store } from '#store';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { until } from '../e2e/support/waiting.ts';
import { type Archive, anArchive, aSceneOf } from './archive.ts';
import { Bulk } from './bulk.ts';
import { DIMENSIONS, Likenesses } from './likenesses.ts';
import type { Figures } from './main.ts';
import { endProgress, showProgress } from './progress.ts';

const CAMERAS = 8;
const DAYS = 30;
const DAY_MS = 86_400_000;
const TEXTS = [
  'person at the gate',
  'a red car in the driveway',
  'someone walking a pet near a vehicle',
  'dog',
  'loading dock',
  'horse toward the camera',
  'purple elephant playing chess',
  'bonjour',
];
/** Scenes that are stored one by one. */
const SINGLY = 10_000;
const BATCH = 10_000;
const QUERIES = 96;
const COMPARED = 24;
const IDLE_MS = 3000;
const STORED_EVERY_MS = 100;
/** Pictures may be of the text from a cosine of 0.25 on. */
const LIKENESS = { model: 'clip', slope: 40, offset: -10 };
const QUIET = { clock: systemClock, log: createLog('silent') };

type Parts = Parameters<Bulk['add']>;

interface World {
  store: Store;
  archives: Archive[];
  likenesses: Likenesses;
  floats: Database.Database;
}

export async function store(): Promise<Figures> {
  const few = await among(100_000);
  const many = await among(1_000_000);
  const machine = { cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`, load_after: round(loadavg()[0] ?? 0) };
  return {
    ...many,
    ...Object.fromEntries(Object.entries(few).map(([key, value]) => [`${key}_of_100k`, value])),
    ...machine,
  };
}

async function among(count: number): Promise<Figures> {
  await using dir = await tempDir();
  using floats = openFloats(join(dir.path, 'floats.db'));
  const likenesses = new Likenesses(CAMERAS);
  const { archives, insertsPerS } = await fill(dir.path, floats.sql, likenesses, count);
  await using box = await Store.open(dir.path, QUIET);
  const world: World = { store: box, archives, likenesses, floats: floats.sql };
  const bytes = statSync(join(dir.path, 'watchpost.db')).size;
  await using _apart = box.search.start({ ...QUIET, fromScenes: 0 }, new AbortController().signal);
  showProgress('reading codes');
  const codesReadMs = await timeOf(() =>
    until('the codes are read', () => box.search.status().codes?.complete, 600_000),
  );
  const codesMb = (box.search.status().codes?.bytes ?? 0) / 1e6;
  const idleMs = await loopDelay(world, () => setTimeout(IDLE_MS));
  const hybrid: number[] = [];
  const busyMs = await loopDelay(world, () => searchAll(world, hybrid));
  const pictures = await comparePictures(world);
  const reclaimed = await reclaim(world, dir.path);
  endProgress();
  return {
    search_p50_ms: percentile(hybrid, 0.5),
    search_p95_ms: percentile(hybrid, 0.95),
    ...pictures,
    loop_delay_p99_ms: round(Math.max(0, busyMs - idleMs)),
    loop_delay_idle_p99_ms: round(idleMs),
    inserts_per_s: Math.round(insertsPerS),
    bytes_per_scene: Math.round(bytes / count),
    codes_mb: Math.round(codesMb),
    codes_read_s: round(codesReadMs / 1000),
    ...reclaimed,
  };
}

function openFloats(file: string): Disposable & { sql: Database.Database } {
  const sql = new Database(file);
  sqliteVec.load(sql);
  sql.pragma('page_size = 16384'); // Of the default size each page would have room for one vector only.
  sql.pragma('journal_mode = OFF');
  sql.pragma('synchronous = OFF');
  sql.exec('CREATE TABLE floats (id INTEGER PRIMARY KEY, vector BLOB NOT NULL)');
  return { sql, [Symbol.dispose]: () => sql.close() };
}

/** Of the scenes that are stored in transactions of their own, as those of cameras are, also how many per second. */
async function fill(
  dir: string,
  floats: Database.Database,
  likenesses: Likenesses,
  count: number,
): Promise<{ archives: Archive[]; insertsPerS: number }> {
  await using box = await Store.open(dir, QUIET);
  const archives = Array.from({ length: CAMERAS }, (_, n) => anArchive(box, n));
  const texts = new Map<string, Float32Array>();
  const insert = floats.prepare<[number, Buffer]>('INSERT INTO floats VALUES (?, ?)');
  const singly = Math.min(SINGLY, count / 2);
  const spacingMs = Math.floor((DAYS * DAY_MS) / (count - singly));
  const fromMs = Date.now() - (count - singly) * spacingMs;
  let spentMs = 0;
  const store = (n: number, add: (...parts: Parts) => number) => {
    const picture = likenesses.picture(n % CAMERAS);
    const scene = aSceneOf(pick(archives, n), n, fromMs + Math.max(0, n - singly) * spacingMs);
    const words = texts.get(scene.text) ?? embedText(scene.text);
    texts.set(scene.text, words);
    const began = performance.now();
    const id = add(scene, words, { vector: picture, model: 'clip' });
    spentMs += performance.now() - began;
    insert.run(id, Buffer.from(picture.buffer));
  };
  floats.exec('BEGIN');
  for (let n = 0; n < singly; n++) {
    store(n, (scene, words, picture) => box.scenes.add(scene, words, TEXT_EMBEDDING.model, picture).id);
    if (n % 1000 === 999) await setImmediate();
  }
  const insertsPerS = singly / (spentMs / 1000);
  using bulk = Bulk.open(join(dir, 'watchpost.db'));
  for (let n = singly; n < count; n++) {
    if (n % BATCH === 0) {
      showProgress('storing scenes', n / count);
      bulk.commit();
      await setImmediate();
    }
    store(n, (...parts) => bulk.add(...parts));
  }
  floats.exec('COMMIT');
  return { archives, insertsPerS };
}

async function searchAll({ store: box, likenesses }: World, took: number[]): Promise<void> {
  for (let n = 0; n < QUERIES; n++) {
    showProgress('searching', n / QUERIES);
    const text = pick(TEXTS, n);
    const words = { text, vector: embedText(text), model: TEXT_EMBEDDING.model };
    const query: SceneQuery = { ...words, pictures: { ...LIKENESS, vector: likenesses.text() }, limit: 10 };
    took.push(await timeOf(() => box.scenes.search(query)));
  }
}

/** By their pictures alone, and the same by brute force. */
async function comparePictures({ store: box, likenesses, floats }: World): Promise<Figures> {
  const exact: Statement<[Buffer], number> = floats
    .prepare<[Buffer], number>('SELECT id FROM floats ORDER BY vec_distance_cosine(vector, ?) LIMIT 10')
    .pluck();
  const took: { search: number[]; brute: number[] } = { search: [], brute: [] };
  let hits = 0;
  for (let n = 0; n < COMPARED; n++) {
    showProgress('comparing with brute force', n / COMPARED);
    const vector = likenesses.text();
    let wanted: number[] = [];
    took.brute.push(
      await timeOf(() => {
        wanted = exact.all(Buffer.from(vector.buffer));
      }),
    );
    const query = { text: '', vector: new Float32Array(DIMENSIONS), model: 'none', pictures: { ...LIKENESS, vector } };
    let found: number[] = [];
    took.search.push(
      await timeOf(async () => {
        const scenes = await box.scenes.search({ ...query, limit: 10, scoreThreshold: 0 });
        found = scenes.map(({ scene }) => scene.id);
      }),
    );
    hits += wanted.filter((id) => found.includes(id)).length;
  }
  return {
    pictures_p50_ms: percentile(took.search, 0.5),
    pictures_p95_ms: percentile(took.search, 0.95),
    brute_p50_ms: percentile(took.brute, 0.5),
    speedup_vs_brute: round(percentile(took.brute, 0.5) / percentile(took.search, 0.5)),
    recall_at_10: round(hits / (COMPARED * 10), 3),
  };
}

/** Of this process, p99, while something goes on and scenes are stored as a recorder does. */
async function loopDelay(world: World, work: () => Promise<unknown>): Promise<number> {
  let n = 0;
  const storing = setInterval(() => {
    const scene = aSceneOf(pick(world.archives, n), n, Date.now());
    const picture = { vector: world.likenesses.picture(n++ % CAMERAS), model: 'clip' };
    world.store.scenes.add(scene, embedText(scene.text), TEXT_EMBEDDING.model, picture);
  }, STORED_EVERY_MS);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  delay.disable();
  clearInterval(storing);
  return delay.percentile(99) / 1e6;
}

/** What one pass of retention gives back of the oldest days, and how long others wait for it. */
async function reclaim(world: World, dir: string): Promise<Figures> {
  showProgress('reclaiming');
  const file = join(dir, 'watchpost.db');
  const before = freeBytes(file);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const tookMs = await timeOf(() =>
    world.store.retention.enforce({
      mediaDir: dir,
      thumbsDir: dir,
      assetsDir: dir,
      reservePercent: 0,
      keepDays: DAYS - 3,
      signal: new AbortController().signal,
    }),
  );
  delay.disable();
  return {
    reclaimed_mb: Math.round((freeBytes(file) - before) / 1e6),
    reclaim_s: round(tookMs / 1000),
    reclaim_loop_p99_ms: round(delay.percentile(99) / 1e6),
  };
}

/** In the file, for what is stored next. */
function freeBytes(file: string): number {
  const sql = new Database(file, { readonly: true });
  const pages = Number(sql.pragma('freelist_count', { simple: true }));
  const size = Number(sql.pragma('page_size', { simple: true }));
  sql.close();
  return pages * size;
}

async function timeOf(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

function pick<T>(things: readonly T[], n: number): T {
  const thing = things[n % things.length];
  if (thing === undefined) throw new Error('there is nothing to pick from');
  return thing;
}
