import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#runtime';
import { hastyClock } from '../delivery/fixture.ts';
import { until } from '../e2e/support/waiting.ts';
import { Captured, MIC, noReceiver, SCREEN } from './fixture.ts';

let box: Captured;
beforeEach(async () => {
  box = await Captured.open();
});
afterEach(() => box[Symbol.asyncDispose]());

const comesTo = (id: string, status: string) => until(`${id} is ${status}`, () => box.status(id) === status, 30_000);

describe('a capture session', () => {
  it('goes from its call to one video, and each step is told once and in order', async () => {
    const id = box.make();
    box.desk.start(id, { channels: [MIC, SCREEN] });
    const streams = box.store.captures.get(id)?.channels.map(({ streamId }) => box.store.streams.get(streamId));
    expect(streams).toMatchObject([
      { name: 'mic:default', mediaTypes: ['audio'], push: { protocol: 'rtsp' }, capture: { channelId: 'mic' } },
      {
        name: 'display:1',
        mediaTypes: ['video'],
        wanted: 'connected',
        capture: { sessionId: id, channelId: 'screen' },
      },
    ]);
    expect(box.store.captures.get(id)).toMatchObject({ status: 'starting', primaryChannelId: 'display:1' });
    box.publish(id);
    await comesTo(id, 'active');
    expect(box.desk.stop(id).status).toBe('stopping');
    await comesTo(id, 'exported');
    const assetId = box.store.captures.get(id)?.exported?.assetId;
    expect(assetId).toMatch(/^m-/);
    expect(box.told(id)).toEqual(['created', 'starting', 'active', 'stopping', 'stopped', 'exported']);
    expect(box.store.streams.list({ status: 'connected' }).count).toBe(0);
    expect(box.desk.stop(id).status, 'stopped again').toBe('exported');
    expect(box.desk.export(id, undefined)).toEqual({ status: 'exported', assetId });
  });

  it('waits for every channel', async () => {
    const id = box.make();
    const { channels } = box.desk.start(id, { channels: [MIC, SCREEN] });
    box.published.begin(channels[0]?.streamId ?? '');
    await until('a turn of the loop', () => true);
    expect(box.status(id)).toBe('starting');
    box.published.begin(channels[1]?.streamId ?? '');
    await comesTo(id, 'active');
  });

  it('exports sound alone as an audio, and nothing where nothing was to stay', async () => {
    const [heard, none] = [box.make(), box.make()];
    box.desk.start(heard, { channels: [MIC, { ...SCREEN, store: false }] });
    box.desk.start(none, { channels: [{ ...MIC, store: false }] });
    const [channel] = box.store.captures.get(none)?.channels ?? [];
    expect(box.store.streams.get(channel?.streamId ?? '')).toMatchObject({ store: false, recording: { schedule: [] } });
    for (const id of [heard, none]) {
      box.publish(id);
      await comesTo(id, 'active');
      box.desk.stop(id);
    }
    await comesTo(heard, 'exported');
    expect(box.store.captures.get(heard)?.exported?.assetId).toMatch(/^a-/);
    await comesTo(none, 'stopped');
    expect(() => box.desk.export(none, undefined)).toThrow('no channel of this session was stored');
  });

  it('is stopped and its recording is there when the export fails; asked for, it is tried anew', async () => {
    box.work = () => {
      throw new Error('no disk');
    };
    const id = box.make();
    box.desk.start(id, { channels: [SCREEN] });
    box.publish(id);
    await comesTo(id, 'active');
    box.desk.stop(id);
    await until('it has failed', () => box.store.captures.get(id)?.exported?.status === 'failed');
    expect(box.told(id).at(-1)).toBe('stopped');
    box.work = () => undefined;
    expect(box.desk.export(id, 'display:1')).toEqual({ status: 'exporting' });
    const done = await until('another try', () => {
      const state = box.desk.export(id, 'display:1');
      return state.status === 'exported' && state;
    });
    expect(done.assetId).toMatch(/^m-/);
    expect(() => box.desk.export(id, 'mic:default')).toThrow('video_channel_id: "mic:default" is no video channel');
  });

  it('can be stopped before it started, and while it starts', async () => {
    const [early, starting] = [box.make(), box.make()];
    box.desk.stop(early);
    await comesTo(early, 'stopped');
    expect(box.told(early)).toEqual(['created', 'stopping', 'stopped']);
    box.desk.start(starting, { channels: [{ ...MIC, store: false }] });
    box.desk.stop(starting);
    await comesTo(starting, 'stopped');
    expect(() => box.desk.start(starting, { channels: [MIC] })).toThrow('the session is stopped already');
  });

  it('is started once: the same channels again change nothing, others are refused', () => {
    const id = box.make();
    const first = box.desk.start(id, { channels: [MIC, SCREEN] });
    expect(box.desk.start(id, { channels: [SCREEN, MIC] }).channels).toEqual(first.channels);
    expect(() => box.desk.start(id, { channels: [MIC] })).toThrow('make another one');
    expect(() => box.desk.export(id, undefined)).toThrow('when it has stopped');
    expect(() => box.desk.start('cap-none', { channels: [MIC] })).toThrow('there is no capture session');
  });

  it('is refused beyond as many as a small box has room for', () => {
    for (let n = 0; n < 8; n += 1) box.desk.start(box.make(), { channels: [MIC] });
    expect(() => box.desk.start(box.make(), { channels: [MIC] })).toThrow('8 capture sessions are running already');
  });
});

