import { describe, expect, it } from 'vitest';
import { newId } from '#domain';
import { aCamera, anAlert, anEvent, anIndex, aStream, NOON, openStore, standingClock } from './fixture.ts';

describe('collections', () => {
  it('has a default one with a real id, known by its alias too', async () => {
    await using opened = await openStore();
    const { store } = opened;
    expect(store.defaultCollection.id).toMatch(/^c-[0-9a-f-]{36}$/);
    expect(store.collections.get('default')).toEqual(store.defaultCollection);
    expect(store.collections.get(store.defaultCollection.id)).toEqual(store.defaultCollection);
    expect(store.collections.list()).toEqual([store.defaultCollection]);
  });

  it('creates, updates and deletes', async () => {
    await using opened = await openStore();
    const { collections } = opened.store;
    const made = collections.create({ name: 'Yard', description: 'outside', isPublic: true });
    expect(collections.get(made.id)).toEqual({ ...made, name: 'Yard', description: 'outside', isPublic: true });
    expect(collections.update(made.id, { name: 'Back yard' })).toMatchObject({ name: 'Back yard', isPublic: true });
    collections.delete(made.id);
    expect(collections.get(made.id)).toBeUndefined();
    expect(() => collections.delete(made.id)).toThrowError(expect.objectContaining({ kind: 'not_found' }));
  });

  it('keeps the default one, and those that hold streams', async () => {
    await using opened = await openStore();
    const { store } = opened;
    const { id } = store.collections.create({ name: 'Yard' });
    store.streams.create(aStream({ collectionId: id }));
    expect(() => store.collections.delete('default')).toThrowError(expect.objectContaining({ kind: 'conflict' }));
    expect(() => store.collections.delete(id)).toThrowError(/still holds 1 stream/);
  });
});

describe('streams', () => {
  it('gives back what it was given, with the real collection id', async () => {
    await using opened = await openStore();
    const { store } = opened;
    const stream = aStream();
    store.streams.create(stream);
    expect(store.streams.get(stream.id)).toEqual({ ...stream, collectionId: store.defaultCollection.id });
    expect(() => store.streams.create(stream)).toThrowError(expect.objectContaining({ kind: 'conflict' }));
    const lost = aStream({ collectionId: 'c-none' });
    expect(() => store.streams.create(lost)).toThrowError(expect.objectContaining({ kind: 'not_found' }));
  });

  it('lists newest first, by status, part of the name and collection', async () => {
    await using opened = await openStore();
    const { store } = opened;
    const yard = store.collections.create({ name: 'Yard' });
    store.streams.create(aStream({ name: 'Front door', createdMs: NOON }));
    store.streams.create(aStream({ name: 'Garage', createdMs: NOON + 1, wanted: 'stopped' }));
    store.streams.create(aStream({ name: 'back DOOR', createdMs: NOON + 2, collectionId: yard.id }));
    const names = (query?: Parameters<typeof store.streams.list>[0]) =>
      store.streams.list(query).results.map(({ name }) => name);
    expect(names()).toEqual(['back DOOR', 'Garage', 'Front door']);
    expect(names({ ordering: 'created_at' })).toEqual(['Front door', 'Garage', 'back DOOR']);
    expect(names({ ordering: '-name' })).toEqual(['Garage', 'Front door', 'back DOOR']);
    expect(names({ name: 'door' })).toEqual(['back DOOR', 'Front door']);
    expect(names({ name: '%' })).toEqual([]);
    expect(names({ status: 'stopped' })).toEqual(['Garage']);
    expect(names({ collectionId: yard.id })).toEqual(['back DOOR']);
    expect(names({ collectionId: 'default' })).toEqual(['Garage', 'Front door']);
    expect(store.streams.list({ limit: 1, offset: 1 })).toMatchObject({ results: [{ name: 'Garage' }], count: 3 });
    expect(() => names({ ordering: 'url; DROP TABLE streams' })).toThrowError(/^ordering: /);
  });

  it('updates what may change', async () => {
    await using opened = await openStore();
    const { streams } = opened.store;
    const { stream } = aCamera(opened.store);
    const patch = { name: 'Gate', wanted: 'stopped', zones: [], id: 'other', createdMs: 1 } as const;
    const updated = streams.update(stream.id, { ...patch, zones: [] });
    expect(updated).toMatchObject({ id: stream.id, createdMs: NOON, name: 'Gate', wanted: 'stopped', zones: [] });
    expect(streams.get(stream.id)).toEqual(updated);
    expect(() => streams.update(newId('stream'), {})).toThrowError(expect.objectContaining({ kind: 'not_found' }));
  });
});

