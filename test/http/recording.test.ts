/** What of a recording stays, over HTTP. */
import { expect, it } from 'vitest';
import { addStream, openBox } from './box.ts';

const USUAL = {
  mode: 'continuous',
  pre_seconds: 5,
  post_seconds: 10,
  schedule: [],
  audio: true,
  substream: false,
};

it('is everything until somebody says otherwise, and every part of it can be changed alone', async () => {
  await using box = await openBox();
  const { id } = addStream(box.store);
  const path = `/v1/streams/${id}/recording`;
  expect((await box.call('GET', path)).data).toEqual(USUAL);
  const nights = [{ days: ['mon', 'fri'], from: '22:00', to: '06:00' }];
  expect((await box.call('PATCH', path, { mode: 'motion', pre_seconds: 2.5 })).data).toMatchObject({
    ...USUAL,
    mode: 'motion',
    pre_seconds: 2.5,
  });
  await box.call('PATCH', path, { schedule: nights, audio: false });
  const substream = 'rtsp://viewer:canary@127.0.0.1/small';
  const { data, headers } = await box.call('PATCH', path, { substream_url: substream });
  expect(data).toEqual({ ...USUAL, mode: 'motion', pre_seconds: 2.5, schedule: nights, audio: false, substream: true });
  expect(JSON.stringify([data, [...headers]])).not.toContain('canary');
  expect(box.store.streams.get(id)).toMatchObject({
    substreamUrl: substream,
    recording: { mode: 'motion', preMs: 2500, postMs: 10_000, audio: false },
  });
  await box.call('PATCH', path, { mode: 'continuous', pre_seconds: 5, schedule: [], audio: true, substream_url: '' });
  expect((await box.call('GET', path)).data).toEqual(USUAL);
  expect(box.live.reconciled).toBe(4);
});

it('may be kept for days of its own and within a quota; 0 takes it back', async () => {
  await using box = await openBox();
  const { id } = addStream(box.store);
  const path = `/v1/streams/${id}/recording`;
  expect((await box.call('PATCH', path, { keep_days: 2.5, quota_gb: 40 })).data).toMatchObject({
    keep_days: 2.5,
    quota_gb: 40,
  });
  expect(box.store.streams.get(id)?.recording).toMatchObject({ keepDays: 2.5, quotaBytes: 4e10 });
  expect((await box.call('PATCH', path, { keep_days: 0 })).data).toMatchObject({ quota_gb: 40 });
  expect((await box.call('PATCH', path, { quota_gb: 0 })).data).toEqual(USUAL);
  expect((await box.call('PATCH', path, { quota_gb: -1 })).message).toMatch(/quota_gb.*GB/);
});

it('refuses what makes no sense, and says where', async () => {
  await using box = await openBox();
  const { id } = addStream(box.store);
  const path = `/v1/streams/${id}/recording`;
  const refused: [object, RegExp][] = [
    [{ mode: 'sometimes' }, /mode.*continuous/],
    [{ pre_seconds: -1 }, /pre_seconds.*0 to 600/],
    [{ post_seconds: 1e9 }, /post_seconds/],
    [{ schedule: [{ from: '25:00', to: '06:00' }] }, /schedule.*22:00/],
    [{ schedule: [{ days: ['someday'], from: '22:00', to: '06:00' }] }, /schedule.*mon/],
    [{ audio: 'off' }, /audio/],
    [{ substream_url: 'gopher://yard' }, /begin with/],
    [{ substream_url: 'file:///etc/passwd' }, /allowFile/],
  ];
  for (const [body, message] of refused) {
    const answer = await box.call('PATCH', path, body);
    expect([answer.status, answer.message], JSON.stringify(body)).toEqual([400, expect.stringMatching(message)]);
  }
  expect((await box.call('GET', path)).data).toEqual(USUAL);
  expect((await box.call('PATCH', '/v1/streams/rts-none/recording', {})).status).toBe(404);
  const configured = addStream(box.store, { origin: 'config' });
  expect((await box.call('PATCH', `/v1/streams/${configured.id}/recording`, { audio: false })).status).toBe(409);
});
