import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Hub } from '#delivery';
import type { SceneIndex } from '#domain';
import { createLog } from '#runtime';
import type { Store } from '#store';
import { aCamera, openStore } from '../store/fixture.ts';
import { hastyClock } from './fixture.ts';
import { addScene, connectionOf, hubOver, links, open, soon } from './hub-box.ts';
import { FakeSocket } from './hub-socket.ts';

vi.setConfig({ testTimeout: 120_000 });

describe('a client that comes back', () => {
  let seqs: number[] = [];
  beforeEach(() => {
    seqs = [];
  });
  const fill = (store: Store, index: SceneIndex, count: number) => {
    for (let i = 0; i < count; i += 1) {
      addScene(store, index);
      seqs.push(store.journal.head());
    }
  };

  it('gets what came after the event that it names, in order and once, also what comes meanwhile', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    fill(at.store, index, 175);
    await using hub = hubOver(at.store);
    const listener = connectionOf(1);
    const socket = new FakeSocket();
    socket.onSend = () => socket.sent.length % 20 === 0 && seqs.length < 300 && fill(at.store, index, 3);
    hub.accept(socket, listener, seqs[9]);
    await soon(() => expect(socket.events().at(-1)?.seq).toBe(at.store.journal.head()));
    expect(seqs.length).toBeGreaterThan(180);
    expect(socket.events().map(({ seq }) => seq)).toEqual(seqs.slice(10));
  });

  it('starts from now when it names an event from the future, and is told', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    fill(at.store, index, 2);
    await using hub = hubOver(at.store);
    const { socket } = open(hub, connectionOf(1), 1_000_000);
    addScene(at.store, index, 'new');
    await soon(() => expect(socket.texts()).toEqual([expect.stringContaining('no event 1000000'), 'new']));
    expect(socket.events()[0]).toMatchObject({ channel: 'notice', data: { missed: true }, seq: seqs[1] });
  });

  it('starts at the oldest event kept when it names an older one, and is told', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    const { id, endMs } = addScene(at.store, index, 'forgotten');
    for (let i = at.store.journal.head(); i < 10_999; i += 1) at.store.scenes.grow(id, endMs + i);
    fill(at.store, index, 2);
    await using hub = hubOver(at.store);
    const late = open(hub, connectionOf(1), 0);
    const lucky = open(hub, connectionOf(1), 1000);
    const told = { channel: 'notice', seq: 1000, data: { text: expect.stringContaining('before 1001'), missed: true } };
    await soon(() => expect(late.socket.events().map(({ seq }) => seq)).toEqual([1000, ...seqs]));
    expect(late.socket.events()[0]).toEqual(told);
    await soon(() => expect(lucky.socket.events().map(({ seq }) => seq)).toEqual(seqs));
  });

  it('misses nothing and gets nothing twice, whenever it comes and however it reads', async () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 1, max: 70 }) }),
      fc.record({ take: fc.integer({ min: 1, max: 40 }) }),
      fc.constant('reconnect' as const),
      fc.constant('pause' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        await using at = await openStore();
        const { index } = aCamera(at.store);
        await using hub = hubOver(at.store);
        const listener = connectionOf(1);
        const got: number[] = [];
        let { socket, close } = open(hub, listener, 0);
        const leave = () => {
          got.push(...socket.events().map(({ seq }) => seq));
          close();
        };
        socket.stuck = true;
        for (const what of steps) {
          if (what === 'pause') await new Promise(setImmediate);
          else if (what === 'reconnect') {
            leave();
            ({ socket, close } = open(hub, listener, got.at(-1) ?? 0));
            socket.stuck = true;
          } else if ('add' in what) {
            for (let i = 0; i < what.add; i += 1) addScene(at.store, index, 'y'.repeat(2000));
          } else for (let i = 0; i < what.take; i += 1) socket.takeOne();
        }
        leave();
        ({ socket, close } = open(hub, listener, got.at(-1) ?? 0));
        const head = at.store.journal.head();
        const all = () => [...got, ...socket.events().map(({ seq }) => seq)];
        await soon(() => expect(all()).toEqual(Array.from({ length: head }, (_, i) => i + 1)));
      }),
      { numRuns: 40 },
    );
  });

  it('is not told that it missed something when nothing was for it', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    const { id, endMs } = addScene(at.store, index);
    await using hub = hubOver(at.store);
    const { socket } = open(hub);
    for (let i = at.store.journal.head(); i < 11_000; i += 1) {
      at.store.scenes.grow(id, endMs + i);
      if (i % 500 === 0) await new Promise(setImmediate);
    }
    await new Promise(setImmediate);
    addScene(at.store, index, 'at last');
    await soon(() => expect(socket.texts()).toEqual(['at last']));
  });

  it('lets others have their turn while it is sent a lot', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    fill(at.store, index, 175);
    await using hub = hubOver(at.store);
    const { socket } = open(hub, connectionOf(1), 0);
    await new Promise(setImmediate);
    expect(socket.events().length).toBeLessThan(175);
    await soon(() => expect(socket.events()).toHaveLength(175));
  });

  it('takes the place of its former socket', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    await using hub = hubOver(at.store);
    const former = open(hub);
    const now = open(hub, former.listener);
    expect(former.socket.goodbye).toEqual([1000, 'replaced']);
    former.close(); // As the replaced socket really closes: that must not unseat the new one.
    addScene(at.store, index, 'hello again');
    await soon(() => expect(now.socket.texts()).toEqual(['hello again']));
    expect(former.socket.events()).toEqual([]);
    expect(hub.status()).toMatchObject({ open: 1, dropped: 0 });
  });
});

