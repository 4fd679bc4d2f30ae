import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Tellers, type Wish } from '#pipeline';
import { frame } from '../../inference/pictures.ts';
import { openStore, quiet } from '../../store/fixture.ts';
import { aTeller } from './stand-in.ts';

const stop = new AbortController().signal;
setMaxListeners(0, stop);
const FRAMES = [0, 1, 2, 3, 4, 5, 6].map((at) => frame(at, () => 90));

async function tellersOf(...tellers: ReturnType<typeof aTeller>[]) {
  const { store, ...at } = await openStore();
  const all = new Tellers({ tellers, store, log: quiet });
  const tell = (instruction: string, about: Partial<Wish> = {}) =>
    all.tell({ frames: FRAMES, instruction, streamId: 's', priority: 'index', ...about }, stop);
  return {
    all,
    tell,
    async [Symbol.asyncDispose]() {
      await all[Symbol.asyncDispose]();
      await at[Symbol.asyncDispose]();
    },
  };
}

/** Lets what was begun go on. */
const turn = () => new Promise(setImmediate);

describe('whoever looks at pictures', () => {
  it('is asked in order: the server first, the pack when that is busy; one thing at a time each', async () => {
    const [endpoint, local] = [aTeller(), aTeller('local')];
    await using at = await tellersOf(endpoint, local);
    const told = ['a', 'b', 'c'].map((streamId) => at.tell(streamId, { streamId }));
    expect([endpoint.now, local.now, at.all.status().waiting]).toEqual(['a', 'b', 1]);
    local.asked[0]?.answer('B.');
    expect(await told[1]).toEqual({ text: 'B.', by: 'local' });
    expect(local.now).toBe('c');
    endpoint.asked[0]?.answer('A.');
    local.asked[1]?.answer('C.');
    expect(await Promise.all(told)).toMatchObject([{ by: 'endpoint' }, { by: 'local' }, { text: 'C.' }]);
    expect(at.all.status()).toMatchObject({ waiting: 0, told: 3, dropped: 0 });
  });

  it('is shown four pictures, from the first to the last', async () => {
    const teller = aTeller();
    await using at = await tellersOf(teller);
    void at.tell('x').catch(() => undefined);
    expect(teller.asked[0]?.frames).toEqual([0, 2, 4, 6]);
    teller.asked[0]?.answer('X.');
  });

  it('is asked about alerts first, and about the newest of a thing only', async () => {
    const teller = aTeller();
    await using at = await tellersOf(teller);
    const first = at.tell('first', { streamId: 'other' });
    const older = at.tell('older', { about: 'i1' });
    const beside = at.tell('beside', { about: 'i2' });
    const newer = at.tell('newer', { about: 'i1' });
    const alert = at.tell('alert', { priority: 'alert' });
    expect(await older).toBeUndefined();
    for (const _ of [1, 2, 3, 4]) {
      teller.asked.at(-1)?.answer(`${teller.now}.`);
      await turn();
    }
    expect(teller.asked.map(({ instruction }) => instruction)).toEqual(['first', 'alert', 'beside', 'newer']);
    expect(await Promise.all([first, beside, newer, alert])).not.toContain(undefined);
    expect(at.all.status()).toMatchObject({ told: 4, dropped: 1 });
  });

  it('keeps at most eight waiting; what is least urgent and came last goes', async () => {
    const teller = aTeller();
    await using at = await tellersOf(teller);
    const running = at.tell('running', { streamId: 'running' });
    const waiting = Array.from({ length: 8 }, (_, i) => at.tell(`${i}`, { streamId: `${i}` }));
    const alert = at.tell('alert', { priority: 'alert' });
    expect(await waiting[7]).toBeUndefined();
    expect(at.all.status()).toMatchObject({ waiting: 8, dropped: 1 });
    for (const _ of Array.from({ length: 9 })) {
      teller.asked.at(-1)?.answer('x');
      await turn();
    }
    expect(await Promise.all([running, alert, ...waiting.slice(0, 7)])).not.toContain(undefined);
  });

  it('hands on what it fails at; when all have failed nothing is told', async () => {
    const [endpoint, local] = [aTeller(), aTeller('local')];
    await using at = await tellersOf(endpoint, local);
    const told = at.tell('x');
    endpoint.asked[0]?.fail();
    await turn();
    expect(local.now).toBe('x');
    local.asked[0]?.answer('X.');
    expect(await told).toEqual({ text: 'X.', by: 'local' });
    const never = at.tell('y');
    endpoint.asked[1]?.fail();
    await turn();
    local.asked[1]?.fail();
    expect(await never).toBeUndefined();
    expect(endpoint.asked).toHaveLength(2);
  });

  it('is not asked while it rests, nor for what it does not do', async () => {
    const [endpoint, local] = [aTeller(), aTeller('local', false)];
    await using at = await tellersOf(endpoint, local);
    endpoint.ready = false;
    expect(await at.tell('yes or no?', { strict: true })).toBeUndefined();
    expect([at.all.follows, at.all.present]).toEqual([false, true]);
    const told = at.tell('describe');
    expect(local.now).toBe('describe');
    local.asked[0]?.answer('X.');
    expect(await told).toMatchObject({ by: 'local' });
    local.ready = false;
    expect(await at.tell('describe')).toBeUndefined();
    expect([endpoint.asked.length, local.asked.length]).toEqual([0, 1]);
  });

  it('waits for the server when the pack can not do it', async () => {
    const [endpoint, local] = [aTeller(), aTeller('local', false)];
    await using at = await tellersOf(endpoint, local);
    const first = at.tell('first', { streamId: 'other' });
    const strict = at.tell('yes or no?', { strict: true });
    expect([endpoint.now, local.asked.length]).toEqual(['first', 0]);
    endpoint.asked[0]?.answer('1.');
    await first;
    expect(endpoint.now).toBe('yes or no?');
    endpoint.asked[1]?.answer('Yes.');
    expect(await strict).toMatchObject({ text: 'Yes.' });
  });

  it('is left when whoever asks gives up, waiting or not', async () => {
    const teller = aTeller();
    await using at = await tellersOf(teller);
    const giving = new AbortController();
    const wish = (streamId: string): Wish => ({ frames: FRAMES, instruction: streamId, streamId, priority: 'index' });
    const told = ['a', 'b'].map((streamId) => at.all.tell(wish(streamId), giving.signal));
    giving.abort(new Error('given up'));
    for (const one of told) await expect(one).rejects.toThrow('given up');
    const next = at.tell('c');
    await turn();
    expect(teller.now).toBe('c');
    teller.asked.at(-1)?.answer('C.');
    expect(await next).toMatchObject({ text: 'C.' });
  });

  it('has nothing to say of no pictures', async () => {
    const teller = aTeller();
    await using at = await tellersOf(teller);
    expect(await at.tell('x', { frames: [] })).toBeUndefined();
    expect(teller.asked).toEqual([]);
  });
});
