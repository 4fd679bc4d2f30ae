import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Hub, type Listener } from '#delivery';
import { newId, type SceneIndex } from '#domain';
import { createLog } from '#runtime';
import type { Store } from '#store';
import { aCamera, anArmedCamera, anIndex, aScene, axis, NOON, openStore, quiet } from '../store/fixture.ts';
import { fire, hastyClock, streamName } from './fixture.ts';
import { FakeSocket } from './hub-socket.ts';

vi.setConfig({ testTimeout: 30_000 });
const soon = (check: () => void) => vi.waitFor(check, 20_000);

const links = {
  streamUrl: (_: unknown, origin = 'http://box') => `${origin}/hls`,
  playerUrl: (_: unknown, origin = 'http://box') => `${origin}/watch`,
};
const hubOver = (store: Store, log = quiet) => Hub.start({ store, links, streamName, clock: hastyClock(), log });

function connectionOf(keyId: number): Listener {
  return { connectionId: newId('connection').replace('conn-', `conn-${keyId}-`), keyId };
}

/** A socket of this hub; the greeting is not among its frames. */
function open(hub: Hub, listener = connectionOf(1), since?: number) {
  const socket = new FakeSocket();
  const seat = hub.accept(socket, listener, since);
  return { socket, listener, close: () => seat.closed() };
}

let scenes = 0;
function addScene(store: Store, index: SceneIndex, text?: string) {
  scenes += 1;
  const startMs = NOON + scenes * 5000;
  const draft = aScene(index, { text: text ?? `scene ${scenes}`, startMs, endMs: startMs + 5000 });
  return store.scenes.add(draft, axis(0), 'm');
}

