import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examine, holdDataDir, repair } from '#app';
import { type Config, parseConfig } from '#config';
import { newId, type RecordingSession } from '#domain';
import { createLog, installedFfmpeg, systemClock } from '#runtime';
import { Store } from '#store';
import { aCamera, aScene, axis, NOON } from '../store/fixture.ts';

const log = createLog('silent');
let dir: string;
let config: Config;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wp-doctor-'));
  config = parseConfig(JSON.stringify({ dataDir: dir }), {}, 'the test');
});
afterEach(() => rmSync(dir, { recursive: true }));

const open = () => Store.open(dir, { clock: systemClock, log });
const mend = () => repair(config, systemClock, log);

/** What isn't well, as lines. */
async function complaints(level: 'note' | 'problem' = 'problem'): Promise<string[]> {
  const findings = await examine(dir, 0);
  return findings.filter((finding) => finding.level === level).map(({ what, found }) => `${what}: ${found}`);
}

function put(path: string, content = 'x'.repeat(100)): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), content);
}

interface Box {
  session: RecordingSession;
  segment: (n: number) => string;
}

/** A camera with four segments and a scene with its thumbnail, all as they should be. */
async function aBox(): Promise<Box> {
  await using store = await open();
  const { stream, index } = aCamera(store);
  const id = newId('session', NOON);
  const initPath = `${stream.id}/${id}/init.mp4`;
  const session = { id, streamId: stream.id, startedMs: NOON, initPath, width: 640, height: 360 };
  const segment = (n: number) => {
    const startMs = NOON + n * 4000;
    return `${stream.id}/${id}/2025-06-15/${startMs}-${startMs + 4000}.m4s`;
  };
  put(`media/${initPath}`);
  put(
    `media/${dirname(initPath)}/session.json`,
    JSON.stringify({ ...session, anchorMs: NOON, streamName: stream.name }),
  );
  for (const n of [0, 1, 2, 3]) {
    const startMs = NOON + n * 4000;
    put(`media/${segment(n)}`);
    const times = { startMs, endMs: startMs + 4000, bytes: 100 };
    store.segments.add({ streamId: stream.id, sessionId: id, path: segment(n), ...times }, session);
  }
  put(`thumbs/${stream.id}/a.jpg`);
  store.scenes.add(aScene(index, { thumbPath: `${stream.id}/a.jpg` }), axis(0), 'm');
  return { session, segment };
}

