/** What of the recordings is to stay, over HTTP. */
import { expect, it } from 'vitest';
import { addStream, openBox, record, T0 } from './box.ts';

const FROM = T0 / 1000;

it('is made, listed and let go, with the name of the key', async () => {
  await using box = await openBox();
  const { id: stream } = addStream(box.store);
  await record(box, stream, 0, 5);
  const { bytes } = box.store.segments.totals();
  const until = Date.now() / 1000 + 3600;
  const wish = { stream, from: FROM, to: FROM + 20, reason: 'Break-in, case 4711', until };
  const made = await box.call('POST', '/v1/holds', wish);
  expect([made.status, made.data]).toEqual([
    201,
    { ...wish, id: made.data.id, who: 'key "test"', created: made.data.created },
  ]);
  const { data } = await box.call('GET', `/v1/holds?stream=${stream}`);
  expect(data).toMatchObject({ holds: [made.data], held_bytes: bytes, alerts: 0, alerts_gave_way: 0 });
  expect(data.holdable_bytes).toBeGreaterThan(bytes);
  const { id: other } = addStream(box.store);
  expect((await box.call('GET', `/v1/holds?stream=${other}`)).data.holds).toEqual([]);
  expect((await box.call('DELETE', `/v1/holds/${made.data.id}`)).data).toEqual({ id: made.data.id });
  expect((await box.call('DELETE', `/v1/holds/${made.data.id}`)).status).toBe(404);
  expect((await box.call('GET', '/v1/holds')).data).toMatchObject({ holds: [], held_bytes: 0 });
});

it('refuses what makes no sense, and more than may be held', async () => {
  await using box = await openBox();
  box.deps.config.recording.budgetGb = 1e-9;
  const { id: stream } = addStream(box.store);
  await record(box, stream, 0, 1);
  const good = { stream, from: FROM, to: FROM + 20, reason: 'why' };
  const refused: [object, number, RegExp][] = [
    [{ to: FROM }, 400, /later/],
    [{ to: FROM + 8 * 86_400 }, 400, /seven days/],
    [{ until: 5 }, 400, /future/],
    [{ reason: '' }, 400, /reason/],
    [{ from: 'yesterday' }, 400, /from.*Unix/],
    [{ stream: 'rts-none' }, 404, /rts-none/],
    [{}, 200, /half/],
  ];
  for (const [change, status, message] of refused) {
    const answer = await box.call('POST', '/v1/holds', { ...good, ...change });
    expect([answer.status, answer.message], JSON.stringify(change)).toEqual([status, expect.stringMatching(message)]);
  }
  expect((await box.call('GET', '/v1/holds')).data.holds).toEqual([]);
  expect((await box.call('GET', '/v1/holds?stream=rts-none')).status).toBe(404);
});
