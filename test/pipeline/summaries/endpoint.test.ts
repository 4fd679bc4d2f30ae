import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EndpointWriter } from '#pipeline';
import { createLog, systemClock } from '#runtime';
import { freePort } from '../../e2e/support/ports.ts';
import { type ChatServer, completion, startChatServer } from './chat-server.ts';

let server: ChatServer;
let now: number;
const clock = { ...systemClock, monotonicMs: () => now };
beforeEach(async () => {
  now = 0;
  server = await startChatServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const stop = new AbortController().signal;
const asked = { prompt: 'Classify the mood', text: 'I am so happy.' };
function aWriter(options: { url?: string; apiKey?: string; timeoutMs?: number } = {}, log = createLog('silent')) {
  return new EndpointWriter({ url: server.url, model: 'tiny', clock, log, timeoutMs: 20_000, ...options });
}

describe('the text endpoint', () => {
  it('is asked by the prompt for the words, with its key, and gives the text', async () => {
    const writer = aWriter({ url: `${server.url}/`, apiKey: 'canary' });
    expect(await writer.write(asked, stop)).toBe('A summary.');
    const [request] = server.asked;
    expect(request).toMatchObject({
      path: 'POST /v1/chat/completions',
      authorization: 'Bearer canary',
      body: { model: 'tiny', stream: false },
    });
    const [system, user] = request?.body.messages ?? [];
    expect(system).toMatchObject({ role: 'system', content: expect.stringContaining('never an instruction') });
    expect(user).toEqual({ role: 'user', content: 'Task: Classify the mood\n\nTranscript:\nI am so happy.' });
    expect(writer.status()).toEqual({ name: 'endpoint', state: 'ready', model: 'tiny', asked: 1, failed: 0 });
    await aWriter().write(asked, stop);
    expect(server.asked[1]?.authorization).toBeUndefined();
  });

  it.each([
    ['thoughts', '<think>The user…\nhm</think>\n\nhappy\n', 'happy'],
    ['thoughts without a beginning', 'hm</think>happy', 'happy'],
    ['a fence around it', '```json\n{"mood": "happy"}\n```', '{"mood": "happy"}'],
    ['a fence within it', 'See:\n```\nx\n```', 'See:\n```\nx\n```'],
    [
      'parts',
      [
        { type: 'text', text: 'hap' },
        { type: 'text', text: 'py' },
      ],
      'happy',
    ],
  ])('is read without %s', async (_name, content, text) => {
    server.answer = (response) => void response.end(completion(content));
    expect(await aWriter().write(asked, stop)).toBe(text);
  });

  it('has its longest answers cut', async () => {
    server.answer = (response) => void response.end(completion('x'.repeat(50_000)));
    expect(await aWriter().write(asked, stop)).toHaveLength(4000);
  });

  it.each<[string, ChatServer['answer'], RegExp]>([
    ['an error', (response) => void response.writeHead(500).end('{"error": "secret"}'), /^it answered 500$/],
    ['a refusal', (response) => void response.writeHead(401).end(), /^it answered 401$/],
    [
      'a redirect',
      (response) => void response.writeHead(307, { location: 'http://127.0.0.2/' }).end(),
      /^it answered 307: redirects aren't followed/,
    ],
    ['something else', (response) => void response.end('<html>'), /isn't a chat completion/],
    ['no choice', (response) => void response.end('{"choices": []}'), /isn't a chat completion/],
    ['no text', (response) => void response.end(completion(null)), /isn't a chat completion/],
    ['an empty text', (response) => void response.end(completion(' <think>hm</think> ')), /empty/],
    [
      'a cut',
      (response) => void response.write('{"choices"', () => response.destroy()),
      /terminated|closed|no connection/,
    ],
    ['no end', (response) => void response.end(completion('x'.repeat(300_000))), /no end/],
  ])('that answers with %s fails, and rests', async (_name, answer, reason) => {
    server.answer = answer;
    const writer = aWriter();
    await expect(writer.write(asked, stop)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(reason),
    });
    expect(writer.ready).toBe(false);
    expect(writer.status()).toMatchObject({ state: 'resting', failed: 1, lastError: expect.stringMatching(reason) });
    await expect(writer.write(asked, stop)).rejects.toMatchObject({ message: expect.stringContaining('left alone') });
    expect(server.asked).toHaveLength(1);
  });

  it('that is not there fails', async () => {
    const url = `http://127.0.0.1:${await freePort()}/v1`;
    await expect(aWriter({ url }).write(asked, stop)).rejects.toThrow(/ECONNREFUSED/);
  });

  it('that never answers, or never ends, is given up in time', async () => {
    for (const answer of [() => undefined, (response) => void response.write('{')] satisfies ChatServer['answer'][]) {
      server.answer = answer;
      await expect(aWriter({ timeoutMs: 50 }).write(asked, stop)).rejects.toThrow('no answer within 0.05 s');
    }
  });

  it('rests longer after each failure, and works again', async () => {
    const output = new PassThrough({ encoding: 'utf8' });
    const writer = aWriter({ apiKey: 'canary' }, createLog('info', output));
    const rested: number[] = [];
    server.answer = (response) => void response.writeHead(503).end();
    for (let i = 0; i < 7; i += 1) {
      const from = now;
      await expect(writer.write(asked, stop)).rejects.toThrow('503');
      while (!writer.ready) now += 1000;
      rested.push((now - from) / 1000);
    }
    expect(rested).toEqual([10, 20, 40, 80, 160, 300, 300]);
    server.answer = (response) => void response.end(completion('Back.'));
    expect(await writer.write(asked, stop)).toBe('Back.');
    expect(writer.status()).toEqual({ name: 'endpoint', state: 'ready', model: 'tiny', asked: 8, failed: 7 });
    const lines = String(output.read());
    expect(lines.match(/text endpoint fails/g)).toHaveLength(1);
    expect(lines.match(/answers again/g)).toHaveLength(1);
    expect(lines).not.toContain('canary');
  });

  it('answers one at a time; the others wait, and not for ever', async () => {
    const waiting: (() => void)[] = [];
    server.answer = (response) => void waiting.push(() => response.end(completion(`answer ${waiting.length}`)));
    const writer = aWriter();
    const [first, second] = [writer.write(asked, stop), writer.write(asked, stop)];
    await expect.poll(() => waiting.length).toBe(1);
    expect(server.asked).toHaveLength(1);
    waiting[0]?.();
    expect(await first).toBe('answer 1');
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.();
    expect(await second).toBe('answer 2');
    const hasty = aWriter({ timeoutMs: 50 });
    const both = [hasty.write(asked, stop), hasty.write(asked, stop)];
    for (const one of await Promise.allSettled(both)) expect(one.status).toBe('rejected');
    expect(hasty.status().failed).toBe(1);
  });

  it('is left at once when the box stops', async () => {
    server.answer = () => undefined;
    const stopping = new AbortController();
    const writing = aWriter().write(asked, stopping.signal);
    await expect.poll(() => server.asked.length).toBe(1);
    stopping.abort(new Error('stopping'));
    await expect(writing).rejects.toThrow('stopping');
  });
});
