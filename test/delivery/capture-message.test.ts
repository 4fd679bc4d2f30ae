import { afterEach, beforeEach, expect, it } from 'vitest';
import { captureMessage } from '#delivery';
import { type CaptureSession, type CaptureStatus, newId } from '#domain';
import { openStore } from '../store/fixture.ts';
import { links } from './fixture.ts';

let open: Awaited<ReturnType<typeof openStore>>;
beforeEach(async () => {
  open = await openStore();
});
afterEach(() => open[Symbol.asyncDispose]());

const MIC = { id: 'mic:default', name: 'Microphone', type: 'audio', category: 'mic', store: true } as const;

/** What was told last of a session that has gone this way. */
function told(...way: [CaptureStatus, Partial<CaptureSession>?][]) {
  const { captures, journal } = open.store;
  const draft = {
    id: newId('capture'),
    collectionId: 'default',
    endUserId: 'u',
    metadata: {},
    grants: [],
    createdMs: 1,
  };
  const { id } = captures.create(draft);
  for (const [status, change] of way) captures.advance(id, status, change);
  const event = captures.events.get(Number(journal.after(0, 100, ['capture']).at(-1)?.ref));
  if (!event) throw new Error('nothing was told');
  return { id, event, message: captureMessage(event, { store: open.store, links }) };
}

it('names the streams of a session that is active, by what they are', () => {
  const { id, message } = told(['starting', { channels: [{ ...MIC, streamId: 'rts-1' }] }], ['active']);
  const rtstreams = [{ rtstream_id: 'rts-1', name: 'mic:default', media_types: ['audio'], channel_id: 'mic' }];
  const data = { status: 'active', rtstreams };
  expect(message).toEqual({ event: 'capture_session.active', capture_session_id: id, status: 'active', data });
});

it('says why a session has failed', () => {
  const { message } = told(['starting'], ['failed', { error: '"mic:default": nothing was sent' }]);
  expect(message?.data).toEqual({ status: 'failed', error: { message: '"mic:default": nothing was sent' } });
});

it('says where the recording is, as long as it is there', () => {
  const exported = { status: 'exported', assetId: 'm-1' } as const;
  const make = () => told(['stopping'], ['stopped'], ['exported', { exported }]).message?.data;
  expect(make()).toEqual({ status: 'exported' });
  open.store.assets.create(
    {
      ...{ id: 'm-1', kind: 'video', collectionId: 'default', name: 'x', description: '', lengthMs: 1, bytes: 1 },
      ...{ width: 1, height: 1, origin: { kind: 'capture', sessionId: 'cap-1', streamId: 'rts-1' }, createdMs: 1 },
    },
    [],
  );
  expect(make()).toEqual({
    status: 'exported',
    exported_video_id: 'm-1',
    stream_url: 'http://box/hls/m-1.m3u8',
    player_url: 'http://box/watch?v=m-1',
  });
});

it('is nothing once the session is forgotten', () => {
  const { event } = told(['stopping'], ['stopped']);
  expect(open.store.captures.forget(Number.MAX_SAFE_INTEGER)).toBe(1);
  expect(captureMessage(event, { store: open.store, links })).toBeUndefined();
  expect(open.store.captures.events.get(event.id)).toBeUndefined();
});

it('keeps a session that is under way, or of which something is still to be told', () => {
  told(['starting']);
  const draft = { id: 'cap-2', collectionId: 'default', endUserId: 'u', metadata: {}, grants: [], createdMs: 1 };
  open.store.captures.create({ ...draft, callbackUrl: 'http://127.0.0.1:9/' });
  expect(open.store.captures.forget(Number.MAX_SAFE_INTEGER)).toBe(0);
});