describe('what a client is sent', () => {
  it('begins with its connection id and the place in the journal', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    addScene(at.store, index);
    await using hub = hubOver(at.store);
    const { socket, listener } = open(hub);
    expect(socket.taken()).toEqual([{ connection_id: listener.connectionId, seq: at.store.journal.head() }]);
    expect(hub.isOpen(listener.connectionId)).toBe(true);
  });

  it('are scenes, when they are stored and not when they go on', async () => {
    await using at = await openStore();
    const { stream, index } = aCamera(at.store);
    await using hub = hubOver(at.store);
    const { socket } = open(hub);
    const { id, startMs, endMs } = addScene(at.store, index, 'a van');
    const seq = at.store.journal.head();
    at.store.scenes.grow(id, endMs + 5000);
    addScene(at.store, index, 'next');
    await soon(() => expect(socket.texts()).toEqual(['a van', 'next']));
    expect(socket.events()[0]).toEqual({
      channel: 'scene_index',
      seq,
      rtstream_id: stream.id,
      rtstream_name: 'Front door',
      scene_index_id: index.id,
      index_id: index.id,
      data: { text: 'a van', start: startMs, end: endMs + 5000, scene_id: id },
    });
  });

  it('are scenes of an audio index on a channel of their own', async () => {
    await using at = await openStore();
    const { stream } = aCamera(at.store);
    const extraction = { type: 'transcript', segmenter: 'word', value: 20 } as const;
    const index = anIndex(stream.id, { extraction });
    at.store.indexes.create(index);
    await using hub = hubOver(at.store);
    const { socket } = open(hub);
    addScene(at.store, index, 'they talk of the weather');
    await soon(() => expect(socket.events()).toMatchObject([{ channel: 'audio_index', index_id: index.id }]));
  });

  it('are transcripts', async () => {
    await using at = await openStore();
    const { stream } = aCamera(at.store);
    await using hub = hubOver(at.store);
    const { socket } = open(hub);
    at.store.transcripts.add({ streamId: stream.id, startMs: NOON, endMs: NOON + 900, text: 'hello', words: [] });
    const data = { text: 'hello', is_final: true, start: NOON, end: NOON + 900 };
    const names = { rtstream_id: stream.id, rtstream_name: 'Front door' };
    const expected = { channel: 'transcript', seq: at.store.journal.head(), ...names, data };
    await soon(() => expect(socket.events()).toEqual([expected]));
  });

  it('are words that are not final: to who hears the stream, with the number of the event before, and never again', async () => {
    await using at = await openStore();
    const mine = connectionOf(1);
    const { stream } = aCamera(at.store, {
      transcription: { wanted: true, engine: 'default', changedMs: NOON, wsConnectionId: mine.connectionId },
    });
    await using hub = hubOver(at.store);
    const listener = open(hub, mine);
    const other = open(hub);
    at.store.transcripts.add({ streamId: stream.id, startMs: NOON, endMs: NOON + 900, text: 'hello', words: [] });
    const { socket } = listener;
    await soon(() => expect(socket.texts()).toEqual(['hello']));
    hub.interim(stream.id, { startMs: NOON + 1000, endMs: NOON + 6000, text: 'would you' });
    expect(socket.events().at(-1)).toEqual({
      channel: 'transcript',
      seq: at.store.journal.head(),
      rtstream_id: stream.id,
      rtstream_name: 'Front door',
      data: { text: 'would you', is_final: false, start: NOON + 1000, end: NOON + 6000 },
    });
    expect(other.socket.events()).toEqual([]);
    const again = open(hub, mine, 0);
    await soon(() => expect(again.socket.texts()).toEqual(['hello']));
    hub.interim('rts-gone', { startMs: 0, endMs: 1, text: 'of a stream that was deleted' });
    expect(again.socket.texts()).toEqual(['hello']);
  });

  it('are alerts under every name that clients read, with links to the box as the client knows it', async () => {
    await using at = await openStore();
    const { stream, index, alert } = anArmedCamera(at.store);
    await using hub = hubOver(at.store);
    const far = open(hub, { ...connectionOf(1), origin: 'https://far.example' });
    const near = open(hub);
    const firing = fire(at.store, alert);
    await soon(() => expect(far.socket.events()).toHaveLength(1));
    expect(far.socket.events()[0]).toEqual({
      channel: 'alert',
      seq: at.store.journal.head(),
      rtstream_id: stream.id,
      rtstream_name: 'Front door',
      scene_index_id: index.id,
      index_id: index.id,
      data: {
        alert_id: alert.id,
        event_id: alert.eventId,
        event_label: 'person-at-gate',
        label: 'person-at-gate',
        triggered: true,
        confidence: 0.9123,
        text: 'A person was in the zone gate.',
        explanation: 'A person was in the zone gate.',
        timestamp: firing.atMs,
        start: firing.startMs,
        end: firing.endMs,
        stream_url: 'https://far.example/hls',
        player_url: 'https://far.example/watch',
        firing_id: firing.id,
      },
    });
    await soon(() => expect(near.socket.events()).toMatchObject([{ data: { stream_url: 'http://box/hls' } }]));
  });

  it('stays below what clients take, however long a text is', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    await using hub = hubOver(at.store);
    const { socket } = open(hub);
    addScene(at.store, index, '\u0001'.repeat(400_000));
    await soon(() => expect(socket.events()).toHaveLength(1));
    expect(socket.longest).toBeGreaterThan(100_000);
    expect(socket.longest).toBeLessThan(1024 * 1024);
  });

  it('leaves out what has been deleted meanwhile', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    const gone = aCamera(at.store, { name: 'gone' });
    const since = at.store.journal.head();
    addScene(at.store, gone.index, 'deleted');
    addScene(at.store, index, 'kept');
    at.store.streams.delete(gone.stream.id);
    await using hub = hubOver(at.store);
    const { socket } = open(hub, connectionOf(1), since);
    await soon(() => expect(socket.texts()).toEqual(['kept']));
  });
});

