import { expect, it, vi } from 'vitest';
import { readNames } from '../../../src/inference/families/picture.ts';
import { columns, hosted } from '../hosted.ts';
import { packFiles, wholeModel } from '../tiny-eyes.ts';

// Each starts processes of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const LABELS = ['Red thing, Rot', 'green thing', 'background'];
const files = (labels: readonly string[] | undefined = LABELS, weights = wholeModel()) =>
  packFiles({ task: 'image-embedding, image-classification', ...(labels.length > 0 ? { labels } : {}) }, weights);

it('tells how alike pictures are, and what they show', async () => {
  await using model = await hosted(files());
  const look = (...colour: [number, number, number]) =>
    model.ask('image-embedding', { picture: columns(30, 20, colour) });
  const red = await look(255, 0, 0);
  expect([...red.vector].map((one) => +one.toFixed(3))).toEqual([0.577, -0.577, -0.577]);
  expect(red.labels).toEqual([{ label: 'red thing', score: expect.closeTo(1, 2) }]);
  expect((await look(0, 0, 255)).labels).toEqual([]);
  expect((await look(255, 255, 0)).labels.map(({ label }) => label)).toEqual(['red thing', 'green thing']);
});

it('needs no names', async () => {
  await using model = await hosted(files([]));
  expect((await model.ask('image-embedding', { picture: columns(9, 9, [255, 0, 0]) })).labels).toEqual([]);
});

it('names what is likely, at most five times', () => {
  const labels = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const found = readNames(Float32Array.of(0.06, 0.2, 0.1, 0.1, 0.1, 0.3, 0.1, 0.04), labels);
  expect(found.map(({ label }) => label)).toEqual(['f', 'b', 'c', 'd', 'e']);
});

it.each([
  ['other labels than it has classes', files(['a', 'b']), /3 classes apart where the pack has 2 labels/],
  ['no vector', files(undefined, wholeModel('features')), /needs an output "embedding"/],
])('is refused with %s', async (_what, pack, problem) => {
  await expect(hosted(pack)).rejects.toMatchObject({ kind: 'invalid', message: expect.stringMatching(problem) });
});