describe('the next life of the box', () => {
  it('goes on with a session in each status', async () => {
    const ids = [box.make(), box.make(), box.make()];
    const [starting = '', active = '', stopping = ''] = ids;
    for (const id of ids) box.desk.start(id, { channels: [SCREEN] });
    for (const id of [active, stopping]) box.publish(id);
    for (const id of [active, stopping]) await comesTo(id, 'active');
    await box.end();
    box.store.captures.advance(stopping, 'stopping');
    await box.begin();
    box.publish(starting);
    await comesTo(starting, 'active');
    await comesTo(stopping, 'exported');
    box.desk.stop(active);
    await comesTo(active, 'exported');
    for (const id of [active, stopping]) {
      expect(box.told(id)).toEqual(['created', 'starting', 'active', 'stopping', 'stopped', 'exported']);
    }
  });

  it('makes no second video of a session that was being exported', async () => {
    const id = box.make();
    box.desk.start(id, { channels: [SCREEN] });
    await box.end();
    const { channels } = box.store.captures.get(id) ?? {};
    const streamId = channels?.[0]?.streamId ?? '';
    box.store.captures.advance(id, 'stopping');
    box.store.captures.advance(id, 'stopped', { exported: { status: 'exporting' } });
    const input = { assetId: 'm-made', sessionId: id, streamId, sounds: [], name: 'x' };
    box.store.jobs.add({ id: 'job-1', kind: 'capture', input, createdMs: 1 });
    await box.begin();
    await comesTo(id, 'exported');
    expect(box.store.captures.get(id)?.exported?.assetId).toBe('m-made');
    expect(box.store.assets.list()).toHaveLength(1);
  });
});

