import { expect, it } from 'vitest';
import { describeSound, embedText, TEXT_EMBEDDING } from '#inference';
import { aCamera, NOON, openStore } from './fixture.ts';

const HEARD = ['shout', 'gunshot, gunfire', 'bark', 'smoke detector, smoke alarm', 'vehicle horn, car horn, honking'];

it.each([
  ['someone yelling', 'someone shouts'],
  ['gunfire', 'a gunshot is heard'],
  ['barking dogs', 'a dog barks'],
  ['fire alarm', 'a smoke alarm sounds'],
  ['honking', 'a vehicle sounds its horn'],
])('"%s" finds that %s', async (text, found) => {
  await using at = await openStore();
  const { stream, index } = aCamera(at.store);
  for (const [i, label] of HEARD.entries()) {
    const startMs = NOON + i * 60_000;
    const times = { startMs, endMs: startMs + 2000 };
    const sound = { sounds: [{ label, score: 0.9, ...times }], levelDb: -20 };
    const said = describeSound(sound);
    const scene = { streamId: stream.id, indexId: index.id, ...times, text: said, sound };
    at.store.scenes.add(scene, embedText(said), TEXT_EMBEDDING.model);
  }
  const query = { text, vector: embedText(text), model: TEXT_EMBEDDING.model, limit: 1 };
  expect((await at.store.scenes.search(query)).map(({ scene }) => scene.text)).toEqual([found]);
});
