import { describe, expect, it } from 'vitest';
import { Job, JobQueue, type Outcome, type Priority } from '../../src/inference/queue.ts';
import { frame } from './pictures.ts';

const picture = frame(0, () => 0);
const never = new AbortController().signal;

function push(queue: JobQueue, streamId: string, priority: Priority = 'index'): Job {
  const job = new Job('object-detection', { picture, minScore: 0 }, { streamId, priority });
  queue.push(job);
  return job;
}

async function drain(queue: JobQueue): Promise<string[]> {
  const order: string[] = [];
  while (queue.length > 0) order.push((await queue.take(never))?.streamId ?? '');
  return order;
}

describe('the queue before the models', () => {
  it('serves alerts before indexes before what can wait, each in order', async () => {
    const queue = new JobQueue();
    push(queue, 'late', 'backfill');
    push(queue, 'first');
    push(queue, 'urgent', 'alert');
    push(queue, 'second');
    const raised = push(queue, 'raised', 'backfill');
    raised.raise('alert');
    expect(await drain(queue)).toEqual(['urgent', 'raised', 'first', 'second', 'late']);
  });

  it("keeps a stream's newest and counts what it drops", async () => {
    const queue = new JobQueue();
    const jobs = Array.from({ length: 10 }, () => push(queue, 'a'));
    const other = push(queue, 'b');
    expect(queue.dropped).toBe(2);
    expect(await jobs[0]?.outcome).toBe('dropped');
    expect(await jobs[1]?.outcome).toBe('dropped');
    expect(await drain(queue)).toEqual([...Array.from({ length: 8 }, () => 'a'), 'b']);
    other.settle([]);
  });

  it('understands what was seen before it looks at more, in each rank; alerts before all', async () => {
    const queue = new JobQueue();
    const follow = (streamId: string, priority: Priority) =>
      queue.push(new Job('person-embedding', { picture, boxes: [] }, { streamId, priority }));
    push(queue, 'indexed');
    follow('known again', 'index');
    push(queue, 'armed', 'alert');
    follow('armed and known', 'alert');
    expect(await drain(queue)).toEqual(['armed and known', 'armed', 'known again', 'indexed']);
  });

  it('counts what one stream asks of each model by itself', async () => {
    const queue = new JobQueue();
    for (let i = 0; i < 8; i++) push(queue, 'a');
    queue.push(new Job('text-detection', { picture }, { streamId: 'a', priority: 'index' }));
    expect(queue.length).toBe(9);
    expect(queue.dropped).toBe(0);
  });

  it('is bounded over all streams, and gives up the least urgent', async () => {
    const queue = new JobQueue();
    const least = push(queue, 'waits', 'backfill');
    for (let i = 0; i < 64; i++) push(queue, `s${i}`, 'alert');
    expect(queue.length).toBe(64);
    expect(await least.outcome).toBe('dropped' satisfies Outcome);
  });

  it('wakes whoever waits, and lets them go', async () => {
    const queue = new JobQueue();
    const stop = new AbortController();
    const taken = queue.take(stop.signal);
    const job = push(queue, 'a');
    expect(await taken).toBe(job);
    const waiting = queue.take(stop.signal);
    stop.abort();
    expect(await waiting).toBe(undefined);
  });
});