describe('a client', () => {
  beforeEach(async () => {
    await box[Symbol.asyncDispose]();
    box = await Captured.open(hastyClock(600)); // A minute is a tenth of a second.
  });

  it('that never sends a channel makes the session fail, naming it', async () => {
    const id = box.make();
    const { channels } = box.desk.start(id, { channels: [MIC, SCREEN] });
    box.published.begin(channels[0]?.streamId ?? '');
    await comesTo(id, 'failed');
    expect(box.store.captures.get(id)?.error).toBe('"display:1": nothing was sent within 60 s of the start');
    expect(box.told(id)).toEqual(['created', 'starting', 'failed']);
    expect(box.store.streams.list({ status: 'connected' }).count).toBe(0);
  });

  it('that is gone has its session stopped', async () => {
    const id = box.make();
    const { channels } = box.desk.start(id, { channels: [SCREEN] });
    box.publish(id);
    await comesTo(id, 'active');
    box.published.end(channels[0]?.streamId ?? '');
    await comesTo(id, 'exported');
    expect(box.told(id)).toEqual(['created', 'starting', 'active', 'stopping', 'stopped', 'exported']);
  });

  it('whose streams somebody deletes has its session fail', async () => {
    const id = box.make();
    const { channels } = box.desk.start(id, { channels: [SCREEN] });
    box.publish(id);
    await comesTo(id, 'active');
    box.store.streams.delete(channels[0]?.streamId ?? '');
    await comesTo(id, 'failed');
    expect(box.store.captures.get(id)?.error).toBe('its streams were deleted');
  });
});

describe('a callback address', () => {
  const url = 'http://127.0.0.1:9/hook';

  it('is told all of it in order, again until it takes it, and by the same key', async () => {
    await box[Symbol.asyncDispose]();
    box = await Captured.open(hastyClock(50));
    const refused: string[] = [];
    box.answer = ({ id }) => {
      if (refused.filter((one) => one === id).length >= 2) return;
      refused.push(id);
      noReceiver();
    };
    const id = box.make(url);
    box.desk.stop(id);
    await until('all is told', () => box.posts.length >= 3);
    expect(box.posts.map(({ body }) => body)).toEqual(
      ['created', 'stopping', 'stopped'].map((status) => ({
        event: `capture_session.${status}`,
        capture_session_id: id,
        status,
        data: { status },
      })),
    );
    expect(refused).toEqual(['created', 'stopping', 'stopped'].flatMap((s) => [`${id}-${s}`, `${id}-${s}`]));
  });

  it('of one session waits for no other, and what waits is told in the next life', async () => {
    box.answer = (post, signal) => post.url === url && once(signal, 'abort');
    const id = box.make(url);
    box.make('http://127.0.0.1:9/other');
    await until('the other is told', () => box.posts.length === 1);
    expect(box.posts[0]?.url).toMatch(/other$/);
    await box.end();
    box.answer = () => undefined;
    await box.begin();
    await until('it is told', () => box.posts.length === 2);
    expect(box.posts[1]).toMatchObject({ url, id: `${id}-created` });
  });

  it('is one of many that hang: 32 are called at once, and the others when those are done', async () => {
    const calls: (() => void)[] = [];
    box.answer = () => new Promise<void>((resolve) => calls.push(resolve));
    const ids = Array.from({ length: 40 }, () => box.make(url));
    await until('they are called', () => calls.length >= 32);
    expect(calls).toHaveLength(32);
    await until('all are told', () => {
      for (const done of calls.splice(0)) done();
      return box.posts.length === ids.length;
    });
    expect(new Set(box.posts.map(({ id }) => id)).size).toBe(ids.length);
  });

  it('that nobody answers at is given up after a day of tries', async () => {
    const id = box.make(url);
    await until('it is told', () => box.posts.length === 1);
    const event = box.store.captures.events.add({ sessionId: id, status: 'starting', atMs: 1 }, true);
    box.store.captures.events.failed(event, 'away', undefined);
    expect(box.store.captures.events.due(Date.now())).toEqual([]);
    expect(box.store.captures.events.nextDueMs(Date.now())).toBeUndefined();
  });
});

