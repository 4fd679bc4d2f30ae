import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Job } from '#domain';
import { type JobHandler, JobRunner, type JobRunnerDeps } from '#jobs';
import { type Clock, createLog, Fault, systemClock } from '#runtime';
import { Store } from '#store';

vi.setConfig({ testTimeout: 60_000 });
const LONG = 30_000;
const DAY_MS = 86_400_000;
const never = new AbortController().signal;
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wp-jobs-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A runner over the directory's database whose only handler of interest is `export`'s. */
async function open(
  work: JobHandler,
  deps: Partial<JobRunnerDeps> = {},
  others: Partial<JobRunnerDeps['handlers']> = {},
) {
  const log = createLog('silent');
  const store = await Store.open(dir, { clock: systemClock, log });
  const unused: JobHandler = async () => ({});
  const handlers = {
    capture: unused,
    export: work,
    ingest: unused,
    index_scenes: unused,
    index_spoken_words: unused,
    timelapse: unused,
    render: unused,
    reframe: unused,
    extract_scenes: unused,
    describe: unused,
    ...others,
  };
  const common = {
    store,
    handlers,
    payload: (job: Job) => ({ id: job.id, status: job.status }),
    clock: systemClock,
    log,
  };
  const runner = await JobRunner.start({ ...common, post: async () => undefined, ...deps }, never);
  return {
    store,
    runner,
    [Symbol.asyncDispose]: async () => {
      await runner[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** A promise with its handles. */
function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe('work in which the appliance ends', () => {
  const untilCut: JobHandler = (_job, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('cut')), { once: true });
    });

  it('is begun again five times, and then given up with a reason', async () => {
    let id = '';
    {
      await using box = await open(untilCut);
      ({ id } = box.runner.submit('export', {}));
    }
    for (let ends = 0; ends < 5; ends += 1) {
      // What a kill leaves behind.
      await using store = await Store.open(dir, { clock: systemClock, log: createLog('silent') });
      store.jobs.started(id);
    }
    await using box = await open(async () => ({ assetId: 'm-1' }));
    expect(await box.runner.settled(id, LONG)).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/ended 5 times/),
    });
    const another = box.runner.submit('export', {});
    expect(await box.runner.settled(another.id, LONG)).toMatchObject({ status: 'done' });
  });

  it('is begun again as often as that happens in order', async () => {
    let id = '';
    for (let ends = 0; ends < 8; ends += 1) {
      await using box = await open(untilCut);
      if (id === '') ({ id } = box.runner.submit('export', {}));
    }
    await using box = await open(async () => ({ assetId: 'm-1' }));
    expect(await box.runner.settled(id, LONG)).toMatchObject({ status: 'done', result: { assetId: 'm-1' } });
  });
});