describe('a client that does not read', () => {
  const LONG = 'x'.repeat(5000);
  const WATERMARK = 65_536;

  it('is given no more than the watermark, is dropped with 1013, and delays nobody', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    await using hub = hubOver(at.store);
    const stuck = open(hub);
    stuck.socket.stuck = true;
    const reader = open(hub);
    for (let i = 0; i < 200; i += 1) addScene(at.store, index, LONG);
    await soon(() => expect(reader.socket.events()).toHaveLength(200));
    await soon(() => expect(stuck.socket.terminated).toBe(true));
    expect(stuck.socket.goodbye).toEqual([1013, expect.any(String)]);
    expect(stuck.socket.events().length).toBeGreaterThan(5);
    expect(stuck.socket.bufferedBytes).toBeLessThan(WATERMARK + 6000);
    expect(hub.isOpen(stuck.listener.connectionId)).toBe(false);
    expect(hub.status()).toMatchObject({ open: 1, dropped: 1 });
  });

  it('but reads slowly loses nothing', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    await using hub = hubOver(at.store);
    const { socket } = open(hub);
    socket.stuck = true;
    for (let i = 0; i < 60; i += 1) addScene(at.store, index, LONG);
    while (socket.events().length < 60) {
      await soon(() => expect(socket.bufferedBytes).toBeGreaterThan(0));
      expect(socket.bufferedBytes).toBeLessThan(WATERMARK + 6000);
      socket.takeOne();
    }
    expect(socket.goodbye).toBeUndefined();
    const seqs = socket.events().map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, i) => (seqs[0] ?? 0) + i));
  });

  it('and closes meanwhile is not dropped', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    const hub = hubOver(at.store);
    const { socket, close } = open(hub);
    socket.stuck = true;
    for (let i = 0; i < 60; i += 1) addScene(at.store, index, LONG);
    await soon(() => expect(socket.bufferedBytes).toBeGreaterThan(WATERMARK));
    close();
    await hub[Symbol.asyncDispose]();
    expect(socket.goodbye).toBeUndefined();
    expect(hub.status().dropped).toBe(0);
  });
});

describe('the hub', () => {
  it('has room for 256', async () => {
    await using at = await openStore();
    await using hub = hubOver(at.store);
    const clients = Array.from({ length: 256 }, () => open(hub));
    expect(hub.hasRoom({ connectionId: 'conn-1-new' })).toBe(false);
    expect(() => open(hub)).toThrow('too many WebSocket clients');
    expect(hub.hasRoom({ connectionId: clients[0]?.listener.connectionId ?? '' })).toBe(true);
    clients[7]?.close();
    expect(hub.hasRoom({ connectionId: 'conn-1-new' })).toBe(true);
  });

  it('has room for 16 of one session token', async () => {
    await using at = await openStore();
    await using hub = hubOver(at.store);
    const of = (tokenId: string, n: number) => ({ connectionId: `conn-1-${tokenId}-${n}`, keyId: 1, tokenId });
    for (let n = 0; n < 16; n += 1) open(hub, of('one', n));
    expect(hub.hasRoom(of('one', 16))).toBe(false);
    expect(hub.hasRoom(of('one', 3)), 'in its own place').toBe(true);
    expect([hub.hasRoom(of('two', 0)), hub.hasRoom({ connectionId: 'conn-1-new' })]).toEqual([true, true]);
  });

  it('says goodbye with 1001 when it ends, and takes nobody after', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    const hub = hubOver(at.store);
    const { socket } = open(hub);
    await hub[Symbol.asyncDispose]();
    addScene(at.store, index);
    expect(socket.goodbye).toEqual([1001, expect.any(String)]);
    expect(socket.events()).toEqual([]);
    expect(hub.hasRoom({ connectionId: 'conn-1-new' })).toBe(false);
  });

  it('closes with 1011 and says so in the log when events can not be read', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    const written = new PassThrough({ encoding: 'utf8' });
    const log = createLog('info', written);
    await using hub = Hub.start({
      store: at.store,
      links,
      clock: hastyClock(),
      log,
      streamName: () => {
        throw new Error('disk I/O error');
      },
    });
    const { socket } = open(hub);
    addScene(at.store, index);
    await soon(() => expect(socket.goodbye).toEqual([1011, 'internal error']));
    expect(String(written.read())).toContain('disk I/O error');
    expect(hub.status().open).toBe(0);
  });
});
