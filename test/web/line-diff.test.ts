import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lineDiff } from '../../src/web/box/line-diff.ts';

const signs = { kept: ' ', added: '+', gone: '-' } as const;
const shown = (before: string, after: string) => lineDiff(before, after).map(({ kind, text }) => signs[kind] + text);

it('shows what changed with two lines around it', () => {
  const before = ['name: box', 'a: 1', 'b: 2', 'c: 3', 'd: 4', 'e: 5', 'f: 6'];
  const after = ['name: box', 'a: 1', 'b: 2', 'c: 9', 'x: 0', 'd: 4', 'e: 5', 'f: 6'];
  expect(shown(before.join('\n'), `${after.join('\n')}\n`)).toEqual([
    ' a: 1',
    ' b: 2',
    '-c: 3',
    '+c: 9',
    '+x: 0',
    ' d: 4',
    ' e: 5',
  ]);
  expect(shown('a: 1\n', 'a: 1')).toEqual([]);
});

it('leaves nothing out and makes nothing up', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 }).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = lineDiff(before, after);
      const all = (kind: 'added' | 'gone') => lines.filter((line) => line.kind === kind).map((line) => line.text);
      const count = (of: readonly string[], one: string) => of.filter((line) => line === one).length;
      for (const one of ['a', 'b', 'c', 'd']) {
        const grown = count(after.split('\n'), one) - count(before.split('\n'), one);
        expect(count(all('added'), one) - count(all('gone'), one)).toBe(grown);
      }
      expect(lines.length === 0).toBe(before === after);
    }),
  );
});
