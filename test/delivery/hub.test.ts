import { describe, expect, it } from 'vitest';
import type { Hub } from '#delivery';
import { newId } from '#domain';
import { aCamera, anArmedCamera, anIndex, NOON, openStore } from '../store/fixture.ts';
import { fire } from './fixture.ts';
import { addScene, connectionOf, hubOver, open, soon } from './hub-box.ts';

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

  it('are changes of what is armed, without who made them', async () => {
    await using at = await openStore();
    const { alert } = anArmedCamera(at.store);
    await using hub = hubOver(at.store);
    const { socket } = open(hub);
    at.store.groups.put('night', { armed: false }, 'key "secret name"');
    at.store.alerts.snooze(alert.id, NOON + 60_000, 'key "secret name"');
    await soon(() => expect(socket.events()).toHaveLength(2));
    expect(socket.events()).toMatchObject([
      { channel: 'arming', data: { what: 'disarmed', group: 'night', timestamp: expect.any(Number) } },
      { channel: 'arming', data: { what: 'snoozed', alert_id: alert.id, until: NOON + 60_000 } },
    ]);
    expect(JSON.stringify(socket.events())).not.toContain('secret name');
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

  it('of capture sessions: a session token only where it asked for it, as the id of a session opens it', async () => {
    await using at = await openStore();
    const { index } = aCamera(at.store);
    await using hub = hubOver(at.store);
    const token = { ...connectionOf(1), tokenId: 'one' };
    const [key, session] = [open(hub, mine), open(hub, token)];
    for (const wsConnectionId of [undefined, connectionOf(1).connectionId, mine.connectionId, token.connectionId]) {
      const wish = { collectionId: 'default', endUserId: 'u', metadata: {}, grants: [], createdMs: NOON };
      at.store.captures.create({ ...wish, id: newId('capture'), ...(wsConnectionId ? { wsConnectionId } : {}) });
    }
    addScene(at.store, index, 'the end');
    const channels = ({ socket }: typeof key) => socket.events().map(({ channel }) => channel);
    const [c, s] = ['capture_session', 'scene_index'];
    await soon(() =>
      expect([channels(key), channels(session)]).toEqual([
        [c, c, c, s],
        [c, s],
      ]),
    );
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
