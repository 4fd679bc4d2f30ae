import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { newId, type Stream } from '#domain';
import { joined, Spool } from '#hearing';
import { Transcriber } from '#pipeline';
import { createLog, Lifetime } from '#runtime';
import { Store } from '#store';
import { Ear } from '../../src/pipeline/hear.ts';
import { noise, T0 } from '../hearing/sound.ts';
import { aStream } from '../store/fixture.ts';
import { standInEars, standInRecogniser, TestClock, wordsOf } from './ears.ts';

const MIB = 2 ** 20;
const PER_STREAM = 2 * MIB;
const TOTAL = 6 * MIB;
const CAMERAS = 4;
/** Four cameras talk all the time: to keep up, a second of speech may take a quarter of one. This takes ten times as long. */
const MS_PER_SPOKEN_MS = 2.5;
const log = createLog('silent');

/** A second of talk: syllables, so that it is no fan. */
const second = joined(Array.from({ length: 4 }, () => [noise(200, -20), noise(50, -60)]).flat());

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** MiB that are really in use. */
function memory(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / MIB;
}

function bytesIn(dir: string): number {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .reduce(
      (sum, entry) => sum + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
}

/** A box with four cameras, one of which somebody waits for. */
async function openBox(life: Lifetime) {
  const dir = mkdtempSync(join(tmpdir(), 'wp-overload-'));
  life.defer(() => rmSync(dir, { recursive: true }));
  const clock = new TestClock(T0);
  const store = life.use(await Store.open(dir, { clock, log }));
  const streams: Stream[] = Array.from({ length: CAMERAS }, () =>
    aStream({ id: newId('stream'), transcription: { wanted: true, engine: 'default', changedMs: T0 } }),
  );
  for (const stream of streams) store.streams.create(stream);
  const spoolDir = join(dir, 'spool');
  const spool = await Spool.open({
    dir: spoolDir,
    clock,
    log,
    recordGap: (gap) => store.transcripts.addGap(gap),
    isUrgent: (streamId) => streamId === streams[0]?.id,
    room: async () => Number.POSITIVE_INFINITY,
    perStreamBytes: PER_STREAM,
    totalBytes: TOTAL,
  });
  const slow = standInRecogniser(async (samples, signal) => {
    await clock.sleep((samples.length / 16) * MS_PER_SPOKEN_MS, signal);
    return wordsOf(samples);
  });
  const transcriber = life.use(
    await Transcriber.start({ store, spool, listening: slow, clock, log }, new AbortController().signal),
  );
  const listening = standInEars({ longestMs: 8000 });
  const ears = streams.map((stream) => new Ear(() => stream, { listening, spool, store, clock, log }));
  return { clock, store, spool, spoolDir, streams, ears, transcriber };
}

type Box = Awaited<ReturnType<typeof openBox>>;

/** So many seconds go by in which all talk. */
async function talk({ clock, ears }: Box, fromS: number, seconds: number): Promise<void> {
  const never = new AbortController().signal;
  for (let n = fromS; n < fromS + seconds; n++) {
    await Promise.all(ears.map((ear) => ear.take({ atMs: T0 + n * 1000, samples: second }, never)));
    await clock.pass(1000);
  }
}

it('bears four talking cameras with a recogniser ten times too slow, and catches up', {
  timeout: 120_000,
}, async () => {
  await using life = new Lifetime();
  const box = await openBox(life);
  const { transcriber, spool, store, streams, clock } = box;

  await talk(box, 0, 120);
  const before = memory();
  const lags: number[] = [];
  for (let minute = 2; minute < 7; minute++) {
    await talk(box, minute * 60, 60);
    const { spoolBytes, lagMs, perStream } = transcriber.status();
    lags.push(lagMs);
    expect(spoolBytes).toBeLessThanOrEqual(TOTAL);
    expect(bytesIn(box.spoolDir)).toBeLessThanOrEqual(TOTAL);
    expect(Object.keys(perStream)).toHaveLength(CAMERAS);
  }
  // 38 MB were said meanwhile: keeping them would show. What is let go is freed a little later.
  await expect.poll(() => memory() - before, { timeout: 20_000 }).toBeLessThan(19);
  // It is behind, and says so: but never by more than fits into the spool.
  expect(Math.min(...lags)).toBeGreaterThan(30_000);
  expect(transcriber.status().gaps).toBeGreaterThan(50);

  for (const ear of box.ears) await ear.end();
  for (let turn = 0; transcriber.status().waiting > 0; turn++) {
    expect(turn).toBeLessThan(5000);
    await clock.pass(1000);
  }
  expect(transcriber.status()).toMatchObject({ lagMs: 0, waiting: 0, spoolBytes: 0, perStream: {} });
  expect(bytesIn(box.spoolDir)).toBe(0);
  expect(spool.spoken()).toEqual([]);

  // Each moment of talk is either written down or a gap, never both, and nothing is in neither.
  const written: number[] = [];
  for (const { id } of streams) {
    const said = store.transcripts.inRange(id, 0, Number.MAX_SAFE_INTEGER);
    const lost = store.transcripts.gaps(id, 0, Number.MAX_SAFE_INTEGER);
    const all = [...said, ...lost].sort((a, b) => a.startMs - b.startMs);
    expect(all[0]?.startMs).toBe(T0);
    expect(all.at(-1)?.endMs).toBeGreaterThan(T0 + 419_000);
    for (const [n, { startMs }] of all.slice(1).entries()) expect(startMs).toBe(all[n]?.endMs);
    written.push(said.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0));
  }
  // Who is waited for comes first.
  expect(written[0]).toBeGreaterThan(2 * Math.max(...written.slice(1)));
});