describe('the job runner', () => {
  it('runs one job at a time, in order, and keeps what each made', async () => {
    const log: string[] = [];
    await using box = await open(async ({ input }) => {
      log.push(`begin ${input['n']}`);
      await new Promise(setImmediate);
      log.push(`end ${input['n']}`);
      return { assetId: `m-${input['n']}` };
    });
    const jobs = [1, 2, 3].map((n) => box.runner.submit('export', { n }));
    const done = await Promise.all(jobs.map(({ id }) => box.runner.settled(id, LONG)));
    expect(log).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
    expect(done.map(({ status, result, percentage }) => [status, result?.assetId, percentage])).toEqual([
      ['done', 'm-1', 100],
      ['done', 'm-2', 100],
      ['done', 'm-3', 100],
    ]);
  });

  it('shows the progress of a job that goes on, and answers when the asker has gone', async () => {
    const [reached, release] = [deferred(), deferred()];
    await using box = await open(async (_job, { progress }) => {
      progress(40);
      reached.resolve();
      await release.promise;
      return {};
    });
    const { id } = box.runner.submit('export', {});
    await reached.promise;
    const gone = new AbortController();
    const asked = box.runner.settled(id, LONG, gone.signal);
    gone.abort();
    expect(await asked).toMatchObject({ status: 'processing', percentage: 40 });
    release.resolve();
    expect(await box.runner.settled(id, LONG)).toMatchObject({ status: 'done' });
  });

  it('fails a job with the reason of a fault, hides what is a bug, and goes on', async () => {
    const faults = [new Fault('refused', 'nothing is recorded'), new Error('secret path /etc/x'), undefined];
    await using box = await open(async () => {
      const fault = faults.shift();
      if (fault) throw fault;
      return {};
    });
    const ids = [1, 2, 3].map(() => box.runner.submit('export', {}).id);
    const [first, second, third] = await Promise.all(ids.map((id) => box.runner.settled(id, LONG)));
    expect(first).toMatchObject({ status: 'failed', error: 'nothing is recorded' });
    expect(second?.error).toMatch(/went wrong inside the appliance; its log says more under [0-9a-f]{8}$/);
    expect(third?.status).toBe('done');
  });

  it('lets the work go on when its progress can not be noted', async () => {
    await using box = await open(async (_job, { progress }) => {
      progress(50);
      return { assetId: 'm-1' };
    });
    vi.spyOn(box.store.jobs, 'progress').mockImplementation(() => {
      throw new Fault('unavailable', 'the disk is full');
    });
    const { id } = box.runner.submit('export', {});
    expect(await box.runner.settled(id, LONG)).toMatchObject({ status: 'done', result: { assetId: 'm-1' } });
  });

  it('begins again what a stop cut short, and those behind it', async () => {
    const begun = deferred();
    {
      await using box = await open(async (_job, { signal }) => {
        begun.resolve();
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut'))));
        return {};
      });
      box.runner.submit('export', { n: 1 });
      box.runner.submit('export', { n: 2 });
      await begun.promise;
    }
    const seen: unknown[] = [];
    await using again = await open(async ({ input }) => {
      seen.push(input['n']);
      return {};
    });
    const last = again.store.jobs.unfinished().at(-1);
    await again.runner.settled(last?.id ?? '', LONG);
    expect(seen).toEqual([1, 2]);
  });
});

describe('the lanes', () => {
  it('let an export pass a render, and renders wait for each other', async () => {
    const log: string[] = [];
    const release = deferred();
    const render: JobHandler = async ({ input }) => {
      log.push(`render ${input['n']}`);
      if (input['n'] === 1) await release.promise;
      return {};
    };
    await using box = await open(async () => ({ assetId: 'm-1' }), {}, { render });
    const renders = [1, 2].map((n) => box.runner.submit('render', { n }).id);
    const { id } = box.runner.submit('export', {});
    expect(await box.runner.settled(id, LONG)).toMatchObject({ status: 'done' });
    expect(box.runner.status()).toEqual({ queued: 1, running: 1 });
    expect(log).toEqual(['render 1']);
    release.resolve();
    for (const each of renders) expect(await box.runner.settled(each, LONG)).toMatchObject({ status: 'done' });
    expect(log).toEqual(['render 1', 'render 2']);
  });

  it('let an export pass what may take hours, and an index and an upload each other', async () => {
    const release = deferred();
    const long: JobHandler = async () => {
      await release.promise;
      return {};
    };
    const slow = { ingest: long, index_scenes: long, render: long };
    const quick: JobHandler = async () => ({ assetId: 'm-1' });
    await using box = await open(quick, {}, slow);
    const kinds = ['ingest', 'index_scenes', 'render'] as const;
    const ids = kinds.map((kind) => box.runner.submit(kind, {}).id);
    const words = box.runner.submit('index_spoken_words', {});
    for (const kind of ['export', 'capture', 'timelapse', 'describe'] as const) {
      expect(await box.runner.settled(box.runner.submit(kind, {}).id, LONG)).toMatchObject({ status: 'done' });
    }
    expect(box.store.jobs.get(words.id)?.status, 'behind the index before it').toBe('processing');
    expect(box.runner.status()).toEqual({ queued: 1, running: 3 });
    release.resolve();
    for (const id of [...ids, words.id]) expect((await box.runner.settled(id, LONG)).status).toBe('done');
  });

  it('join what is the same while it is under way, and hand its detail to the work', async () => {
    const seen: (string | undefined)[] = [];
    const release = deferred();
    const render: JobHandler = async (_job, { detail }) => {
      seen.push(detail());
      await release.promise;
      return {};
    };
    await using box = await open(async () => ({}), {}, { render });
    const same = { joinKey: 'k', detail: 'long' };
    const ids = [1, 2].map(() => box.runner.submit('render', {}, same).id);
    expect(ids[0]).toBe(ids[1]);
    release.resolve();
    await box.runner.settled(ids[0] ?? '', LONG);
    expect(seen).toEqual(['long']);
    expect(box.store.jobs.detail(ids[0] ?? '')).toBeUndefined();
    expect(box.runner.submit('render', {}, same).id).not.toBe(ids[0]);
  });
});