describe('doctor', () => {
  it('finds nothing wrong with a box that is well, nor with one that was never used', async () => {
    expect(await complaints()).toEqual([]);
    await aBox();
    expect(await complaints()).toEqual([]);
    expect(await complaints('note')).toEqual(['copies of the database: there is none yet']);
    const { name } = await installedFfmpeg();
    expect(await examine(dir, 0)).toContainEqual({ level: 'ok', what: 'ffmpeg', found: name });
    expect(await mend()).toEqual([]);
  });

  it('finds a segment whose file was deleted, and forgets it', async () => {
    const { segment } = await aBox();
    unlinkSync(join(dir, 'media', segment(1)));
    expect(await complaints()).toEqual([`recordings: 1 segments whose files are gone, e.g. ${segment(1)}`]);
    expect(await mend()).toEqual(['1 rows whose files are gone forgotten']);
    expect(await complaints()).toEqual([]);
    await using store = await open();
    expect(store.segments.totals().count).toBe(3);
  });

  it('forgets nothing for a file that the disk does not let it look at', async () => {
    const { segment, session } = await aBox();
    const thumb = `${session.streamId}/a.jpg`;
    for (const path of [join('media', segment(1)), join('thumbs', thumb)]) {
      unlinkSync(join(dir, path));
      symlinkSync(basename(path), join(dir, path)); // Leads to itself: what is there can't be told.
    }
    expect(await complaints()).toEqual([`files: 2 that the disk does not let anybody look at, e.g. ${segment(1)}`]);
    expect(await mend()).toEqual([]);
    await using store = await open();
    expect(store.segments.totals().count).toBe(4);
    expect(store.scenes.recent({ limit: 1 })[0]?.thumbPath).toBe(thumb);
  });

  it('says that a session does not play whose init file is lost, and leaves it as it is', async () => {
    const { segment, session } = await aBox();
    unlinkSync(join(dir, 'media', session.initPath));
    const complaint = `recordings: 1 sessions whose init.mp4 is gone: none of their segments plays, e.g. ${session.initPath}`;
    expect(await complaints()).toEqual([complaint]);
    expect(await mend()).toEqual([]);
    expect(await complaints()).toEqual([complaint]);
    expect(existsSync(join(dir, 'media', segment(0)))).toBe(true);
    put(`media/${session.initPath}`);
    expect(await complaints()).toEqual([]);
  });

  it('takes a disk that is not mounted for what it is', async () => {
    await aBox();
    renameSync(join(dir, 'media'), join(dir, 'elsewhere'));
    expect(await complaints()).toEqual(['recordings: none of 5 files is there']);
  });

  it('finds a segment that no row names, and enters it', async () => {
    const { session } = await aBox();
    const orphan = `${dirname(session.initPath)}/2025-06-15/${NOON + 16_000}-${NOON + 20_000}.m4s`;
    put(`media/${orphan}`);
    expect(await complaints()).toEqual([]);
    expect(await complaints('note')).toContain(
      `recordings: 1 finished segments that are not entered yet; the next start does, e.g. ${orphan}`,
    );
    expect(await mend()).toEqual(['1 segments entered']);
    await using store = await open();
    expect(store.segments.inRange(session.streamId, NOON, NOON + 60_000)).toHaveLength(5);
  });

  it('finds a segment that the disk has cut, and a session whose facts it has lost', async () => {
    const { segment, session } = await aBox();
    truncateSync(join(dir, 'media', segment(2)), 10);
    unlinkSync(join(dir, 'media', dirname(session.initPath), 'session.json'));
    expect(await complaints()).toEqual([
      `recordings: 1 segments whose files are not as long as they were, e.g. ${segment(2)}`,
      `recordings: 1 recordings whose facts (session.json) are gone: no restore finds them, e.g. ${dirname(session.initPath)}`,
    ]);
    await mend();
    expect(existsSync(join(dir, 'media', segment(0))), 'what was recorded stays').toBe(true);
  });

  it('finds thumbnails without scenes and scenes without thumbnails, and parts them', async () => {
    const { session } = await aBox();
    unlinkSync(join(dir, 'thumbs', session.streamId, 'a.jpg'));
    put(`thumbs/${session.streamId}/stray.jpg`);
    expect(await complaints()).toEqual([
      `thumbnails: 1 scenes whose thumbnails are gone, e.g. ${session.streamId}/a.jpg`,
    ]);
    expect(await mend()).toEqual(['1 rows whose files are gone forgotten', '1 thumbnails that no scene names deleted']);
    expect(await complaints()).toEqual([]);
    expect(await complaints('note')).toHaveLength(1);
  });

  it('finds rows that don’t agree, and brings them in line', async () => {
    await aBox();
    const sql = new Database(join(dir, 'watchpost.db'));
    sql.exec('DELETE FROM scene_words; UPDATE segment_totals SET count = 99; PRAGMA foreign_keys = OFF;');
    sql.exec("INSERT INTO alert_states VALUES ('nobody', '{}')");
    sql.close();
    expect(await complaints()).toEqual([
      'database: 1 rows whose owners are gone',
      'database: 1 scenes that are not found by their words',
      'database: 95 segments more or fewer than are counted',
    ]);
    expect(await mend()).toEqual(['97 rows brought in line']);
    expect(await complaints()).toEqual([]);
  });

  it('restores a database of which nothing is left, from what lies beside the recordings', async () => {
    const { session } = await aBox();
    writeFileSync(join(dir, 'watchpost.db'), 'nonsense'.repeat(1000));
    for (const suffix of ['-wal', '-shm']) rmSync(join(dir, `watchpost.db${suffix}`), { force: true });
    expect(await complaints()).toEqual(['database: is damaged: file is not a database']);
    expect(await mend()).toEqual([
      expect.stringMatching(/^restored the database from what could be read of it; see /),
      'found the camera "Front door" again: give it its address, and start it',
      '4 segments entered',
      '1 thumbnails that no scene names deleted',
    ]);
    expect(await complaints()).toEqual([]);
    await using store = await open();
    expect(store.streams.get(session.streamId)).toMatchObject({ name: 'Front door', wanted: 'stopped', origin: 'api' });
    expect(store.segments.bounds(session.streamId)).toEqual({ startMs: NOON, endMs: NOON + 16_000 });
  });

  it('finds a key of the wrong size', async () => {
    await aBox();
    truncateSync(join(dir, 'signing.key'), 7);
    expect(await complaints()).toEqual(['signing key: has 7 bytes instead of 32']);
  });

  it('repairs nothing while an appliance runs, and leaves alone what may be under way', async () => {
    const { segment } = await aBox();
    using _running = await holdDataDir(dir);
    put(`media/${dirname(segment(0))}/${NOON + 16_000}-${NOON + 20_000}.m4s`);
    expect(await complaints('note')).toEqual(['copies of the database: there is none yet']);
    await expect(mend()).rejects.toMatchObject({ kind: 'conflict' });
  });
});
