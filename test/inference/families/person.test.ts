import { expect, it, vi } from 'vitest';
import { columns, hosted } from '../hosted.ts';
import { packFiles, personModel, wholeModel } from '../tiny-eyes.ts';

// Each starts processes of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const PICTURE = columns(60, 30, [200, 0, 0], [0, 150, 0], [0, 0, 100]);
const third = (i: number) => ({ x1: i / 3, y1: 0, x2: (i + 1) / 3, y2: 1 });

it.each([true, false])('tells what is in each box, blue first (interleaved: %s)', async (interleaved) => {
  await using model = await hosted(packFiles({ task: 'person-embedding' }, personModel(interleaved)));
  const boxes = [third(0), third(1), third(2), { x1: 0, y1: 0.5, x2: 2 / 3, y2: 0.9 }];
  const [red, green, blue, mixed] = await model.ask('person-embedding', { picture: PICTURE, boxes });
  expect([red, green, blue].map((vector) => [...(vector ?? [])])).toEqual([
    [0, 0, 1],
    [0, 1, 0],
    [1, 0, 0],
  ]);
  expect(Math.hypot(...(mixed ?? []))).toBeCloseTo(1, 5);
  expect(mixed?.[2]).toBeGreaterThan(mixed?.[1] ?? 1);
  expect(await model.ask('person-embedding', { picture: PICTURE, boxes: [] })).toEqual([]);
});

it('says nothing rather than something about what has no look at all', async () => {
  await using model = await hosted(packFiles({ task: 'person-embedding' }, personModel()));
  const black = columns(8, 8, [0, 0, 0]);
  await expect(model.ask('person-embedding', { picture: black, boxes: [third(0)] })).rejects.toMatchObject({
    kind: 'internal',
    message: expect.stringMatching('without a direction'),
  });
});

it('is refused when it answers several things, saying so', async () => {
  await expect(hosted(packFiles({ task: 'person-embedding' }, wholeModel()))).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching('it is no person embedding: needs one output'),
  });
});
