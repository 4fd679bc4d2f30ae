import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Job } from '#domain';
import { addStream, type Box, openBox, T0 } from './box.ts';

const FROM = T0 / 1000;
let box: Box;
let streamId: string;
const asked: Job['input'][] = [];

beforeAll(async () => {
  box = await openBox();
  box.handlers.timelapse = async ({ input }) => {
    asked.push(input);
    return { message: 'the work is proven elsewhere', assetId: 'm-gone' };
  };
  streamId = addStream(box.store).id;
  const session = { id: 'ses-1', streamId, startedMs: T0, initPath: 'init.mp4', width: 640, height: 360 };
  for (const n of [0, 1]) {
    const [startMs, endMs] = [T0 + n * 10_000, T0 + (n + 1) * 10_000];
    box.store.segments.add({ streamId, sessionId: 'ses-1', startMs, endMs, path: `${n}.m4s`, bytes: 9 }, session);
  }
});
afterAll(() => box[Symbol.asyncDispose]());

const ask = (body: object, id = streamId) => box.call('POST', `/v1/streams/${id}/timelapse`, body);

it('begins a job over what is recorded of the stretch, and tells of it', async () => {
  const answer = await ask({ start: FROM + 5, end: FROM + 20, seconds: 4, name: 'Morning' });
  expect(answer).toMatchObject({ status: 200, message: 'what this job made was deleted meanwhile' });
  const collectionId = box.store.defaultCollection.id;
  expect(asked).toEqual([
    { streamId, startMs: T0 + 5000, endMs: T0 + 20_000, lengthS: 4, collectionId, name: 'Morning' },
  ]);
});

it.each([
  ['an end before the start', { start: FROM + 5, end: FROM }, 400],
  ['no length at all', { start: FROM, end: FROM + 20, seconds: 0 }, 400],
  ['more than a minute', { start: FROM, end: FROM + 20, seconds: 61 }, 400],
  ['a time of which nothing is recorded', { start: FROM - 100, end: FROM - 50 }, 404],
])('refuses %s', async (_, body, status) => {
  expect((await ask(body)).status).toBe(status);
});

it('needs a stream', async () => {
  expect((await ask({}, 'rts-none')).status).toBe(404);
});
