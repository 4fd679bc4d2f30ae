import { describe, expect, it } from 'vitest';
import type { Word } from '#domain';
import { type SpeechSpec, speechSegments } from '#sampling';

/** Words of 300 ms, half a second apart; a number is a pause of so many seconds. */
function spoken(...parts: (string | number)[]): Word[] {
  const words: Word[] = [];
  let atMs = 0;
  for (const part of parts) {
    if (typeof part === 'number') atMs += part * 1000;
    else
      for (const text of part.split(' ')) {
        words.push({ text, startMs: atMs, endMs: atMs + 300 });
        atMs += 500;
      }
  }
  return words;
}

const texts = (words: Word[], spec: SpeechSpec, complete = true) =>
  speechSegments(words, spec, complete).map(({ text }) => text);

describe('words', () => {
  it('come in groups of so many, the rest when nothing more comes', () => {
    const words = spoken('one two three four five');
    const spec = { segmenter: 'word', value: 2 } as const;
    expect(texts(words, spec)).toEqual(['one two', 'three four', 'five']);
    expect(texts(words, spec, false)).toEqual(['one two', 'three four']);
    expect(texts(words.slice(0, 4), spec, false)).toEqual(['one two', 'three four']);
    expect(speechSegments(words, spec, false)[1]).toMatchObject({ startMs: 1000, endMs: 1800 });
  });

  it('never come together over half a minute of silence', () => {
    const spec = { segmenter: 'word', value: 3 } as const;
    expect(texts(spoken('help me', 40, 'good morning all of you'), spec)).toEqual([
      'help me',
      'good morning all',
      'of you',
    ]);
    expect(texts(spoken('help me', 40, 'good'), spec, false)).toEqual(['help me']);
    expect(texts(spoken('help me', 20, 'good'), spec, false)).toEqual(['help me good']);
  });

  it('may come with spaces around them, and end in any order', () => {
    const words = [
      { text: ' Hello', startMs: 0, endMs: 900 },
      { text: ' there ', startMs: 500, endMs: 600 },
    ];
    expect(speechSegments(words, { segmenter: 'word', value: 2 }, true)).toEqual([
      { startMs: 0, endMs: 900, text: 'Hello there', words },
    ]);
  });
});

describe('sentences', () => {
  const spec = { segmenter: 'sentence', value: 1 } as const;

  it('end at their marks, not at abbreviations and numbers', () => {
    const words = spoken('Dr. Smith paid 3.5 dollars. "Really?" Yes! And then');
    expect(texts(words, spec)).toEqual(['Dr. Smith paid 3.5 dollars.', '"Really?"', 'Yes!', 'And then']);
    expect(texts(words, spec, false)).toEqual(['Dr. Smith paid 3.5 dollars.', '"Really?"', 'Yes!']);
  });

  it.each([
    ['Come at 5 p.m. tomorrow', 1],
    ['It is, e.g. here', 1],
    ['("Mr. Brown" came.)', 1],
    ['Did you? No. Yes.', 3],
    ['Wait… what', 2],
    ['你好。 再见！', 2],
  ])('%s: %i', (text, count) => {
    expect(texts(spoken(text), spec)).toHaveLength(count);
    const spaced = spoken(text).map((word) => ({ ...word, text: ` ${word.text}` }));
    expect(texts(spaced, spec)).toHaveLength(count);
  });

  it('end at a long pause when nobody wrote a mark', () => {
    expect(texts(spoken('so it goes', 3, 'and on'), spec)).toEqual(['so it goes', 'and on']);
    expect(texts(spoken('so it goes', 1, 'and on'), spec)).toEqual(['so it goes and on']);
  });

  it('come in groups of several', () => {
    expect(texts(spoken('A bee. C dee. E eff. G'), { segmenter: 'sentence', value: 2 })).toEqual([
      'A bee. C dee.',
      'E eff. G',
    ]);
  });
});

describe('time', () => {
  it('spans whole stretches of the clock, leaves out silent ones and the one that goes on', () => {
    const words = spoken('a b c', 20, 'd e');
    const spec = { segmenter: 'time', value: 10 } as const;
    expect(speechSegments(words, spec, true).map(({ startMs, endMs, text }) => [startMs, endMs, text])).toEqual([
      [0, 10_000, 'a b c'],
      [20_000, 30_000, 'd e'],
    ]);
    expect(texts(words, spec, false)).toEqual(['a b c']);
  });

  it('may be of any length', () => {
    const spec = { segmenter: 'time', value: 1.0004 } as const;
    const all = speechSegments(spoken('a b c d e'), spec, true);
    expect(all.map(({ startMs, endMs, text }) => [startMs, endMs, text])).toEqual([
      [0, 1000, 'a b'],
      [1000, 2000, 'c d'],
      [2000, 3000, 'e'],
    ]);
  });

  it('takes an hour of talk in its stride', () => {
    const words = Array.from({ length: 200_000 }, (_, i) => ({ text: 'so', startMs: i * 10, endMs: i * 10 + 9 }));
    expect(speechSegments(words, { segmenter: 'time', value: 3600 }, true)[0]?.words).toHaveLength(200_000);
    expect(speechSegments(words, { segmenter: 'word', value: 1e6 }, true)[0]?.endMs).toBe(1_999_999);
  });
});

it.each(['word', 'sentence', 'time'] as const)('gives nothing for nothing (%s)', (segmenter) => {
  expect(speechSegments([], { segmenter, value: 5 }, true)).toEqual([]);
  expect(speechSegments([], { segmenter, value: 5 }, false)).toEqual([]);
});
