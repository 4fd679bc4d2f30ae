import { expect, it } from 'vitest';
import { newId } from '#domain';
import type { JobDraft } from '#store';
import { NOON, openStore } from './fixture.ts';

function aJob(overrides: Partial<JobDraft> = {}): JobDraft {
  return { id: newId('job'), kind: 'export', input: { streamId: 'rts-1' }, createdMs: NOON, ...overrides };
}

it('keeps a job from its beginning to its end', async () => {
  await using opened = await openStore();
  const { jobs } = opened.store;
  const draft = aJob({ callbackUrl: 'https://example.com/done' });
  const job = jobs.add(draft);
  expect(job).toEqual({ ...draft, status: 'processing', percentage: 0 });
  expect(jobs.get(job.id)).toEqual(job);
  jobs.progress(job.id, 40);
  expect(jobs.get(job.id)?.percentage).toBe(40);
  jobs.done(job.id, { assetId: 'm-1' }, NOON + 5);
  const done = { ...job, status: 'done', percentage: 100, result: { assetId: 'm-1' }, finishedMs: NOON + 5 };
  expect(jobs.get(job.id)).toEqual(done);
  jobs.progress(job.id, 50);
  jobs.failed(job.id, 'too late', NOON + 6);
  expect(jobs.get(job.id)).toEqual(done);
  expect(() => jobs.add(draft)).toThrowError(expect.objectContaining({ kind: 'conflict' }));
});

it('knows what is unfinished, oldest first', async () => {
  await using opened = await openStore();
  const { jobs } = opened.store;
  const [late, early, other] = [aJob({ createdMs: NOON + 2 }), aJob(), aJob({ createdMs: NOON + 1 })];
  for (const job of [late, early, other]) jobs.add(job);
  jobs.failed(other.id, 'no room', NOON + 3);
  expect(jobs.unfinished().map(({ id }) => id)).toEqual([early.id, late.id]);
  expect(jobs.get(other.id)).toMatchObject({ status: 'failed', error: 'no room', finishedMs: NOON + 3 });
  expect(jobs.latest(3).map(({ id }) => id)).toEqual([late.id, early.id, other.id]);
  for (const n of [1, 2]) jobs.done(jobs.add(aJob({ createdMs: NOON + 10 + n })).id, {}, NOON + 20);
  expect(jobs.latest(2).map(({ id }) => id)).toEqual([late.id, early.id]);
});

it('tells outcomes to those who asked, until they have heard', async () => {
  await using opened = await openStore();
  const { jobs } = opened.store;
  const [told, silent] = [aJob({ callbackUrl: 'https://example.com/done' }), aJob()];
  for (const { id } of [jobs.add(told), jobs.add(silent)]) {
    expect(jobs.nextCallbackMs(NOON)).toBe(id === told.id ? undefined : 0);
    jobs.done(id, {}, NOON);
  }
  expect(jobs.callbacksDue(NOON, 9)).toMatchObject([{ id: told.id, attempts: 0 }]);
  jobs.callbackFailed(told.id, 'nobody there', NOON + 60_000);
  expect(jobs.callbacksDue(NOON + 59_999, 9)).toEqual([]);
  expect(jobs.nextCallbackMs(NOON)).toBe(NOON + 60_000);
  expect(jobs.callbacksDue(NOON + 60_000, 9)).toMatchObject([{ id: told.id, attempts: 1 }]);
  jobs.calledBack(told.id);
  expect(jobs.callbacksDue(NOON * 2, 9)).toEqual([]);
  expect(jobs.nextCallbackMs(NOON)).toBeUndefined();
});

it('keeps what nobody could be told, with the reason, until it is told again', async () => {
  await using opened = await openStore();
  const { jobs } = opened.store;
  const job = aJob({ callbackUrl: 'https://example.com/done' });
  jobs.add(job);
  expect(() => jobs.replayCallback(job.id)).toThrow(expect.objectContaining({ kind: 'not_found' }));
  jobs.failed(job.id, 'no room', NOON);
  expect(jobs.callbacks('waiting', 9)).toMatchObject([{ job: { id: job.id }, attempts: 0, nextTryMs: 0 }]);
  jobs.callbackFailed(job.id, 'nobody there', undefined);
  const dead = { job: { id: job.id, error: 'no room' }, url: job.callbackUrl, attempts: 1, lastError: 'nobody there' };
  expect([jobs.callbacks('waiting', 9), jobs.callbacks('dead', 9)]).toMatchObject([[], [dead]]);
  expect([jobs.deadCallbacks(), jobs.nextCallbackMs(NOON)]).toEqual([1, undefined]);
  jobs.replayCallback(job.id);
  expect(jobs.callbacksDue(NOON, 9)).toMatchObject([{ id: job.id, attempts: 0 }]);
  jobs.calledBack(job.id);
  expect([jobs.deadCallbacks(), jobs.callbacks('waiting', 9)]).toEqual([0, []]);
});

it('does not wait for a time that was set by a clock of the future', async () => {
  await using opened = await openStore();
  const { jobs } = opened.store;
  const job = aJob({ callbackUrl: 'https://example.com/done' });
  jobs.add(job);
  jobs.done(job.id, {}, NOON);
  jobs.callbackFailed(job.id, 'nobody there', NOON * 2);
  expect(jobs.nextCallbackMs(NOON)).toBe(0);
  expect(jobs.callbacksDue(NOON, 9)).toHaveLength(1);
});

it('forgets what has finished and been told', async () => {
  await using opened = await openStore();
  const { jobs } = opened.store;
  const [running, untold, old, young] = [aJob(), aJob({ callbackUrl: 'https://example.com' }), aJob(), aJob()];
  for (const job of [running, untold, old, young]) jobs.add(job);
  jobs.done(untold.id, {}, NOON);
  jobs.failed(old.id, 'x', NOON);
  jobs.done(young.id, {}, NOON + 1);
  jobs.prune(NOON + 1);
  const there = [running, untold, old, young].map(({ id }) => jobs.get(id) !== undefined);
  expect(there).toEqual([true, true, false, true]);
});