describe('indexes, events and alerts', () => {
  it('keeps indexes by stream and says which run', async () => {
    await using opened = await openStore();
    const { indexes } = opened.store;
    const { stream, index } = aCamera(opened.store);
    const second = anIndex(stream.id, { name: 'cars', wsConnectionId: 'ws-1', createdMs: NOON + 1 });
    indexes.create(second);
    expect(indexes.get(second.id)).toEqual(second);
    expect(indexes.listByStream(stream.id)).toEqual([index, second]);
    expect(indexes.update(index.id, { status: 'stopped', prompt: 'Cars only' })).toMatchObject({ prompt: 'Cars only' });
    expect(indexes.listRunning(stream.id)).toEqual([second]);
    const orphan = anIndex('rts-none');
    expect(() => indexes.create(orphan)).toThrowError(expect.objectContaining({ kind: 'not_found' }));
  });

  it('arms events on indexes', async () => {
    await using opened = await openStore();
    const { alerts, events } = opened.store;
    const { index } = aCamera(opened.store);
    const event = anEvent();
    events.create(event);
    expect(events.get(event.id)).toEqual(event);
    expect(events.list()).toEqual([event]);
    const alert = anAlert(index, event);
    alerts.create(alert);
    expect(alerts.get(alert.id)).toEqual(alert);
    expect(alerts.setStatus(alert.id, 'disabled', 'a test').status).toBe('disabled');
    expect(alerts.listByIndex(index.id)).toEqual([{ ...alert, status: 'disabled' }]);
    expect(alerts.enabledByIndex(index.id)).toEqual([]);
    expect(alerts.evidenceState(alert.id)).toBeUndefined();
    const orphan = anAlert(index, anEvent());
    expect(() => alerts.create(orphan)).toThrowError(expect.objectContaining({ kind: 'not_found' }));
  });
});

describe('keys and clock steps', () => {
  it('finds keys by hash only', async () => {
    await using opened = await openStore();
    const { keys } = opened.store;
    keys.add('hash-a', 'laptop');
    const laptop = { id: 1, label: 'laptop', scopes: ['all'], createdMs: NOON };
    expect(keys.find('hash-a')).toEqual(laptop);
    expect(keys.find('hash-b')).toBeUndefined();
    expect(keys.list()).toEqual([laptop]);
    expect(() => keys.add('hash-a', 'again')).toThrowError(expect.objectContaining({ kind: 'conflict' }));
  });

  it('notes the use of a key once a minute', async () => {
    const clock = standingClock(NOON);
    await using opened = await openStore(clock);
    const { keys } = opened.store;
    keys.add('hash-a', 'laptop');
    const lastUsed = () => {
      const key = keys.find('hash-a');
      if (key) keys.use(key);
      return keys.get(1)?.lastUsedMs;
    };
    expect(lastUsed()).toBe(NOON);
    clock.now = NOON + 59_000;
    expect(lastUsed()).toBe(NOON);
    clock.now = NOON + 60_000;
    expect(lastUsed()).toBe(NOON + 60_000);
    clock.now = NOON - 3_600_000; // Set back.
    expect(lastUsed()).toBe(NOON - 3_600_000);
  });

  it('never gives the id of a key that was revoked to another', async () => {
    await using opened = await openStore();
    const { keys } = opened.store;
    const id = keys.add('hash-a', 'laptop', ['read']);
    expect(keys.revoke(id)).toBe(true);
    expect(keys.revoke(id)).toBe(false);
    expect([keys.find('hash-a'), keys.get(id), keys.list()]).toEqual([undefined, undefined, []]);
    expect(keys.isKnown('hash-a')).toBe(true);
    expect(() => keys.add('hash-a', 'again')).toThrowError(expect.objectContaining({ kind: 'conflict' }));
    expect(keys.add('hash-b', 'phone')).not.toBe(id);
  });

  it('remembers clock steps', async () => {
    await using opened = await openStore();
    opened.store.clockSteps.add(NOON, -5000);
    expect(opened.store.clockSteps.list()).toEqual([{ atMs: NOON, stepMs: -5000 }]);
  });
});
