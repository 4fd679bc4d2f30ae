import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LocalWriter } from '#pipeline';
import { Fault, systemClock } from '#runtime';

const stop = new AbortController().signal;
const asked = { prompt: 'Summarize', text: 'The gate is open.' };

function aWriter(answer: () => Promise<string>, pack: string | null = 'smol') {
  const at = {
    now: 0,
    state: 'ready' as 'ready' | 'loading' | 'restarting' | 'none',
    slept: 0,
    requests: [] as string[],
  };
  const writing = {
    write: (_instructions: string, request: string) => {
      at.requests.push(request);
      return answer();
    },
    status: () => ({ state: at.state, restarts: 0, ...(pack === null ? {} : { pack }) }),
  };
  const sleep = async () => {
    at.slept += 1;
    await setImmediate();
  };
  const clock = { ...systemClock, monotonicMs: () => at.now, sleep };
  return Object.assign(at, { writer: new LocalWriter(writing, clock) });
}

describe('the text pack of this box', () => {
  it('is asked by the prompt for the words', async () => {
    const { writer, requests } = aWriter(async () => '<think>hm</think> It is open.');
    expect(await writer.write(asked, stop)).toBe('It is open.');
    expect(requests).toEqual(['Task: Summarize\n\nTranscript:\nThe gate is open.']);
    expect(writer.status()).toEqual({ name: 'local', state: 'ready', model: 'smol', asked: 1, failed: 0 });
  });

  it.each([
    ['nothing', async () => '  ', /empty/],
    ['the same again and again', async () => 'the gate is '.repeat(10), /repeats itself/],
    ['no answer', () => Promise.reject(new Fault('unavailable', 'the writer went away')), /went away/],
  ])('rests for half a minute after %s', async (_name, answer, reason) => {
    const at = aWriter(answer);
    await expect(at.writer.write(asked, stop)).rejects.toThrow(reason);
    expect(at.writer.ready).toBe(false);
    expect(at.writer.status()).toMatchObject({ state: 'resting', failed: 1, lastError: expect.stringMatching(reason) });
    at.now += 30_000;
    expect(at.writer.ready).toBe(true);
  });

  it('is waited for while it is loaded, and not for ever', async () => {
    const at = aWriter(async () => 'It is open.');
    at.state = 'loading';
    const writing = at.writer.write(asked, stop);
    await expect.poll(() => at.slept).toBeGreaterThan(2);
    expect([at.writer.ready, at.requests]).toEqual([true, []]);
    at.state = 'ready';
    expect(await writing).toBe('It is open.');
    at.state = 'loading';
    const late = at.writer.write(asked, stop);
    at.now += 30_000;
    expect(await late).toBe('It is open.'); // The writer itself says when it is away.
  });

  it('is not asked while its process is away, and is not there without a pack', () => {
    const at = aWriter(async () => 'x');
    at.state = 'restarting';
    expect(at.writer.ready).toBe(false);
    const none = aWriter(async () => 'x', null);
    none.state = 'none';
    expect([none.writer.ready, none.writer.status()]).toEqual([false, undefined]);
  });
});
