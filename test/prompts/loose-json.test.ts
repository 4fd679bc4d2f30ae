import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLoosely } from '../../src/prompts/loose-json.ts';

describe('readLoosely', () => {
  it.each([
    ['{"a": 1}', { a: 1 }],
    ['{"a": true/false, "b": "x" | "y"}', { a: 'true/false', b: 'x' }],
    ['{a: <int>, "b": [..., ], c: None}', { a: '<int>', b: ['...'], c: null }],
    ["it's {'who': 'Anna's dog', 'n': 2}", { who: "Anna's dog", n: 2 }],
    ['{"a": "she said "stop" twice", "b": 1}', { a: 'she said "stop" twice', b: 1 }],
    ['{"a": "line\none"}', { a: 'line\none' }],
    ['{"a": {"b": [1, 2, {"c": "d"', { a: { b: [1, 2, { c: 'd' }] } }],
    ['{"a": 1} and {"b": 2}', { a: 1 }],
    ['{"a": "curly } brace"}', { a: 'curly } brace' }],
    ['[1, 2, 3', [1, 2, 3]],
  ])('reads %s', (text, value) => {
    expect(readLoosely(text)).toEqual({ value });
  });

  it('finds nothing where there is neither object nor list', () => {
    expect(readLoosely('no JSON (at all): "a"')).toBeUndefined();
  });

  it('reads back all JSON as it is, also in the middle of words', () => {
    fc.assert(
      fc.property(fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue())), (value) => {
        const text = JSON.stringify(value);
        expect(readLoosely(`Well: ${text}`)).toEqual({ value: JSON.parse(text) });
      }),
    );
  });

  it('ends whatever it is given', () => {
    const mess = fc.string({
      unit: fc.constantFrom('{', '}', '[', ']', '"', "'", ',', ':', '\\', 'a', '1', ' ', '\n', '/', '*'),
    });
    fc.assert(
      fc.property(mess, (text) => void readLoosely(text)),
      { numRuns: 2000 },
    );
    expect(readLoosely('['.repeat(50_000))).toBeDefined();
  });
});
