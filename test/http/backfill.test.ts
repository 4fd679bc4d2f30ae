/** Indexes over what was recorded before them: asked for, looked at, ended. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SceneIndex, Stream } from '#domain';
import { addIndex, addStream, type Box, openBox, record, T0 } from './box.ts';

const S0 = T0 / 1000;
let box: Box;
let stream: Stream;
let index: SceneIndex;

beforeEach(async () => {
  box = await openBox();
  stream = addStream(box.store);
  index = addIndex(box.store, stream.id);
});
afterEach(() => box[Symbol.asyncDispose]());

const path = (id = index.id) => `/v1/streams/${stream.id}/indexes/${id}/backfill`;

describe('an index over older recordings', () => {
  it('is asked for with the index, and shown by it', async () => {
    await record(box, stream.id, 0, 15);
    const { status, data } = await box.call('POST', `/rtstream/${stream.id}/index/scene`, { backfill: { from: S0 } });
    expect(status).toBe(200);
    expect(data.backfill).toMatchObject({ status: 'waiting', from: S0, reached: S0, progress: 0 });
    expect(box.live.woken).toBe(1);
    const listed = await box.call('GET', `/rtstream/${stream.id}/index/scene`);
    const shown: { backfill?: { status: string } }[] = listed.data.scene_indexes;
    expect(shown.map(({ backfill }) => backfill?.status).sort()).toEqual(['waiting', undefined]);
  });

  it('is asked for later, says how far it has come, and is ended', async () => {
    await record(box, stream.id, 0, 15);
    expect((await box.call('PUT', path(), { from: S0 + 10, to: S0 + 50 })).data).toMatchObject({
      from: S0 + 10,
      to: S0 + 50,
    });
    box.store.backfills.reach(index.id, T0 + 30_000);
    expect((await box.call('GET', path())).data).toMatchObject({ status: 'running', reached: S0 + 30, progress: 0.5 });
    expect((await box.call('DELETE', path())).data).toMatchObject({ status: 'cancelled', progress: 0.5 });
    expect(box.store.backfills.next()).toBeUndefined();
  });

  it('begins where the recording does', async () => {
    await record(box, stream.id, 20, 15);
    expect((await box.call('PUT', path(), { from: S0 - 1000 })).data).toMatchObject({ from: S0 + 20 });
  });

  it.each([
    ['nothing is recorded', { from: S0 }, 'nothing is recorded'],
    ['it is no time', { from: 'yesterday' }, 'from'],
    ['it is not said from when', {}, 'from'],
  ])('is refused where %s', async (_what, body, message) => {
    const answer = await box.call('PUT', path(), body);
    expect(answer.status).toBe(400);
    expect(answer.message).toContain(message);
    expect(box.live.woken).toBe(0);
  });

  it('is refused of what is said, and where there is no such index or wish', async () => {
    await record(box, stream.id, 0, 15);
    const spoken = await box.call('POST', `/rtstream/${stream.id}/index/scene`, {
      extraction_type: 'transcript',
      backfill: { from: S0 },
    });
    expect(spoken.status).toBe(400);
    expect(box.store.indexes.listByStream(stream.id)).toHaveLength(1);
    expect((await box.call('GET', path())).status).toBe(404);
    expect((await box.call('PUT', path('0123456789abcdef'), { from: S0 })).status).toBe(404);
  });
});