describe('who hears an event', () => {
  const mine = connectionOf(1);
  const alsoMine = connectionOf(1);
  const other = connectionOf(2);
  const open3 = (hub: Hub) => [mine, alsoMine, other].map((listener) => open(hub, listener));

  it.each([
    ['names none: everybody', undefined, [1, 1, 1]],
    ['names one that is open: only that', mine.connectionId, [1, 0, 0]],
    ['names one that is gone: those of the same key', connectionOf(1).connectionId, [1, 1, 0]],
    ['names one that is gone, of a key nobody here has: nobody', connectionOf(3).connectionId, [0, 0, 0]],
    ['names what is no connection of this box: everybody', 'ws-1', [1, 1, 1]],
  ])('%s', async (_, wsConnectionId, heard) => {
    await using at = await openStore();
    const { stream } = aCamera(at.store);
    const index = anIndex(stream.id, wsConnectionId === undefined ? {} : { wsConnectionId });
    at.store.indexes.create(index);
    const all = anIndex(stream.id);
    at.store.indexes.create(all);
    await using hub = hubOver(at.store);
    const clients = open3(hub);
    addScene(at.store, index, 'asked for');
    addScene(at.store, all, 'the end');
    for (const [i, { socket }] of clients.entries()) {
      await soon(() => expect(socket.texts().at(-1)).toBe('the end'));
      expect(socket.texts().filter((text) => text === 'asked for')).toHaveLength(heard[i] ?? 0);
    }
  });

  it('alerts go by their alert, transcripts by their stream', async () => {
    await using at = await openStore();
    const { index, event } = anArmedCamera(at.store);
    const alert = { id: newId('alert'), streamId: index.streamId, indexId: index.id, eventId: event.id };
    at.store.alerts.create({ ...alert, status: 'enabled', wsConnectionId: other.connectionId, createdMs: NOON });
    const transcription = { wanted: true, engine: 'x', wsConnectionId: mine.connectionId, changedMs: NOON };
    const { stream } = aCamera(at.store, { transcription });
    await using hub = hubOver(at.store);
    const clients = open3(hub);
    const armed = at.store.alerts.get(alert.id);
    if (armed) fire(at.store, armed);
    at.store.transcripts.add({ streamId: stream.id, startMs: NOON, endMs: NOON + 1, text: 'hi', words: [] });
    addScene(at.store, index, 'the end');
    const channels = () => clients.map(({ socket }) => socket.events().map(({ channel }) => channel));
    const [t, a, s] = ['transcript', 'alert', 'scene_index'];
    await soon(() => expect(channels()).toEqual([[t, s], [s], [a, s]]));
  });

  it('one that has closed is gone at once', async () => {
    await using at = await openStore();
    const { stream } = aCamera(at.store);
    const index = anIndex(stream.id, { wsConnectionId: mine.connectionId });
    at.store.indexes.create(index);
    await using hub = hubOver(at.store);
    const [first, second] = open3(hub);
    first?.close();
    expect(hub.isOpen(mine.connectionId)).toBe(false);
    addScene(at.store, index, 'for who is left');
    await soon(() => expect(second?.socket.texts()).toEqual(['for who is left']));
    expect(first?.socket.events()).toEqual([]);
  });

  it('frames outside the journal go by the same rule, and only to who has room', async () => {
    await using at = await openStore();
    await using hub = hubOver(at.store);
    const clients = open3(hub);
    const [first, second, third] = clients.map(({ socket }) => socket);
    second?.jam(1_000_000);
    hub.publish({ channel: 'transcript', data: { text: 'for all' } });
    hub.publish({ channel: 'transcript', data: { text: 'for one' } }, other.connectionId);
    expect(first?.texts()).toEqual(['for all']);
    expect(second?.texts()).toEqual([]);
    expect(third?.texts()).toEqual(['for all', 'for one']);
    expect(third?.events()[0]).toMatchObject({ seq: at.store.journal.head() });
  });
});

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
    expect(hub.hasRoom('conn-1-new')).toBe(false);
    expect(() => open(hub)).toThrow('256 WebSocket clients');
    expect(hub.hasRoom(clients[0]?.listener.connectionId ?? '')).toBe(true);
    clients[7]?.close();
    expect(hub.hasRoom('conn-1-new')).toBe(true);
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
    expect(hub.hasRoom('conn-1-new')).toBe(false);
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
