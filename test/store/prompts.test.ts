import { describe, expect, it } from 'vitest';
import { openStore } from './fixture.ts';

const meant = (model: string, ...vectors: number[][]) => ({
  model,
  scale: 42.5,
  texts: vectors.map((_, i) => `text ${i}`),
  vectors: vectors.map((vector) => Float32Array.from(vector)),
});

describe('sentences of prompts', () => {
  it('come back as they were put, for each model', async () => {
    await using at = await openStore();
    const [clip, siglip] = [meant('clip', [0.25, -1], [1, 0.5]), meant('siglip', [1, 2, 3])];
    at.store.prompts.put('a red van', clip);
    at.store.prompts.put('a red van', siglip);
    expect(at.store.prompts.get('a red van', 'clip')).toEqual(clip);
    expect(at.store.prompts.get('a red van', 'siglip')).toEqual(siglip);
    expect(at.store.prompts.get('a red car', 'clip')).toBeUndefined();
  });

  it('are replaced when they are put again', async () => {
    await using at = await openStore();
    at.store.prompts.put('a red van', meant('clip', [1, 0]));
    at.store.prompts.put('a red van', meant('clip', [0, 1], [1, 1]));
    expect(at.store.prompts.get('a red van', 'clip')?.vectors).toHaveLength(2);
  });

  it('are bounded: the ones put first go', async () => {
    await using at = await openStore();
    for (let n = 0; n < 520; n += 1) at.store.prompts.put(`prompt ${n}`, meant('clip', [n]));
    const kept = Array.from({ length: 520 }, (_, n) => at.store.prompts.get(`prompt ${n}`, 'clip') !== undefined);
    expect(kept.filter(Boolean)).toHaveLength(500);
    expect([kept[19], kept[20]]).toEqual([false, true]);
  });
});
