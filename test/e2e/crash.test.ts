/** `kill -9` at random moments: what was promised is there afterwards. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as timer } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { startRtspServer } from '../../src/cli/demo/rtsp-server.ts';
import { TestAppliance } from './support/appliance.ts';
import { startBroker } from './support/broker.ts';
import { ffmpegsOf, ffmpegsWithin } from './support/processes.ts';
import { tempDir } from './support/temp-dir.ts';
import { passingBlock } from './support/videos.ts';
import { until } from './support/waiting.ts';
import { addCamera, arm } from './support/watching.ts';
import { startWebhook } from './support/webhook.ts';

/** Each is killed so many times, all beside each other: nearly all of it is waiting. */
const BOXES = ['yard', 'gate', 'shed'];
const KILLS = 7;
const SEGMENT_SECONDS = 2;
/** Most moments are while it connects or records, some while it starts. */
const RUN_MS = 8000;
const START_MS = 1500;
const STARTS_KILLED = 0.25;
/** The open segment, up to its next keyframe, and what is on its way from the camera to the disk. */
const OPEN_SEGMENT_MS = (SEGMENT_SECONDS + 1) * 1000 + 3000;

test.concurrent.each(BOXES)(
  'nothing promised is lost, whenever the box at the %s is killed',
  {
    timeout: 400_000,
  },
  async (name) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using webhook = await startWebhook();
    await using camera = await startRtspServer({ file: await passingBlock(600, 3), name });
    const config = { mqtt: { url: broker.url }, recording: { segmentSeconds: SEGMENT_SECONDS } };
    const start = (whenServing: boolean) => TestAppliance.start({ dataDir: dir.path, config, whenServing });

    let onDisk: string[] = [];
    let killed: { startedMs: number; killedMs: number } | undefined;
    /** What must hold when it serves again after a kill. */
    async function expectRecovery(appliance: TestAppliance, at: string): Promise<void> {
      expect(namedButMissing(dir.path), at).toEqual([]);
      const rows = segmentRows(dir.path);
      const paths = new Set(rows.map(({ path }) => path));
      expect(
        onDisk.filter((path) => !paths.has(path)),
        `${at}: files without a row`,
      ).toEqual([]);
      await until(`${at}: the old ffmpeg is gone`, async () => {
        const ours = (await ffmpegsOf(appliance.pid)).map(({ pid }) => pid);
        return (await ffmpegsWithin(dir.path)).every(({ pid }) => ours.includes(pid));
      });
      if (!killed) return;
      const { startedMs, killedMs } = killed;
      const ends = rows.filter((row) => row.start_ms >= startedMs && row.start_ms < killedMs).map((row) => row.end_ms);
      if (ends.length > 0) expect(killedMs - Math.max(...ends), `${at}: ms lost`).toBeLessThanOrEqual(OPEN_SEGMENT_MS);
    }

    for (let kill = 0; kill <= KILLS; kill += 1) {
      const duringStart = kill > 0 && Math.random() < STARTS_KILLED;
      const afterMs = Math.round(Math.random() * (duringStart ? START_MS : RUN_MS));
      const at = `kill ${kill}, ${afterMs} ms ${duringStart ? 'into' : 'after'} the start`;
      await using appliance = await start(!duringStart);
      const startedMs = Date.now();
      if (!duringStart) await expectRecovery(appliance, at);
      if (kill === 0) {
        const watch = await addCamera(appliance, { url: camera.url, seconds: 1, frames: 2 });
        await arm(appliance, watch, { prompt: 'something moves', label: 'movement', callbackUrl: webhook.url });
      }
      await timer(afterMs); // The stimulus, not a wait: the moment of the kill is what varies.
      expect(appliance.running, `${at}: it had ended by itself\n${appliance.output}`).toBe(true);
      await appliance.kill('SIGKILL');
      killed = duringStart ? undefined : { startedMs, killedMs: Date.now() };
      onDisk = await segmentFiles(dir.path);
      expect(namedButMissing(dir.path), at).toEqual([]);
    }

    await using last = await start(true);
    await expectRecovery(last, 'the last start');
    // None of the lives before may have been long enough.
    const stored = await until('an alert is stored', () => {
      const ids = firingIds(dir.path);
      return ids.length > 0 && ids;
    });
    for (const [channel, received] of [
      ['MQTT', () => broker.alerts.map(({ payload }) => payload)],
      ['webhook', () => webhook.alerts],
    ] as const)
      await until(`all ${stored.length} stored alerts by ${channel}`, () => {
        const ids = new Set(received().map((alert) => alert['firing_id']));
        return stored.every((id) => ids.has(id));
      });
    await last.kill('SIGKILL');
    await until('no ffmpeg is left over', async () => (await ffmpegsWithin(dir.path)).length === 0);
  },
);

interface SegmentPaths {
  path: string;
  init_path: string;
  start_ms: number;
  end_ms: number;
}

function query<T>(dataDir: string, sql: string): T[] {
  const database = new Database(join(dataDir, 'watchpost.db'), { readonly: true });
  try {
    return database.prepare<[], T>(sql).all();
  } finally {
    database.close();
  }
}

function segmentRows(dataDir: string): SegmentPaths[] {
  return query(
    dataDir,
    'SELECT path, init_path, start_ms, end_ms FROM segments JOIN recording_sessions r ON r.id = session_id',
  );
}

function firingIds(dataDir: string): string[] {
  return query<{ id: string }>(dataDir, 'SELECT id FROM firings').map(({ id }) => id);
}

/** Files that rows name and that aren't there; must be none at any moment. */
function namedButMissing(dataDir: string): string[] {
  const media = segmentRows(dataDir)
    .flatMap(({ path, init_path }) => [path, init_path])
    .map((path) => join(dataDir, 'media', path));
  const thumbs = query<{ thumb_path: string }>(
    dataDir,
    'SELECT thumb_path FROM scenes WHERE thumb_path IS NOT NULL',
  ).map(({ thumb_path }) => join(dataDir, 'thumbs', thumb_path));
  return [...new Set([...media, ...thumbs])].filter((file) => !existsSync(file));
}

/** Finished segments on disk, relative to the media directory. */
async function segmentFiles(dataDir: string): Promise<string[]> {
  const media = join(dataDir, 'media');
  if (!existsSync(media)) return [];
  return (await readdir(media, { recursive: true })).filter((path) => /\/\d+-\d+\.m4s$/.test(path));
}
