import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId, type SceneIndex, type Stream, type TranscriptExtraction } from '#domain';
import { AudioIndexer } from '#pipeline';
import { type Clock, createLog, systemClock } from '#runtime';
import { Store } from '#store';

const T0 = Date.UTC(2026, 0, 15, 12);
const log = createLog('silent');
let dir: string;
let store: Store;
let now: number;
const clock: Clock = { ...systemClock, nowMs: () => now };

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'wp-audio-'));
  now = T0;
  store = await Store.open(dir, { clock, log });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

function aStream(): Stream {
  const stream: Stream = {
    id: newId('stream'),
    collectionId: 'default',
    name: 'Shop',
    url: 'rtsp://127.0.0.1/shop',
    mediaTypes: ['audio'],
    sampleRate: 30,
    store: true,
    transcription: { wanted: true, engine: 'default', changedMs: T0 },
    transport: 'tcp',
    zones: [],
    wanted: 'connected',
    origin: 'api',
    createdMs: T0,
  };
  store.streams.create(stream);
  return stream;
}

function anIndex(streamId: string, extraction: Omit<TranscriptExtraction, 'type'>, resumedMs = T0): SceneIndex {
  const index: SceneIndex = {
    id: newId('index'),
    streamId,
    name: 'Talk',
    prompt: 'Summarize',
    extraction: { type: 'transcript', ...extraction },
    extractionConfig: {},
    modelName: 'basic',
    modelConfig: {},
    status: 'running',
    resumedMs,
    createdMs: resumedMs,
  };
  store.indexes.create(index);
  return index;
}

/** Words of 400 ms, half a second apart, from so many seconds on. */
function say(streamId: string, atS: number, text: string): void {
  const words = text.split(' ').map((word, i) => {
    const startMs = T0 + atS * 1000 + i * 500;
    return { text: word, startMs, endMs: startMs + 400 };
  });
  const [first, last] = [words[0], words.at(-1)];
  if (first && last) store.transcripts.add({ streamId, startMs: first.startMs, endMs: last.endMs, text, words });
}

const told = (index: SceneIndex) =>
  store.scenes
    .page(index.id, { page: 1, pageSize: 100 })
    .scenes.reverse()
    .map(({ text }) => text);

/** A fresh indexer, as after a restart, that looks once. */
async function look(): Promise<number> {
  await using indexer = await AudioIndexer.start({ store, clock, log }, new AbortController().signal);
  return indexer.runOnce();
}

describe('an audio index', () => {
  it('makes a scene of every so many words, over restarts, without repeating or losing one', async () => {
    const { id } = aStream();
    const index = anIndex(id, { segmenter: 'word', value: 3 });
    say(id, 1, 'one two three four');
    await look();
    expect(told(index)).toEqual(['one two three']);
    await look();
    say(id, 10, 'five six seven eight');
    await look();
    expect(told(index)).toEqual(['one two three', 'four five six']);
    expect(store.scenes.latest(index.id)).toMatchObject({ startMs: T0 + 2500, endMs: T0 + 10_900 });
    expect(store.scenes.latest(index.id)?.facts).toBeUndefined();
  });

  it('makes scenes of sentences, for several indexes at once', async () => {
    const { id } = aStream();
    const [one, two] = [1, 2].map((value) => anIndex(id, { segmenter: 'sentence', value }));
    if (!one || !two) throw new Error('two indexes');
    say(id, 1, 'Good morning. How are you? I am');
    await look();
    expect([told(one), told(two)]).toEqual([['Good morning.', 'How are you?'], ['Good morning. How are you?']]);
  });

  it('makes a scene of a stretch of time when it is surely over, and says when that is', async () => {
    const { id } = aStream();
    const index = anIndex(id, { segmenter: 'time', value: 10 });
    say(id, 1, 'good morning');
    now = T0 + 12_000;
    expect(await look()).toBeLessThanOrEqual(13_001);
    expect(told(index)).toEqual([]);
    now = T0 + 25_000;
    await look();
    expect(told(index)).toEqual(['good morning']);
    say(id, 9.8, 'late word');
    now = T0 + 60_000;
    await look();
    expect(told(index)).toEqual(['good morning', 'word']);
  });

  it('never has words from before it was started or while it was stopped', async () => {
    const { id } = aStream();
    const index = anIndex(id, { segmenter: 'word', value: 2 }, T0 + 5000);
    say(id, 1, 'too early');
    say(id, 6, 'right now');
    await look();
    expect(told(index)).toEqual(['right now']);
    store.indexes.update(index.id, { status: 'stopped' });
    say(id, 20, 'nobody listens');
    await look();
    store.indexes.update(index.id, { status: 'running', resumedMs: T0 + 30_000 });
    say(id, 31, 'again here');
    await look();
    expect(told(index)).toEqual(['right now', 'again here']);
  });

  it('is woken when something is said', async () => {
    const { id } = aStream();
    const index = anIndex(id, { segmenter: 'word', value: 2 });
    await using _indexer = await AudioIndexer.start({ store, clock, log }, new AbortController().signal);
    const scene = new Promise<void>((resolve) => {
      store.journal.onAppend(() => {
        if (store.journal.after(0, 10, ['scene']).length > 0) resolve();
      });
    });
    say(id, 1, 'hello there');
    await scene;
    expect(told(index)).toEqual(['hello there']);
  });
});
