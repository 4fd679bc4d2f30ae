/** What audio indexes make of speech by their prompts, with a server that writes, and without. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { AudioIndexer, EndpointWriter, Summaries } from '#pipeline';
import { createLog, systemClock } from '#runtime';
import { Store } from '#store';
import { aCamera, anIndex } from '../store/fixture.ts';
import { type ChatServer, completion, startChatServer } from './summaries/chat-server.ts';

const log = createLog('silent');
const clock = systemClock;
const SENTENCE = { type: 'transcript', segmenter: 'sentence', value: 1 } as const;
const FIVE = { ...SENTENCE, value: 5 };

let dir: string;
let store: Store;
let server: ChatServer;
let streamId: string;
let startMs: number;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'wp-summaries-'));
  store = await Store.open(dir, { clock, log });
  server = await startChatServer();
  streamId = aCamera(store).stream.id;
  startMs = Date.now() - 60_000;
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

function index(prompt: string, extraction: typeof SENTENCE | typeof FIVE = SENTENCE) {
  const made = anIndex(streamId, { prompt, extraction, resumedMs: 0, createdMs: 0 });
  store.indexes.create(made);
  return made.id;
}

function say(atS: number, text: string): void {
  const words = text.split(' ').map((word, i) => {
    const from = startMs + atS * 1000 + i * 300;
    return { text: word, startMs: from, endMs: from + 250 };
  });
  const [first, last] = [words[0], words.at(-1)];
  if (first && last) store.transcripts.add({ streamId, startMs: first.startMs, endMs: last.endMs, text, words });
}

function indexer(timeoutMs = 10_000) {
  const writer = new EndpointWriter({ url: server.url, model: 'tiny', clock, log, timeoutMs });
  return AudioIndexer.start({ store, clock, log, summaries: new Summaries([writer]) }, new AbortController().signal);
}

const scenes = (id: string) => store.scenes.page(id, { page: 1, pageSize: 100 }).scenes.reverse();
const found = async (text: string) => {
  const hits = await store.scenes.search({ text, vector: embedText(text), model: TEXT_EMBEDDING.model, limit: 5 });
  return hits.map(({ scene }) => scene.text);
};

it('writes what the prompt asks for, keeps what was said beside it, and finds it by either', async () => {
  const mood = index('Classify the mood in one word');
  server.answer = (response, { body }) => {
    const [, user] = body.messages;
    void response.end(completion(user?.content.includes('wonderful') ? 'cheerful' : 'worried'));
  };
  await using _indexer = await indexer();
  say(1, 'This is wonderful. I lost my wallet.');
  await expect.poll(() => scenes(mood).map(({ text }) => text)).toEqual(['cheerful', 'worried']);
  expect(scenes(mood)[1]).toMatchObject({ said: { text: 'I lost my wallet.', summary: 'endpoint' } });
  expect(await found('wallet')).toEqual(['worried']);
  expect(await found('cheerful')).toEqual(['cheerful']);
  expect(store.scenes.latestSpoken(mood)?.text).toBe('worried');
});

it('takes what there is when the server fails, and holds up no index that asks for nothing', async () => {
  const waiting: (() => void)[] = [];
  server.answer = (response) => void waiting.push(() => void response.writeHead(500).end());
  const summary = index('Summarize in one sentence what is said about the delivery', FIVE);
  const plain = index('Describe the scene', FIVE);
  await using _indexer = await indexer();
  say(1, 'Good morning. The delivery came late again. The weather is fine. Who has the key? That is all.');
  await expect.poll(() => scenes(plain)).toHaveLength(1);
  expect(scenes(summary)).toEqual([]);
  await expect.poll(() => waiting.length).toBe(1);
  waiting[0]?.();
  await expect.poll(() => scenes(summary).map(({ text }) => text)).toEqual(['The delivery came late again.']);
  expect(scenes(summary)[0]?.said).toMatchObject({ summary: 'extractive' });
  expect(scenes(plain)[0]).not.toHaveProperty('said');
  // While the server rests nobody waits for it.
  say(20, 'Hello again. The delivery is here. It is on the ramp. All is well. Good bye.');
  await expect.poll(() => scenes(summary)).toHaveLength(2);
  expect(server.asked).toHaveLength(1);
});

it('asks for nothing that is long past, and loses nothing when the box stops meanwhile', async () => {
  const mood = index('Classify the mood');
  server.answer = () => undefined;
  startMs -= 600_000;
  say(1, 'That was long ago.');
  startMs += 600_000;
  say(1, 'This is now.');
  {
    await using _indexer = await indexer();
    await expect.poll(() => server.asked.length).toBe(1);
    expect(scenes(mood).map(({ text }) => text)).toEqual(['That was long ago.']);
  }
  expect(scenes(mood)).toHaveLength(1);
  server.answer = (response) => void response.end(completion('calm'));
  await using _next = await indexer();
  await expect.poll(() => scenes(mood).map(({ text }) => text)).toEqual(['That was long ago.', 'calm']);
});

it('writes nothing for an index that was stopped or asked something else meanwhile', async () => {
  const [stopped, changed] = [index('Mood?'), index('Mood?')];
  const answers: (() => void)[] = [];
  server.answer = (response, { body }) => {
    const isNew = body.messages[1]?.content.includes('Topic?');
    if (isNew) void response.end(completion('parcels'));
    else void answers.push(() => response.end(completion('calm')));
  };
  await using _indexer = await indexer();
  say(1, 'Where is my parcel?');
  await expect.poll(() => answers.length).toBe(1);
  store.indexes.update(stopped, { status: 'stopped' });
  store.indexes.update(changed, { prompt: 'Topic?' });
  answers[0]?.();
  await expect.poll(() => answers.length).toBe(2);
  answers[1]?.();
  await expect.poll(() => scenes(changed).map(({ text }) => text)).toEqual(['parcels']);
  expect(scenes(stopped)).toEqual([]);
});
