import { describe, expect, it } from 'vitest';
import type { Word } from '#domain';
import { Summaries } from '#pipeline';
import { Fault } from '#runtime';

const TALK =
  'Good morning everyone. The delivery came late again. We waited for two hours at the gate. The weather was fine. ' +
  'Who has the key for the cold store? Please call the supplier tomorrow. They owe us forty dollars. That is all.';

function segment(text: string) {
  const words = text.split(' ').map((word, i): Word => ({ text: word, startMs: i * 300, endMs: i * 300 + 250 }));
  return { startMs: 0, endMs: words.length * 300, text, words };
}

const extracted = (prompt: string, text = TALK) => new Summaries().extract(segment(text), prompt)?.text;

describe('an extract', () => {
  it('says that it is one, and has as many sentences as the prompt wants, in their order', () => {
    const summary = new Summaries().extract(segment(TALK), 'Summarize what is said');
    expect(summary?.by).toBe('extractive');
    const sentences = (text = '') => text.split('…').join(' ').match(/[.?!]/g)?.length;
    expect(sentences(summary?.text)).toBe(2);
    expect(sentences(extracted('Summarize in one sentence'))).toBe(1);
    expect(sentences(extracted('Give me 3 sentences'))).toBe(3);
    const all = extracted('Give me 7 sentences about the delivery')?.split('… ').join('') ?? '';
    const at = all.split(/(?<=[.?!]) /).map((sentence) => TALK.indexOf(sentence));
    expect(at).toEqual([...at].sort((a, b) => a - b));
  });

  it.each([
    ['Summarize in one sentence what is said about the delivery', 'The delivery came late again.'],
    ['List the questions that are asked, in one sentence', 'Who has the key for the cold store?'],
    ['In one sentence: the action items', 'Please call the supplier tomorrow.'],
    ['One sentence on the weather', 'The weather was fine.'],
    ['One sentence: amounts of dollars', 'They owe us forty dollars.'],
  ])('follows the prompt %j', (prompt, text) => {
    expect(extracted(prompt)).toBe(text);
  });

  it('marks what it leaves out between its sentences', () => {
    expect(extracted('Two sentences: the cold store, the dollars')).toBe(
      'Who has the key for the cold store? … They owe us forty dollars.',
    );
  });

  it('is not made where there is nothing to leave out, or where the words are wanted', () => {
    expect(extracted('Summarize', 'Hello there. Good bye.')).toBeUndefined();
    for (const prompt of [
      '',
      'Describe the scene',
      'Transcribe.',
      'transcript',
      'What is said',
      'Write down what is said',
      'Index the spoken words',
    ]) {
      expect(extracted(prompt)).toBeUndefined();
    }
  });
});

describe('summaries', () => {
  const stop = new AbortController().signal;
  const writer = (name: 'endpoint' | 'local', write: () => Promise<string>, ready = true) => ({
    name,
    ready,
    write,
    status: () => ({ name, state: 'ready' as const, model: 'tiny', asked: 0, failed: 0 }),
  });

  it('are written by the first writer that can, at last by none', async () => {
    const broken = writer('endpoint', () => Promise.reject(new Fault('unavailable', 'away')));
    const resting = writer('endpoint', () => Promise.reject(new Error('was asked')), false);
    const local = writer('local', async () => 'By the box.');
    const write = (...writers: ConstructorParameters<typeof Summaries>) =>
      new Summaries(...writers).write(segment(TALK), 'Summarize', stop);
    expect(await write([broken, local])).toEqual({ text: 'By the box.', by: 'local' });
    expect(await write([resting, local])).toEqual({ text: 'By the box.', by: 'local' });
    expect(await write([broken, resting])).toMatchObject({ by: 'extractive' });
    expect(await new Summaries([broken]).write(segment('Hello there.'), 'Summarize', stop)).toBeUndefined();
  });

  it('ask nobody for the words themselves', async () => {
    const local = writer('local', () => Promise.reject(new Error('was asked')));
    const summaries = new Summaries([local]);
    expect(summaries.asks('Describe the scene')).toBe(false);
    expect(summaries.asks('Summarize')).toBe(true);
    expect(new Summaries().asks('Summarize')).toBe(false);
    expect(new Summaries([{ ...local, ready: false }]).asks('Summarize')).toBe(false);
    expect(await summaries.write(segment(TALK), 'Describe the scene', stop)).toBeUndefined();
  });

  it('end with the box', async () => {
    const stopping = AbortSignal.abort(new Error('stopping'));
    const local = writer('local', () => Promise.reject(new Error('aborted')));
    await expect(new Summaries([local]).write(segment(TALK), 'Summarize', stopping)).rejects.toThrow('stopping');
  });
});
