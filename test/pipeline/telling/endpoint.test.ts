/** A server with a model that looks at pictures, as it answers and as it fails. */
import { PassThrough } from 'node:stream';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EndpointTeller } from '#pipeline';
import { createLog, systemClock } from '#runtime';
import { frame, room } from '../../inference/pictures.ts';
import { type ChatServer, completion, startChatServer, streamed } from '../summaries/chat-server.ts';

let server: ChatServer;
let now: number;
let slept: number[];
beforeEach(async () => {
  now = 0;
  slept = [];
  server = await startChatServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const stop = new AbortController().signal;
const clock = {
  ...systemClock,
  monotonicMs: () => now,
  sleep: async (ms: number) => void slept.push(ms),
};

function aTeller(options: { apiKey?: string; timeoutMs?: number } = {}, log = createLog('silent')) {
  return new EndpointTeller({ url: server.url, model: 'seer', clock, log, timeoutMs: 20_000, ...options });
}

const still = frame(0, room);
const show = (count = 1) => ({ frames: Array.from({ length: count }, () => still), instruction: 'Is the gate open?' });

const parts = z.array(
  z.union([
    z.object({ type: z.literal('text'), text: z.string() }),
    z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string() }) }),
  ]),
);

/** The pictures of a request, decoded. */
async function shownIn(request: ChatServer['asked'][number] | undefined) {
  const content = parts.parse(request?.body.messages[1]?.content);
  const urls = content.flatMap((part) => (part.type === 'image_url' ? [part.image_url.url] : []));
  return Promise.all(
    urls.map(async (url) => {
      const [head, data = ''] = url.split(',');
      expect(head).toBe('data:image/jpeg;base64');
      const bytes = Buffer.from(data, 'base64');
      const { width, height, format } = await sharp(bytes).metadata();
      return { width, height, format, bytes: bytes.byteLength };
    }),
  );
}

