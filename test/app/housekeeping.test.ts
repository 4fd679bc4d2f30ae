import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseConfig } from '#config';
import { ModelLibrary } from '#models';
import { MediaLinks } from '#playback';
import { type Clock, createLog } from '#runtime';
import { Store } from '#store';
import { keepHouse } from '../../src/app/housekeeping.ts';
import { writeVoice } from '../inference/tiny-ears.ts';
import { writePack } from '../inference/tiny-onnx.ts';
import { writeWriter } from '../inference/tiny-writer.ts';

const NOON = Date.UTC(2026, 5, 15, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Sifting, retention, wear, uploads, cuts, packs. */
const DUTIES = 8;
const PARTS = [{ assetId: 'm-1', startMs: 0, endMs: 1000 }];

/** A clock whose sleepers wake when a test lets the time pass. */
class StepClock implements Clock {
  #nowMs: number;
  #sleepers = new Set<{ untilMs: number; wake: () => void }>();
  #noticed: () => void = () => undefined;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { untilMs: this.#nowMs + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      this.#noticed();
    });
  }

  /** Until so many sleep. */
  async asleep(count: number): Promise<void> {
    while (this.#sleepers.size < count) {
      await new Promise<void>((resolve) => {
        this.#noticed = resolve;
      });
    }
  }

  /** Wakes those whose time has come, and waits until they have gone to sleep again. */
  async pass(ms: number): Promise<void> {
    const count = this.#sleepers.size;
    this.#nowMs += ms;
    for (const sleeper of this.#sleepers) {
      if (sleeper.untilMs > this.#nowMs) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
    await this.asleep(count);
  }
}

async function aHouse({ nowMs = NOON, mediaDir = true }: { nowMs?: number; mediaDir?: boolean } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'wp-house-'));
  const [clock, log] = [new StepClock(nowMs), createLog('silent')];
  for (const name of [...(mediaDir ? ['media'] : []), 'thumbs', 'assets', 'uploads']) mkdirSync(join(dir, name));
  const store = await Store.open(dir, { clock, log });
  const stop = new AbortController();
  const config = parseConfig(JSON.stringify({ dataDir: dir, models: { autoFetch: false } }), {}, 'the test');
  const models = await ModelLibrary.open(join(dir, 'models'), log);
  const reloaded: string[] = [];
  const reload = (what: string) => ({ reload: async () => void reloaded.push(what) });
  const writing = { reload: () => void reloaded.push('pen') };
  const telling = { reload: () => void reloaded.push('tongue') };
  const supervisor = { reconcile: () => void reloaded.push('cameras') };
  const fleet = { sweep: async () => undefined };
  const parts = { models, inference: reload('eyes'), listening: reload('ears'), writing, telling, supervisor, fleet };
  const ended = keepHouse({ config, store, ...parts, clock, log }, stop.signal);
  await clock.asleep(DUTIES);
  return {
    dir,
    store,
    clock,
    reloaded,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
      await store[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true });
    },
  };
}

it('keeps a cut as long as a link to it is valid, and no longer', async () => {
  await using house = await aHouse();
  const { store, clock } = house;
  const links = new MediaLinks(store.signingKey, clock);
  const { id } = store.cuts.put(PARTS);
  const [, , token] = links.manifestPath(id, 0, 1000).split('/');
  if (!token) throw new Error('the path has no token');
  await clock.pass(30 * DAY);
  expect(links.verify(token)).toMatchObject({ sourceId: id });
  expect(store.cuts.get(id)?.parts).toEqual(PARTS);
  await clock.pass(DAY + HOUR);
  expect(links.verify(token)).toBeUndefined();
  expect(store.cuts.get(id)).toBeUndefined();
});

it('keeps a cut that is asked for again', async () => {
  await using house = await aHouse();
  const { id } = house.store.cuts.put(PARTS);
  await house.clock.pass(20 * DAY);
  house.store.cuts.put(PARTS);
  await house.clock.pass(20 * DAY);
  expect(house.store.cuts.get(id)?.parts).toEqual(PARTS);
});

it('forgets nothing while the clock is not sane', async () => {
  await using house = await aHouse({ nowMs: 0 });
  const { id } = house.store.cuts.put(PARTS);
  await house.clock.pass(300 * DAY);
  expect(house.store.cuts.get(id)?.parts).toEqual(PARTS);
});

it('goes on with its other duties when one fails', async () => {
  await using house = await aHouse({ mediaDir: false });
  const upload = join(house.dir, 'uploads', 'left');
  writeFileSync(upload, 'nobody took it');
  utimesSync(upload, NOON / 1000, NOON / 1000);
  const { id } = house.store.cuts.put(PARTS);
  await house.clock.pass(2 * HOUR);
  expect(existsSync(upload)).toBe(true);
  await house.clock.pass(32 * DAY);
  expect(existsSync(upload)).toBe(false);
  expect(house.store.cuts.get(id)).toBeUndefined();
});

it('takes up what was imported meanwhile, by those who can use it, once', async () => {
  await using house = await aHouse();
  const { clock, dir, reloaded } = house;
  await clock.pass(MINUTE);
  expect(reloaded).toEqual([]);
  const commandLine = await ModelLibrary.open(join(dir, 'models'), createLog('silent'));
  await commandLine.importPack(await writeVoice(join(dir, 'voice')));
  await clock.pass(MINUTE);
  await clock.pass(MINUTE);
  expect(reloaded).toEqual(['ears']);
  await commandLine.importPack(await writePack(dir));
  await clock.pass(MINUTE);
  const seen = ['ears', 'eyes', 'cameras'];
  expect(reloaded, 'models may want larger frames').toEqual(seen);
  await commandLine.importPack(await writePack(dir));
  await clock.pass(MINUTE);
  expect(reloaded, 'the same once more').toEqual(seen);
  rmSync(join(dir, 'models', 'voice'), { recursive: true });
  await clock.pass(MINUTE);
  expect(reloaded).toEqual([...seen, 'ears']);
  await commandLine.importPack(await writeWriter(join(dir, 'smol'), { says: ['.'] }));
  await clock.pass(MINUTE);
  expect(reloaded).toEqual([...seen, 'ears', 'pen']);
});