it('streams of a session that is forgotten go once nothing of them is left', async () => {
  let aheadMs = 0;
  await using box = await Captured.open({ ...systemClock, nowMs: () => Date.now() + aheadMs });
  const [old, kept] = [box.make(), box.make()];
  for (const id of [old, kept]) {
    box.desk.start(id, { channels: [MIC, SCREEN] });
    box.publish(id);
    await until('it is active', () => box.status(id) === 'active', 30_000);
    box.desk.stop(id);
    await until('it is exported', () => box.status(id) === 'exported', 30_000);
  }
  const streamsOf = (id: string) => box.store.captures.get(id)?.channels.map(({ streamId }) => streamId) ?? [];
  const [said = '', empty = ''] = streamsOf(old);
  const [first = '', second = ''] = streamsOf(kept);
  box.store.transcripts.add({ streamId: said, startMs: 1, endMs: 2, text: 'hello', words: [] });
  expect(box.store.captures.emptyStreams()).toEqual([]);
  aheadMs = 31 * 86_400_000;
  await box.end();
  box.store.captures.noteExport(kept, { status: 'exporting' }); // It isn't over.
  await box.begin();
  await until('the empty one has gone', () => !box.store.streams.get(empty), 30_000);
  expect([said, first, second].every((id) => box.store.streams.get(id))).toBe(true);
  expect(box.status(old)).toBeUndefined();
});

describe('whoever is thrown out', () => {
  const running = (id: string, by?: { keyId: number; tokenId?: string }) => {
    box.desk.start(id, { channels: [MIC] }, by);
    box.publish(id);
    return comesTo(id, 'active');
  };
  const addKey = (label: string) => box.store.keys.add(label, label);

  it('by the end of a key has made, started or been told of sessions that are stopped; others go on', async () => {
    const [maker, starter, told, other] = ['m', 's', 't', 'o'].map(addKey);
    const ids: string[] = [];
    for (const keyId of [maker, other, other, other]) {
      box.grants = [{ keyId: keyId ?? 0 }];
      ids.push(box.make());
    }
    const [made = '', begun = '', seen = '', stays = ''] = ids;
    await running(made, { keyId: other ?? 0 });
    await running(begun, { keyId: starter ?? 0 });
    await running(seen);
    await running(stays, { keyId: other ?? 0 });
    const session = box.store.captures.get(seen);
    if (session) box.desk.addressesOf(session, 'box', { keyId: told ?? 0 });
    for (const key of [maker, starter, told]) box.store.keys.revoke(key ?? 0);
    for (const id of [made, begun, seen]) await comesTo(id, 'exported');
    expect(box.status(stays)).toBe('active');
  });

  it('with a session token ends its sessions alone, also after a restart of the box', async () => {
    const keyId = addKey('k');
    const [one, other] = [box.make(), box.make()];
    await running(one, { keyId, tokenId: 'one' });
    await running(other, { keyId, tokenId: 'other' });
    await box.end();
    box.store.keys.endToken('one', Date.now() + 60_000);
    await box.begin();
    await comesTo(one, 'exported');
    expect(box.store.captures.get(other)).toMatchObject({ status: 'active', grants: [{ keyId, tokenId: 'other' }] });
  });

  it('starts nothing of what was made before', () => {
    const keyId = addKey('k');
    box.grants = [{ keyId }];
    const id = box.make();
    box.store.keys.revoke(keyId);
    expect(() => box.desk.start(id, { channels: [MIC] })).toThrow('was revoked');
  });
});

describe('a session token', () => {
  it('runs four sessions at once and has twenty wait, whatever others do', () => {
    const keyId = box.store.keys.add('k', 'k');
    const [by, other] = [
      { keyId, tokenId: 'one' },
      { keyId, tokenId: 'other' },
    ];
    box.grants = [by];
    const ids = Array.from({ length: 20 }, () => box.make());
    expect(() => box.make()).toThrow('20 capture sessions of this session token');
    for (const id of ids.slice(0, 4)) box.desk.start(id, { channels: [MIC] }, by);
    expect(() => box.desk.start(ids[4] ?? '', { channels: [MIC] }, by)).toThrow(
      '4 capture sessions of this session token',
    );
    box.grants = [other];
    expect(box.desk.start(box.make(), { channels: [MIC] }, other).status).toBe('starting');
  });
});
