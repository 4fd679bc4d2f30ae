import { expect, it } from 'vitest';
import { Writing } from '../../src/hearing/writing.ts';
import { noise, T0 } from './sound.ts';

/** Writes a second to a file and ends; returns what the spool is told. */
async function written(path: string) {
  const told: unknown[] = [];
  const writing = await Writing.begin(T0, {
    path,
    grant: async () => true,
    ended: async (...what) => void told.push(what),
  });
  await writing.append(noise(500, -20));
  await writing.append(noise(500, -20));
  await writing.end(T0 + 1000);
  return told;
}

it('a disk that is really full is told as what is missing, not as an error', async () => {
  const reason = 'the disk is full: what was said could not be kept';
  expect(await written('/dev/full')).toEqual([[T0 + 1000, 0, { fromMs: T0, reason }]]);
});

it('so is a file that can not be made', async () => {
  const reason = expect.stringContaining('could not be kept: ENOTDIR');
  expect(await written('/dev/null/spool')).toEqual([[T0 + 1000, 0, { fromMs: T0, reason }]]);
});
