import { expect, it } from 'vitest';
import { RecentLines } from '#runtime';

it('keeps the last lines, each cut to a length', () => {
  const lines = new RecentLines(3);
  expect(lines.list()).toEqual([]);
  for (const line of ['a\n', 'b\n']) lines.add(line);
  expect(lines.list()).toEqual(['a', 'b']);
  for (const line of ['c', 'd', 'x'.repeat(5000)]) lines.add(line);
  expect(lines.list()).toEqual(['c', 'd', 'x'.repeat(4000)]);
});
