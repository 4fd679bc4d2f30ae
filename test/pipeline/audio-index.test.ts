import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId, RECORD_ALL, type SceneIndex, type Stream, type TranscriptExtraction } from '#domain';
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
    recording: RECORD_ALL,
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

/** Words with their times in seconds. */
function sayWords(streamId: string, words: [text: string, startS: number, endS: number][]): void {
  const at = words.map(([text, startS, endS]) => ({ text, startMs: T0 + startS * 1000, endMs: T0 + endS * 1000 }));
  const startMs = Math.min(...at.map((word) => word.startMs));
  const endMs = Math.max(...at.map((word) => word.endMs));
  store.transcripts.add({ streamId, startMs, endMs, text: at.map(({ text }) => text).join(' '), words: at });
}

/** A fresh indexer over a store that was opened anew, as after a restart, that looks once. */
async function look(): Promise<number> {
  await store[Symbol.asyncDispose]();
  store = await Store.open(dir, { clock, log });
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

  it('takes the words of recognisers that lets them last no time, overlap or run astray', async () => {
    const { id } = aStream();
    const index = anIndex(id, { segmenter: 'word', value: 2 });
    sayWords(id, [
      ['a', 1, 2],
      ['b', 1.5, 2],
      ['c', 2, 2],
      ['d', 2, 2],
      ['e', 2, 1.9],
    ]);
    await look();
    sayWords(id, [
      ['f', 2.5, 3],
      ['g', 3, 3],
    ]);
    await look();
    sayWords(id, [['h', 3, 3.1]]);
    await look();
    expect(told(index)).toEqual(['a b', 'c d', 'e f', 'g h']);
    const words = [{ text: 'i', startMs: T0 + 4000, endMs: T0 + 9_999_000 }];
    store.transcripts.add({ streamId: id, startMs: T0 + 4000, endMs: T0 + 4500, text: 'i', words });
    say(id, 5, 'j');
    await look();
    expect(told(index).at(-1)).toBe('i j');
    expect(store.scenes.latest(index.id)).toMatchObject({ startMs: T0 + 4000, endMs: T0 + 5400 });
  });

  it('tells what was said before a long silence without waiting for more', async () => {
    const { id } = aStream();
    const index = anIndex(id, { segmenter: 'word', value: 10 });
    const sentences = anIndex(id, { segmenter: 'sentence', value: 1 });
    say(id, 1, 'help me');
    now = T0 + 46_000;
    expect(await look()).toBe(900);
    expect(told(index)).toEqual([]);
    now += 900;
    expect(await look()).toBe(60_000);
    expect([told(index), told(sentences)]).toEqual([['help me'], ['help me']]);
    say(id, 3600, 'good morning all of you, how are you doing then');
    await look();
    expect(told(index)).toEqual(['help me', 'good morning all of you, how are you doing then']);
  });

  it('waits for words that are written down long after they were spoken', async () => {
    const { id } = aStream();
    const index = anIndex(id, { segmenter: 'time', value: 60 });
    await using indexer = await AudioIndexer.start({ store, clock, log }, new AbortController().signal);
    const later = (atS: number, spokenS: number, text: string) => {
      now = T0 + atS * 1000;
      say(id, spokenS, text);
      return indexer.runOnce();
    };
    expect(later(100, 2, 'first')).toBe(15_000);
    expect(later(114, 40, 'second')).toBe(15_000);
    expect(told(index)).toEqual([]);
    later(128, 61, 'third');
    expect(told(index)).toEqual(['first second']);
  });

  it.each([
    [{ segmenter: 'time', value: 10 }, [], ['first then', 'much later.']],
    // What a silence ends is told at once: someone who still speaks behind it begins a scene of their own.
    [{ segmenter: 'word', value: 10 }, ['first'], ['first', 'then', 'much later.']],
    [{ segmenter: 'sentence', value: 1 }, ['first'], ['first', 'then', 'much later.']],
  ] as const)('waits for what is still to be written down: %j', async (extraction, meanwhile, atLast) => {
    const { id } = aStream();
    const index = anIndex(id, extraction);
    let unwritten: number | undefined = T0 + 3000;
    const deps = { store, clock, log, unwrittenFromMs: () => unwritten };
    await using indexer = await AudioIndexer.start(deps, new AbortController().signal);
    const look = (atS: number) => {
      now = T0 + atS * 1000;
      return indexer.runOnce();
    };
    say(id, 1, 'first');
    say(id, 70, 'much later.');
    for (const atS of [80, 160, 600]) {
      expect(look(atS)).toBe(2000);
      expect(told(index)).toEqual(meanwhile);
    }
    say(id, 4, 'then');
    unwritten = undefined;
    look(700);
    look(800);
    expect(told(index)).toEqual(atLast);
    // Nothing was understood of what came last: no transcript tells that it is written.
    say(id, 780, 'the end');
    unwritten = T0 + 781_000;
    look(801);
    expect(look(900)).toBe(2000);
    unwritten = undefined;
    look(902);
    expect(told(index)).toEqual([...atLast, 'the end']);
  });

  it('is tried again when it could not be written, and holds up no other', async () => {
    const [one, two] = [aStream(), aStream()];
    const broken = anIndex(one.id, { segmenter: 'word', value: 1 });
    const others = [anIndex(one.id, { segmenter: 'word', value: 1 }), anIndex(two.id, { segmenter: 'word', value: 1 })];
    using db = Object.assign(new Database(join(dir, 'watchpost.db')), {
      [Symbol.dispose]() {
        db.close();
      },
    });
    db.exec(`CREATE TRIGGER broken BEFORE INSERT ON scenes WHEN NEW.index_id = '${broken.id}'
      BEGIN SELECT RAISE(ABORT, 'no room'); END`);
    await using indexer = await AudioIndexer.start({ store, clock, log }, new AbortController().signal);
    for (const { id } of [one, two]) say(id, 1, 'hello');
    expect(indexer.runOnce()).toBe(5000);
    expect([broken, ...others].map(told)).toEqual([[], ['hello'], ['hello']]);
    db.exec('DROP TRIGGER broken');
    now += 5000;
    indexer.runOnce();
    expect([broken, ...others].map(told)).toEqual([['hello'], ['hello'], ['hello']]);
  });

  it('goes on behind what was said, whatever sounds are told meanwhile', async () => {
    const { id } = aStream();
    const index = anIndex(id, { segmenter: 'word', value: 2 });
    const times = { startMs: T0 + 30_000, endMs: T0 + 31_000 };
    const sound = { sounds: [], levelDb: -20 };
    store.scenes.add({ streamId: id, indexId: index.id, ...times, text: 'a dog barks', sound }, new Float32Array(), '');
    say(id, 5, 'hello there');
    await look();
    expect(told(index)).toEqual(['hello there', 'a dog barks']);
  });

  it('may go with its stream while words wait', async () => {
    const { id } = aStream();
    anIndex(id, { segmenter: 'time', value: 10 });
    await using indexer = await AudioIndexer.start({ store, clock, log }, new AbortController().signal);
    say(id, 1, 'hello');
    indexer.runOnce();
    store.streams.delete(id);
    now = T0 + 60_000;
    expect(indexer.runOnce()).toBe(60_000);
  });

  it('leaves indexes over pictures alone', async () => {
    const { id } = aStream();
    const index = anIndex(id, { segmenter: 'word', value: 1 });
    const pictures = { ...index, id: newId('index'), extraction: { type: 'time', seconds: 1, frameCount: 1 } as const };
    store.indexes.create(pictures);
    say(id, 1, 'hello');
    await look();
    expect([told(index), told(pictures)]).toEqual([['hello'], []]);
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
