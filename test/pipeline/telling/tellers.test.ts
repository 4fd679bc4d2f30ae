/** Scenes that are told anew by the prompts of their indexes. */
import { describe, expect, it, vi } from 'vitest';
import type { SceneIndex } from '#domain';
import { Tellers } from '#pipeline';
import type { Store } from '#store';
import { frame } from '../../inference/pictures.ts';
import { aCamera, anIndex, aScene, axis, NOON, openStore, quiet } from '../../store/fixture.ts';
import { aTeller } from './stand-in.ts';

const soon = (check: () => void) => vi.waitFor(check, 10_000);
const FRAMES = [0, 1].map((at) => frame(at, () => 90));
const CHEAP = 'Something moves.';

async function openBox(...tellers: ReturnType<typeof aTeller>[]) {
  const at = await openStore();
  const { stream } = aCamera(at.store);
  const all = new Tellers({ tellers, store: at.store, log: quiet });
  return {
    ...at,
    all,
    index(modelName: string, prompt = 'What are people doing?'): SceneIndex {
      const index = anIndex(stream.id, { modelName, prompt });
      at.store.indexes.create(index);
      return index;
    },
    async [Symbol.asyncDispose]() {
      await all[Symbol.asyncDispose]();
      await at[Symbol.asyncDispose]();
    },
  };
}

let scenes = 0;
function add(store: Store, index: SceneIndex) {
  scenes += 1;
  const startMs = NOON + scenes * 5000;
  return store.scenes.add(aScene(index, { text: CHEAP, startMs, endMs: startMs + 5000 }), axis(0), 'm');
}

describe('a scene', () => {
  it('is told by its index’s prompt, keeps what was measured, and is found by its new words', async () => {
    const teller = aTeller();
    await using at = await openBox(teller);
    const index = at.index('ultra');
    const { id, facts } = add(at.store, index);
    at.all.offer(at.store.scenes.get(id) ?? add(at.store, index), FRAMES, index);
    expect(teller.asked).toMatchObject([{ instruction: 'What are people doing?', frames: [0, 1] }]);
    at.store.scenes.grow(id, NOON + 90_000_000);
    teller.asked[0]?.answer('Two people carry a ladder.');
    await soon(() => expect(at.store.scenes.get(id)?.text).toBe('Two people carry a ladder.'));
    expect(at.store.scenes.get(id)).toMatchObject({
      endMs: NOON + 90_000_000,
      facts: { ...facts, told: { text: 'Two people carry a ladder.', by: 'endpoint' } },
    });
    expect(at.store.scenes.get(id)?.facts).not.toHaveProperty('answer');
    expect(at.store.journal.after(0, 9, ['retold'])).toMatchObject([{ ref: String(id) }]);
    expect(at.all.status()).toMatchObject({ told: 1, waiting: 0, dropped: 0, passed: 0 });
  });

  it.each([
    ['as asked', '```json\n{"helmet": true, "people": 2}\n```', { helmet: true, people: 2 }, undefined],
    ['nearly', "Sure! {'helmet': True, 'people': '2',}", { helmet: true, people: 2 }, undefined],
    ['not at all', 'I see two people.', null, /no JSON/],
  ])('whose prompt wants JSON gets it when it comes %s', async (_name, said, json, reason) => {
    const [endpoint, local] = [aTeller(), aTeller('local', false)];
    await using at = await openBox(endpoint, local);
    const index = at.index('ultra', 'Return JSON: {"helmet": true/false, "people": "number of people"}');
    const scene = add(at.store, index);
    at.all.offer(scene, FRAMES, index);
    expect(endpoint.now).toContain('Answer with JSON only');
    endpoint.asked[0]?.answer(said);
    await soon(() => expect(at.store.scenes.get(scene.id)?.facts?.told).toBeDefined());
    const answer = at.store.scenes.get(scene.id)?.facts?.answer;
    expect(answer).toMatchObject({ json, by: 'endpoint' });
    if (reason) expect(answer?.reason).toMatch(reason);
    // A model that only describes isn't asked for JSON.
    endpoint.ready = false;
    at.all.offer(add(at.store, index), FRAMES, index);
    expect(local.asked).toEqual([]);
  });

  it('of a lower tier, or without anybody to tell it, stays as it is', async () => {
    const teller = aTeller();
    await using at = await openBox(teller);
    for (const tier of ['mini', 'basic', 'whatever'])
      at.all.offer(add(at.store, at.index(tier)), FRAMES, at.index(tier));
    teller.ready = false;
    at.all.offer(add(at.store, at.index('ultra')), FRAMES, at.index('ultra'));
    expect(teller.asked).toEqual([]);
    expect(at.all.status()).toMatchObject({ dropped: 0, passed: 0, told: 0 });
  });

  it('of a pro index is told only when somebody is idle; of an ultra index the newest waits', async () => {
    const teller = aTeller();
    await using at = await openBox(teller);
    const [pro, ultra] = [at.index('pro'), at.index('ultra')];
    at.all.offer(add(at.store, pro), FRAMES, pro);
    at.all.offer(add(at.store, pro), FRAMES, pro);
    const [older, newer] = [add(at.store, ultra), add(at.store, ultra)];
    for (const scene of [older, newer]) at.all.offer(scene, FRAMES, ultra);
    expect(at.all.status()).toMatchObject({ waiting: 1, dropped: 1, passed: 1 });
    teller.asked[0]?.answer('First.');
    await soon(() => expect(teller.asked).toHaveLength(2));
    teller.asked[1]?.answer('Newest.');
    await soon(() => expect(at.store.scenes.get(newer.id)?.text).toBe('Newest.'));
    expect(at.store.scenes.get(older.id)?.text).toBe(CHEAP);
  });

  it('that is gone by then is not told', async () => {
    const teller = aTeller();
    await using at = await openBox(teller);
    const index = at.index('ultra');
    const scene = add(at.store, index);
    at.all.offer(scene, FRAMES, index);
    at.store.streams.delete(scene.streamId);
    teller.asked[0]?.answer('Too late.');
    await soon(() => expect(at.all.status().told).toBe(1));
    expect(at.store.journal.after(0, 99, ['retold'])).toEqual([]);
  });

  it('that nobody can tell stays as it is, and so does one that waits when the box stops', async () => {
    const teller = aTeller();
    await using at = await openBox(teller);
    const index = at.index('ultra');
    const [failed, waiting] = [add(at.store, index), add(at.store, index)];
    at.all.offer(failed, FRAMES, index);
    teller.asked[0]?.fail();
    await soon(() => expect(at.all.status().waiting).toBe(0));
    at.all.offer(waiting, FRAMES, index);
    await at.all[Symbol.asyncDispose]();
    at.all.offer(waiting, FRAMES, index);
    for (const { id } of [failed, waiting]) expect(at.store.scenes.get(id)?.text).toBe(CHEAP);
  });
});
