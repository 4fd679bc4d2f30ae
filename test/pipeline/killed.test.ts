import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newId } from '#domain';
import { joined, Spool } from '#hearing';
import { createLog, Lifetime, systemClock } from '#runtime';
import { Store } from '#store';
import { noise, T0 } from '../hearing/sound.ts';
import { aStream } from '../store/fixture.ts';
import { wordsOf } from './ears.ts';

const ROUNDS = 10;
const UTTERANCES = 60;
const log = createLog('silent');
const execArgv = ['--import', 'tsx'];

async function openBox(life: Lifetime) {
  const dir = mkdtempSync(join(tmpdir(), 'wp-killed-'));
  life.defer(() => rmSync(dir, { recursive: true }));
  const store = life.use(await Store.open(dir, { clock: systemClock, log }));
  const stream = aStream({ id: newId('stream'), transcription: { wanted: true, engine: 'default', changedMs: T0 } });
  store.streams.create(stream);
  return { dir, store, stream, spoolDir: join(dir, 'spool') };
}

const openSpool = (dir: string) =>
  Spool.open({
    dir,
    clock: systemClock,
    log,
    recordGap: () => undefined,
    isUrgent: () => false,
    room: async () => Number.POSITIVE_INFINITY,
  });

const soundOf = (n: number) => noise(300 + n * 10, -20 - n / 10);

it('a killed transcriber neither loses nor repeats a word', { timeout: 120_000 }, async () => {
  await using life = new Lifetime();
  const { dir, store, stream, spoolDir } = await openBox(life);
  const spool = await openSpool(spoolDir);
  for (let n = 0; n < UTTERANCES; n++) {
    const writing = await spool.begin(stream.id, T0 + n * 5000);
    await writing.append(soundOf(n));
    await writing.end(T0 + n * 5000 + 300 + n * 10);
  }
  const run = (killAfter = Number.POSITIVE_INFINITY) => {
    const child = fork(new URL('./killed.transcriber.ts', import.meta.url), [dir, spoolDir], { execArgv });
    const ended = once(child, 'exit');
    let steps = 0;
    child.on('message', (what) => {
      steps += 1;
      // Whatever it is at by then.
      if (what !== 'storing' && what !== 'stored') child.send('heard', () => undefined);
      if (steps === killAfter) child.kill('SIGKILL');
    });
    return ended;
  };

  for (let round = 0; round < ROUNDS; round++) {
    // Three steps an utterance: sometimes before its words are stored, sometimes after, before its sound goes.
    expect(await run(1 + Math.floor(Math.random() * 15))).toEqual([null, 'SIGKILL']);
  }
  const soFar = store.transcripts.inRange(stream.id, 0, Number.MAX_SAFE_INTEGER).length;
  expect(soFar).toBeLessThan(UTTERANCES);
  expect(await run()).toEqual([0, null]);

  const written = store.transcripts.inRange(stream.id, 0, Number.MAX_SAFE_INTEGER);
  const undisturbed = Array.from({ length: UTTERANCES }, (_, n) => ({
    startMs: T0 + n * 5000,
    endMs: T0 + n * 5000 + 300 + n * 10,
    text: wordsOf(soundOf(n)),
  }));
  expect(written.map(({ startMs, endMs, text }) => ({ startMs, endMs, text }))).toEqual(undisturbed);
  const told = store.journal.after(0, 1000, ['transcript']).map(({ ref }) => ref);
  expect(told).toEqual(written.map(({ id }) => String(id)));
  expect((await openSpool(spoolDir)).status().waiting).toBe(0);
});

it('whoever is killed while someone speaks loses nothing of what was said before', { timeout: 120_000 }, async () => {
  await using life = new Lifetime();
  const { dir, stream, spoolDir } = await openBox(life);
  const talk = joined([noise(200, -20), noise(50, -60)]);
  for (let round = 0; round < 4; round++) {
    const fromMs = T0 + round * 3_600_000;
    const child = fork(new URL('./killed.writer.ts', import.meta.url), [dir, spoolDir, stream.id, String(fromMs)], {
      execArgv,
    });
    const ended = once(child, 'exit');
    const last = 20 + Math.floor(Math.random() * 60);
    let [chunks, safeMs] = [0, 0];
    child.on('message', (message) => {
      chunks += 1;
      if (chunks < last) safeMs = Number(message);
      if (chunks === last) child.kill('SIGKILL');
    });
    expect(await ended).toEqual([null, 'SIGKILL']);

    // A copy, for opening a spool completes what was being said.
    const copy = join(dir, `copy-${round}`);
    cpSync(spoolDir, copy, { recursive: true });
    const spool = await openSpool(copy);
    const parts: Int16Array[] = [];
    let endMs = fromMs;
    for (let next = spool.take(); next; next = spool.take()) {
      if (next.startMs < fromMs) continue;
      expect(next.startMs).toBe(endMs);
      endMs = next.endMs;
      parts.push(await spool.read(next));
    }
    // Less than a frame may be waiting for its other half.
    expect(endMs).toBeGreaterThan(safeMs - 32);
    const heard = joined(parts);
    const said = joined(Array.from({ length: 1 + Math.ceil(heard.length / talk.length) }, () => talk));
    expect(Buffer.from(heard.buffer).equals(Buffer.from(said.buffer, 0, heard.byteLength))).toBe(true);
  }
});