describe('a job that is cancelled', () => {
  it('has failed at once, its work is told to end, and the next one runs', async () => {
    const begun = deferred();
    const ended = deferred();
    const work: JobHandler = async ({ input }, { signal }) => {
      if (input['n'] !== 1) return {};
      begun.resolve();
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      ended.resolve();
      throw signal.reason;
    };
    await using box = await open(work);
    const [first, second] = [1, 2].map((n) => box.runner.submit('export', { n }).id);
    await begun.promise;
    expect(await box.runner.cancel(first ?? '')).toMatchObject({ status: 'failed', error: 'it was cancelled' });
    await ended.promise;
    expect(await box.runner.settled(second ?? '', LONG)).toMatchObject({ status: 'done' });
    expect(box.store.jobs.get(first ?? '')).toMatchObject({ status: 'failed', error: 'it was cancelled' });
    await expect(box.runner.cancel(second ?? '')).rejects.toThrow('has finished');
    await expect(box.runner.cancel('job-none')).rejects.toThrow('there is no job');
  });

  it('never begins when it was waiting', async () => {
    const seen: unknown[] = [];
    const [begun, release] = [deferred(), deferred()];
    await using box = await open(async ({ input }) => {
      seen.push(input['n']);
      begun.resolve();
      await release.promise;
      return {};
    });
    const [first, second, third] = [1, 2, 3].map((n) => box.runner.submit('export', { n }).id);
    await begun.promise;
    await box.runner.cancel(second ?? '');
    release.resolve();
    for (const id of [first, third]) await box.runner.settled(id ?? '', LONG);
    expect(seen).toEqual([1, 3]);
  });
});

describe('callbacks', () => {
  it('tell an outcome until the receiver takes it, with the same id, over a restart', async () => {
    const refused = deferred<string>();
    {
      await using box = await open(async () => ({ assetId: 'm-1' }), {
        post: async (_url, _payload, id) => {
          refused.resolve(id);
          throw new Fault('unavailable', 'the receiver answered 500');
        },
      });
      box.runner.submit('export', {}, { callbackUrl: 'http://127.0.0.1:1/cb' });
      await refused.promise;
    }
    const told = deferred<unknown[]>();
    await using again = await open(async () => ({}), { post: async (...args) => told.resolve(args.slice(0, 3)) });
    const id = await refused.promise;
    expect(await told.promise).toEqual(['http://127.0.0.1:1/cb', { id, status: 'done' }, id]);
    expect(again.store.jobs.get(id)?.result).toEqual({ assetId: 'm-1' });
  });

  it('are given up after the attempts of a day, whatever the clock says, and told again when asked', async () => {
    let nowMs = Date.now();
    let waits = 0;
    const clock: Clock = {
      nowMs: () => nowMs,
      monotonicMs: () => systemClock.monotonicMs(),
      // Waiting for a receiver passes in no time (forgetting old jobs would, too); now and then the clock is set two days on, and back again.
      sleep: (ms, signal) => {
        if (ms >= DAY_MS / 24) return systemClock.sleep(ms, signal);
        waits += 1;
        nowMs += ms + (waits % 20 === 0 ? (waits % 40 === 0 ? -2 : 2) * DAY_MS : 0);
        return systemClock.sleep(0, signal);
      },
    };
    let attempts = 0;
    let isThere = false;
    await using box = await open(async () => ({}), {
      clock,
      post: async () => {
        attempts += 1;
        if (!isThere) throw new Fault('unavailable', 'the receiver answered 500');
      },
    });
    const { id } = box.runner.submit('export', {}, { callbackUrl: 'http://127.0.0.1:1/cb' });
    await vi.waitFor(() => expect(box.store.jobs.deadCallbacks()).toBe(1), LONG);
    expect(attempts).toBe(320);
    expect(box.store.jobs.callbacks('dead', 9)).toMatchObject([
      { job: { id }, lastError: 'the receiver answered 500' },
    ]);
    isThere = true;
    box.runner.tellAgain(id);
    await vi.waitFor(() => expect(box.store.jobs.callbacks('waiting', 9)).toEqual([]), LONG);
    expect([attempts, box.store.jobs.deadCallbacks()]).toEqual([321, 0]);
  });
});
