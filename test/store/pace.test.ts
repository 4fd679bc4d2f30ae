import { expect, it } from 'vitest';
import { Pace } from '../../src/store/pace.ts';

/** What comes of transactions each of whose rows takes so long, with more rows there than anybody wants. */
function paceAt(msPerRow: number, transactions: number): Pace {
  let now = 0;
  const pace = new Pace(() => now);
  for (let n = 0; n < transactions; n++) {
    const { rows } = pace;
    pace.measure(rows, () => {
      now += rows * msPerRow;
    });
  }
  return pace;
}

it('takes as many rows as fit into ten milliseconds on a slow box', () => {
  expect(paceAt(0.3, 1).rows).toBe(32);
  expect(paceAt(0.4, 1).rows).toBe(25);
  expect(paceAt(1, 5).rows).toBe(16);
});

it('takes more on a quick box, and never so many that a first slow transaction would be a long one', () => {
  expect(paceAt(0.001, 3).rows).toBe(108);
  expect(paceAt(0.001, 30).rows).toBe(500);
});

it('learns nothing from a transaction that had next to nothing to do, or that another write delayed', () => {
  let now = 0;
  const pace = new Pace(() => now);
  for (let n = 0; n < 20; n++) pace.measure(1, () => undefined);
  pace.measure(0, () => {
    now += 1000;
  });
  expect(pace.rows).toBe(32);
});
