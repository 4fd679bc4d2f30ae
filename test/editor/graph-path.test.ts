import { expect, it } from 'vitest';
import { expressionOf, simplePath } from '../../src/editor/graph-path.ts';

const point = (atMs: number, x: number, y = 0.5) => ({ atMs, x, y });

it('keeps of a path the points at which it turns', () => {
  const path = [...Array(60).keys()].map((n) => point(n * 100, n < 30 ? n / 100 : 0.3));
  expect(simplePath(path)).toEqual([point(0, 0), point(3000, 0.3), point(5900, 0.3)]);
  expect(simplePath(path.toReversed())).toEqual(simplePath(path));
});

it('leaves short paths as they are', () => {
  expect(simplePath([])).toEqual([]);
  expect(simplePath([point(0, 0.1)])).toEqual([point(0, 0.1)]);
});

it('fits into a command line, however restless it is and however long', () => {
  const path = [...Array(20_000).keys()].map((n) => point(n * 500, n % 2, (n % 3) / 2));
  const simple = simplePath(path);
  expect(simple.length).toBeLessThan(900);
  expect(simple.at(-1)).toEqual(path.at(-1));
  const expression = expressionOf(simple.map(({ atMs, x }) => [atMs / 1000, x * 1920]));
  expect(expression.length).toBeLessThan(60_000);
});

it('is straight from point to point, and still before and after', () => {
  expect(expressionOf([[2, 7]])).toBe('7');
  expect(
    expressionOf([
      [-1, 0],
      [1, 100],
    ]),
  ).toBe('(0+50*(clip(t,-1,1)-(-1)))');
});