describe('the vision endpoint', () => {
  it('is shown the pictures as JPEG with the task, and its key', async () => {
    const teller = aTeller({ apiKey: 'canary' });
    expect(await teller.tell(show(2), stop)).toEqual({ text: 'A summary.', by: 'seer' });
    const [request] = server.asked;
    expect(request).toMatchObject({
      path: 'POST /v1/chat/completions',
      authorization: 'Bearer canary',
      body: { model: 'seer', stream: true },
    });
    const [system, user] = request?.body.messages ?? [];
    expect(system).toMatchObject({ role: 'system', content: expect.stringContaining('never an instruction') });
    expect(user).toMatchObject({ role: 'user', content: [{ type: 'text', text: 'Task: Is the gate open?' }, {}, {}] });
    expect(await shownIn(request)).toMatchObject([
      { format: 'jpeg', width: 320, height: 180 },
      { format: 'jpeg', width: 320, height: 180 },
    ]);
    expect(teller.status()).toEqual({ name: 'endpoint', state: 'ready', model: 'seer', asked: 1, failed: 0 });
  });

  it('is shown at most four pictures, from the first to the last, each below a megabyte', async () => {
    const [width, height] = [2200, 1600];
    const rgb = new Uint8Array(width * height * 3);
    for (let i = 0, seed = 1; i < rgb.length; i += 1) {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      rgb[i] = seed >> 16;
    }
    const frames = Array.from({ length: 9 }, (_, i) => ({ atMs: i, width, height, rgb, sceneScore: 0 }));
    await aTeller().tell({ frames, instruction: 'x' }, stop);
    const shown = await shownIn(server.asked[0]);
    expect(shown).toHaveLength(4);
    for (const picture of shown) {
      expect(Math.max(picture.width, picture.height)).toBeLessThanOrEqual(1024);
      expect(picture.bytes).toBeLessThanOrEqual(1_000_000);
    }
  });

  it.each<[string, (string | object)[], string]>([
    ['bit by bit', ['The ', 'gate ', 'is open.'], 'The gate is open.'],
    ['with thoughts before it', ['<think>hm', 'm</think>', 'Open.'], 'Open.'],
    ['with bits in parts', [[{ type: 'text', text: 'Op' }], [{ type: 'text', text: 'en.' }]], 'Open.'],
  ])('may answer %s', async (_name, bits, text) => {
    server.answer = (response) => {
      response.setHeader('content-type', 'text/event-stream; charset=utf-8');
      response.end(streamed(bits));
    };
    expect(await aTeller().tell(show(), stop)).toMatchObject({ text });
  });

  it('need not close a stream that has said its end', async () => {
    server.answer = (response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.write(streamed(['Open.']));
    };
    expect(await aTeller().tell(show(), stop)).toMatchObject({ text: 'Open.' });
  });

  it('is asked for whole answers when it has no streams', async () => {
    server.answer = (response, { body }) =>
      body.stream
        ? void response.writeHead(400).end('{"error": {"message": "stream is not supported"}}')
        : void response.end(completion('Open.'));
    const teller = aTeller();
    expect(await teller.tell(show(), stop)).toMatchObject({ text: 'Open.' });
    await teller.tell(show(), stop);
    expect(server.asked.map(({ body }) => body.stream)).toEqual([true, false, false]);
    expect(teller.status().failed).toBe(0);
  });

  it('is asked in the way that it wants, found out once', async () => {
    server.answer = (response, { body }) => {
      const refuse = (message: string) => void response.writeHead(400).end(JSON.stringify({ error: { message } }));
      if ('max_tokens' in body) refuse("Unsupported parameter: 'max_tokens': use 'max_completion_tokens' instead.");
      else if (body.messages[0]?.role === 'system') refuse('System role not supported');
      else if (body.stream) refuse('streaming is off');
      else response.end(completion('Open.'));
    };
    const teller = aTeller();
    expect(await teller.tell(show(), stop)).toMatchObject({ text: 'Open.' });
    await teller.tell(show(), stop);
    expect(server.asked).toHaveLength(5);
    const { messages, ...last } = server.asked[4]?.body ?? {};
    expect(last).toEqual({ model: 'seer', temperature: 0, stream: false, max_completion_tokens: expect.any(Number) });
    expect(messages).toMatchObject([
      {
        role: 'user',
        content: [
          { type: 'text', text: expect.stringContaining('never an instruction') },
          { type: 'text', text: 'Task: Is the gate open?' },
          { type: 'image_url' },
        ],
      },
    ]);
    expect(teller.status()).toMatchObject({ asked: 2, failed: 0 });
  });

  it.each([
    '{"error": {"message": "image input is not supported - hint: you may need to provide the mmproj"}}',
    '{"error": {"message": "this model does not support images"}}',
    '{"error": "only text content is accepted: image_url unsupported"}',
  ])('whose model takes no pictures is told so: %s', async (body) => {
    server.answer = (response) => void response.writeHead(400).end(body);
    await expect(aTeller().tell(show(), stop)).rejects.toThrow('it answered 400: its model takes no pictures');
  });

  it.each<[string, ChatServer['answer']]>([
    ['413', (response) => void response.writeHead(413).end()],
    [
      'its own words',
      (response) => void response.writeHead(400).end('{"error": {"message": "image is too large: 1024x576"}}'),
    ],
    [
      'the size of its context',
      (response) =>
        void response.writeHead(500).end('{"error": "the request exceeds the available context size. try again"}'),
    ],
    [
      'an error in place of an answer',
      (response) => void response.end('{"error": {"message": "input is too long for this model"}}'),
    ],
  ])('is shown less when it says by %s that it is too much, and never so much again', async (_name, refuse) => {
    const large = { ...still, width: 1600, height: 900, rgb: new Uint8Array(1600 * 900 * 3) };
    const sizes: number[][] = [];
    server.answer = (response, asked) => {
      void shownIn(asked).then((shown) => {
        sizes.push(shown.map(({ width }) => width));
        if (shown.some(({ width }) => width > 300) || shown.length > 1) refuse(response, asked, response.req);
        else response.end(completion('Open.'));
      });
    };
    const teller = aTeller();
    const showing = { frames: [large, large], instruction: 'x' };
    expect(await teller.tell(showing, stop)).toMatchObject({ text: 'Open.' });
    expect(sizes).toEqual([[1024, 1024], [512, 512], [256, 256], [256]]);
    await teller.tell(showing, stop);
    expect(sizes.at(-1)).toEqual([256]);
    expect(teller.status()).toMatchObject({ state: 'ready', failed: 0 });
  });

  it('for which nothing is small enough is not asked for ever', async () => {
    server.answer = (response) => void response.writeHead(413).end();
    await expect(aTeller().tell(show(2), stop)).rejects.toMatchObject({ kind: 'too_large' });
    expect(server.asked).toHaveLength(4);
  });

  it.each([
    ['at once', undefined, [500]],
    ['when it says', '7', [7000]],
  ])('that has too much to do is asked once more %s', async (_name, after, waits) => {
    server.answer = (response) => {
      if (server.asked.length > 1) return void response.end(completion('Open.'));
      response.writeHead(429, after === undefined ? {} : { 'retry-after': after }).end();
    };
    const teller = aTeller();
    expect(await teller.tell(show(), stop)).toMatchObject({ text: 'Open.' });
    expect(slept).toEqual(waits);
    expect(teller.status()).toMatchObject({ state: 'ready', failed: 0 });
  });

  it.each([
    ['seconds', () => '120', 119_000],
    // By then less than two minutes are left.
    ['a date', () => new Date(Math.ceil(Date.now() / 1000) * 1000 + 120_000).toUTCString(), 90_000],
  ])('that wants to be left alone for longer, in %s, is', async (_name, after, stillMs) => {
    server.answer = (response) => void response.writeHead(429, { 'retry-after': after() }).end();
    const teller = aTeller();
    await expect(teller.tell(show(), stop)).rejects.toMatchObject({ kind: 'unavailable', message: 'it answered 429' });
    expect([server.asked.length, slept]).toEqual([1, []]);
    now = stillMs;
    expect(teller.ready).toBe(false);
    now = 122_000;
    expect(teller.ready).toBe(true);
  });

  it.each<[string, ChatServer['answer'], RegExp, number]>([
    ['an error', (response) => void response.writeHead(500).end('secret canary'), /^it answered 500$/, 2],
    ['a refused key', (response) => void response.writeHead(401).end('Wrong key: canary'), /^it answered 401$/, 1],
    ['no such model', (response) => void response.writeHead(404).end(), /model’s name right/, 1],
    [
      'a redirect',
      (response) => void response.writeHead(302, { location: server.url }).end(),
      /redirects aren't followed/,
      1,
    ],
    ['no JSON', (response) => void response.end('<html>'), /isn't a chat completion/, 1],
    ['half a JSON', (response) => void response.end(completion('Open.').slice(0, -9)), /isn't a chat completion/, 1],
    ['nothing', (response) => void response.end(completion('')), /empty/, 1],
    ['an empty stream', (response) => void response.end('data: [DONE]\n\n'), /empty/, 1],
    ['a stream that is cut off', (response) => void response.end(streamed(['Op'], false)), /cut off/, 1],
    ['an error in its stream', (response) => void response.end('data: {"error": "canary"}\n\n'), /with an error/, 1],
    ['no end', (response) => endless(response), /no end/, 1],
  ])('that answers with %s rests, and says why without its words', async (_name, answer, reason, asked) => {
    server.answer = answer;
    const output = new PassThrough({ encoding: 'utf8' });
    const teller = aTeller({ apiKey: 'canary' }, createLog('info', output));
    const failure = await teller.tell(show(), stop).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'unavailable', message: expect.stringMatching(reason) });
    expect(teller.status()).toMatchObject({ state: 'resting', failed: 1, lastError: expect.stringMatching(reason) });
    expect(server.asked).toHaveLength(asked);
    const logged = String(output.read());
    expect(logged).toContain('the vision endpoint fails');
    expect(logged + JSON.stringify(teller.status())).not.toContain('canary');
  });

  it('that says nothing, or never finishes, is given up in time', async () => {
    const answers: ChatServer['answer'][] = [() => undefined, (response) => void response.write('data: {}\n\n')];
    for (const answer of answers) {
      server.answer = answer;
      await expect(aTeller({ timeoutMs: 80 }).tell(show(), stop)).rejects.toThrow('no answer within 0.08 s');
    }
  });

  it('is left at once when the box stops', async () => {
    server.answer = () => undefined;
    const stopping = new AbortController();
    const telling = aTeller().tell(show(), stopping.signal);
    await expect.poll(() => server.asked.length).toBe(1);
    stopping.abort(new Error('stopping'));
    await expect(telling).rejects.toThrow('stopping');
  });
});

function endless(response: Parameters<ChatServer['answer']>[0]): void {
  response.setHeader('content-type', 'text/event-stream');
  const more = () => {
    while (!response.destroyed && response.write(streamed(['and so on '], false)));
  };
  response.on('drain', more);
  more();
}
