import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Recognition } from '#inference';
import { type Ears, earsWith, noise } from './audio.ts';
import { type TinyWhisper, writeWhisper } from './tiny-ears.ts';

// Each starts processes of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000 });

const never = () => new AbortController().signal;
const patient = { timeout: 60_000, interval: 20 };
const END = '<|endoftext|>';
const says = ['<|0.10|>', ' hello', ' world', '.', '<|1.00|>', END];
const second = noise(16_000, 3000);

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-recognise-'));
});
afterAll(() => rm(dir, { recursive: true }));

async function speaking(facts: TinyWhisper): Promise<Ears> {
  const ears = await earsWith([await writeWhisper(join(dir, 'whisper-tiny'), facts)]);
  await vi.waitFor(() => expect(ears.listening.status().speech.state).toBe('ready'), patient);
  return ears;
}

async function recognised(facts: TinyWhisper, samples: Int16Array = second, language?: string): Promise<Recognition> {
  await using ears = await speaking(facts);
  return await ears.listening.recognise(samples, language === undefined ? {} : { language }, never());
}

describe('words and their times', () => {
  it('spreads the words of a segment by their length where the model tells no more', async () => {
    const { words, text } = await recognised({ says: ['<|0.10|>', ' hello', ' you', '<|0.90|>', END] });
    expect(text).toBe('hello you');
    expect(words).toEqual([
      { text: 'hello', startMs: 100, endMs: 600 },
      { text: 'you', startMs: 600, endMs: 900 },
    ]);
  });

  it('puts words where the model looked when it wrote them', async () => {
    const looks = { '<|0.10|>': 0.1, ' hello': 0.2, ' world': 0.5, '.': 0.8, '<|1.00|>': 1, [END]: 1 };
    const { words, text } = await recognised({ says, looks });
    expect(text).toBe('hello world.');
    expect(words.map((word) => word.text)).toEqual(['hello', 'world.']);
    const [hello, world] = words;
    expect(hello?.endMs).toBe(world?.startMs);
    expect(world?.startMs).toBeGreaterThanOrEqual(200);
    expect(world?.startMs).toBeLessThanOrEqual(500);
    expect(world?.endMs).toBeLessThanOrEqual(1000);
  });

  it('never puts a word beyond the sound, nor before the word before it', async () => {
    const { words } = await recognised({ says: ['<|0.10|>', ' hello', ' you', '<|2.00|>', END] }, noise(8000, 3000));
    expect(words.map(({ endMs }) => endMs).every((endMs) => endMs <= 500)).toBe(true);
    expect(words.every(({ startMs, endMs }) => endMs >= startMs)).toBe(true);
  });

  it('listens again from where the model broke off', async () => {
    const broken = ['<|0.10|>', ' hello', '<|0.50|>', '<|0.60|>', ' world', END];
    const { words, text } = await recognised({ says: broken }, noise(32_000, 3000));
    // From 0 and from 0.5 s; then less than a second is left, and the unfinished segment has to do.
    expect(text).toBe('hello hello hello world');
    expect(words.map(({ startMs }) => startMs)).toEqual([100, 600, 1100, 1600]);
  });

  it('takes a whole window, and no more', async () => {
    await using ears = await speaking({ says });
    expect(ears.listening.longestMs).toBe(0);
    expect((await ears.listening.recognise(noise(32_000, 3000), {}, never())).text).toBe('hello world.');
    await expect(ears.listening.recognise(noise(32_001, 3000), {}, never())).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching('more than whisper-tiny hears at once'),
    });
    const minutes = new Int16Array(16_000 * 600);
    await expect(ears.listening.recognise(minutes, {}, never())).rejects.toMatchObject({ kind: 'invalid' });
  });
});

describe('the language', () => {
  it('is the one that the model hears', async () => {
    expect((await recognised({ says, hears: '<|de|>' })).language).toBe('de');
    expect((await recognised({ says, hears: '<|en|>' })).language).toBe('en');
  });

  it('is the one that is asked for, where the model knows it', async () => {
    expect((await recognised({ says, hears: '<|de|>' }, second, 'en')).language).toBe('en');
    expect((await recognised({ says, hears: '<|de|>' }, second, 'xx')).language).toBe('de');
  });

  it('is English for a model that knows no other, whatever is asked for', async () => {
    expect(await recognised({ says, englishOnly: true }, second, 'de')).toMatchObject({
      language: 'en',
      text: 'hello world.',
    });
  });
});

describe('what a model makes up', () => {
  it('is not asked for in silence, nor in next to nothing', async () => {
    const nothing = { text: '', words: [], confidence: 0, noSpeech: 1 };
    // A model that can't be asked without an error.
    await using ears = await speaking({ says, poison: '<|transcribe|>' });
    for (const samples of [new Int16Array(0), new Int16Array(100), new Int16Array(16_000), noise(32_000, 20)]) {
      expect(await ears.listening.recognise(samples, {}, never())).toEqual(nothing);
    }
    await expect(ears.listening.recognise(second, {}, never())).rejects.toMatchObject({ kind: 'internal' });
  });

  it('is told by how sure it is', async () => {
    expect((await recognised({ says })).confidence).toBeGreaterThan(0.99);
    const unsure = await recognised({ says, sure: 5 });
    expect(unsure.confidence).toBeGreaterThan(0.3);
    expect(unsure.confidence).toBeLessThan(0.9);
  });

  it('is left out where it hears no speech and is unsure', async () => {
    expect((await recognised({ says, noSpeech: 0.7 })).text).toBe('hello world.');
    expect((await recognised({ says, sure: 2.5 })).text).not.toBe('');
    expect(await recognised({ says, noSpeech: 0.7, sure: 2.5 })).toMatchObject({ text: '', words: [], confidence: 0 });
  });

  it('is left out where it is what subtitles say', async () => {
    const thanks = ['<|0.10|>', ' thank', ' you', '.', '<|1.00|>', END];
    expect((await recognised({ says: thanks })).text).toBe('thank you.');
    expect((await recognised({ says: thanks, noSpeech: 0.4 })).text).toBe('');
  });

  it('is cut where it says the same for ever', async () => {
    const loop = await recognised({ says: ['<|0.10|>', ' hello', ' world', ' you', ' again', ' world'] });
    expect(loop.text).toBe('hello world you again');
    expect(loop.confidence).toBeLessThan(0.3);
  });

  it('costs no memory in the long run', async () => {
    await using ears = await speaking({
      says: ['<|0.10|>', ' hello', ' world', ' you', ' again', ' world'],
      looks: {},
    });
    const rssMb = async (times: number) => {
      for (let i = 0; i < times; i++) await ears.listening.recognise(noise(32_000, 3000), {}, never());
      return ears.listening.status().speech.rssMb ?? expect.fail('no process');
    };
    const before = await rssMb(30);
    expect((await rssMb(60)) - before).toBeLessThan(40);
  });
});
