import { expect, it } from 'vitest';
import { readScenes } from '../../src/http/videos/given-scenes.ts';

const frames = Array.from({ length: 9 }, (_, n) => ({
  url: `http://box/${'x'.repeat(100)}`,
  description: `frame ${n}`,
}));
const given = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ start: n, end: `${n + 1}`, description: null, frames }));

it('checks thousands of scenes while others have their turn', async () => {
  let turns = 0;
  let reading = true;
  const read = readScenes(given(2000)).finally(() => {
    reading = false;
  });
  while (reading) {
    await new Promise(setImmediate);
    turns += 1;
  }
  expect(turns).toBeGreaterThanOrEqual(100);
  const scenes = await read;
  expect(scenes).toHaveLength(2000);
  expect(scenes.at(-1)).toMatchObject({
    start: 1999,
    end: 2000,
    frames: [{ description: 'frame 0' }, {}, {}, {}, {}, {}, {}, {}, {}],
  });
});

it('names the one that is wrong by where it stands', async () => {
  const wrong = [...given(30), { start: 'soon', end: 5 }];
  await expect(readScenes(wrong)).rejects.toThrow('scenes[30].start: must be seconds');
  await expect(readScenes(wrong, ['source', 'scenes'])).rejects.toThrow('source.scenes[30].start: must be seconds');
});
