import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  allOrAbort,
  Channel,
  createLog,
  Gate,
  Lifetime,
  type LogLevel,
  redactCredentials,
  retryDelay,
  retryDelays,
  systemClock,
} from '#runtime';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('Channel', () => {
  it('drops the oldest when full, counts it and delivers the rest in order', async () => {
    const dropped: number[] = [];
    const channel = new Channel<number>(2, (item) => dropped.push(item));
    for (const item of [1, 2, 3, 4]) channel.push(item);
    channel.end();
    expect(await collect(channel)).toEqual([3, 4]);
    expect(dropped).toEqual([1, 2]);
    expect(channel.dropped).toBe(2);
  });

  it('wakes a waiting consumer and hands it the failure after the items', async () => {
    const channel = new Channel<number>(2);
    const reading = collect(channel);
    channel.push(1);
    channel.end({ error: new Error('gone') });
    await expect(reading).rejects.toThrow('gone');
  });
});

describe('Lifetime', () => {
  it('ends newest first, all of them, and throws what failed', async () => {
    const order: string[] = [];
    const life = new Lifetime();
    life.defer(() => order.push('first'));
    life.defer(() => {
      order.push('second');
      throw new Error('second failed');
    });
    life.use({ [Symbol.dispose]: () => order.push('third') });
    await expect(life[Symbol.asyncDispose]()).rejects.toThrow('second failed');
    expect(order).toEqual(['third', 'second', 'first']);
  });
});

describe('allOrAbort', () => {
  it('stops the others when one fails and waits for their end', async () => {
    let ended = false;
    const tasks = allOrAbort(new AbortController().signal, [
      () => Promise.reject(new Error('one failed')),
      async (signal) => {
        await systemClock.sleep(60_000, signal).catch(() => undefined);
        ended = true;
      },
    ]);
    await expect(tasks).rejects.toThrow('one failed');
    expect(ended).toBe(true);
  });
});

describe('Gate', () => {
  it('admits up to its limit, then in order, and lets a waiter give up', async () => {
    const gate = new Gate(1);
    const never = new AbortController().signal;
    const first = await gate.enter(never);
    const gone = new AbortController();
    const waiter = gate.enter(gone.signal);
    const second = gate.enter(never);
    gone.abort();
    await expect(waiter).rejects.toThrow();
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    (await second)[Symbol.dispose]();
    using _third = await gate.enter(never);
  });
});

describe('retryDelays', () => {
  it('doubles to the cap and takes the jitter off', () => {
    const delays = retryDelays({ firstMs: 1000, capMs: 5000, jitter: 0.5 }, () => 0);
    expect([1, 2, 3, 4, 5].map(() => delays.next().value)).toEqual([1000, 2000, 4000, 5000, 5000]);
    expect(retryDelay({ firstMs: 1000, capMs: 5000, jitter: 0.5 }, 1, () => 1)).toBe(1000);
    expect(retryDelay({ firstMs: 1000, capMs: 5000 }, 1e9, () => 0)).toBe(5000);
  });
});

describe('redactCredentials', () => {
  it.each([
    ['rtsp://u:p@h/x', 'rtsp://***@h/x'],
    ['open rtsp://user:pa@ss@10.0.0.1:554/a failed', 'open rtsp://***@10.0.0.1:554/a failed'],
    ['MQTTS://tok@h', 'MQTTS://***@h'],
    ['http://h/a@b', 'http://h/a@b'],
  ])('%s', (text, redacted) => expect(redactCredentials(text)).toBe(redacted));

  it('holds for everything that is logged', async () => {
    const lines = new PassThrough();
    const log = createLog('info', lines);
    log.info(
      { nested: { url: 'rtsp://u:canary@cam/1' }, err: new Error('at rtsp://u:canary@cam') },
      'lost rtsp://u:canary@cam',
    );
    const text = String(lines.read());
    expect(text).toContain('***@cam');
    expect(text).not.toContain('canary');
  });

  it('follows a level that changes, and so do those made from it before', () => {
    const lines = new PassThrough();
    let level: LogLevel = 'info';
    const child = createLog(() => level, lines).child({ camera: 'yard' });
    const said = () => String(lines.read() ?? '');
    child.debug('one');
    expect(said()).toBe('');
    level = 'debug';
    child.debug('two');
    expect(said()).toContain('two');
    level = 'silent';
    child.fatal('three');
    expect(said()).toBe('');
  });
});
