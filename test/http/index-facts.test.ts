/** What an index of this box will tell, and what of its prompt nobody here can tell. */
import { describe, expect, it } from 'vitest';
import type { HttpDeps } from '#http';
import { openBox } from './box.ts';

const TELLERS = {
  present: true,
  follower: 'seer',
  status: () => ({ tellers: [], waiting: 0, told: 0, dropped: 0, passed: 0 }),
};

async function indexOf(prompt: string, body: object, overrides: Partial<HttpDeps> = {}) {
  await using box = await openBox(overrides);
  const camera = await box.call('POST', '/rtstream', { name: 'yard', url: 'rtsp://10.0.0.9/yard' });
  const path = `/rtstream/${camera.data.id}/index/scene`;
  const made = await box.call('POST', path, { prompt, ...body });
  const listed = (await box.call('GET', path)).data.scene_indexes[0];
  const { cameras } = (await box.call('GET', '/v1/status')).data;
  return { ...made.data, message: made.message, listed, status: cameras[0].indexes[0] };
}

const all = (...packs: string[]) => ({
  inference: {
    status: () => ({ state: 'ready', queued: 0, dropped: 0, restarts: 0 }),
    has: (task: string) => packs.includes(task),
  },
});

describe('an index', () => {
  it('says how its prompt was understood, wherever it is shown', async () => {
    const index = await indexOf('Read the plates of red cars near the forklift', {}, all('object-detection'));
    expect(index.understood).toBe('Tells of cars, and of what is written and colours.');
    expect(index.needs).toEqual(['object-detection', 'text-detection', 'text-recognition']);
    expect(index.listed).toMatchObject({ understood: index.understood, needs: index.needs, missing: index.missing });
    expect(index.status).toMatchObject({ understood: index.understood, missing: index.missing });
  });

  it('says what this box lacks, also when it is made', async () => {
    const index = await indexOf('Watch the forklift', {}, all('object-detection'));
    expect(index.needs).toEqual(['object-detection', 'image-text']);
    expect(index.missing).toEqual([
      'what looks like "forklift": no model that compares pictures with texts (image-text) is installed, ' +
        '"watchpost models pull" gets one',
    ]);
    expect(index.message).toBe(index.missing[0]);
  });

  it('lacks nothing where all is there', async () => {
    const { missing, message } = await indexOf('Watch the forklift', {}, all('object-detection', 'image-text'));
    expect({ missing, message }).toEqual({ missing: [], message: '' });
  });

  it('of the least tier needs a detector only', async () => {
    const { needs } = await indexOf('Watch the forklift', { model_name: 'mini' }, all());
    expect(needs).toEqual(['object-detection']);
  });

  it('of an upper tier needs somebody who follows instructions', async () => {
    const here = all('object-detection');
    const alone = await indexOf('What do people do?', { model_name: 'pro' }, here);
    expect(alone.missing).toEqual([
      'what is being done: no model that follows instructions (image-to-text) is installed, and no server is configured',
    ]);
    const helped = await indexOf('What do people do?', { model_name: 'pro' }, { ...here, tellers: TELLERS });
    expect(helped.missing).toEqual([]);
    const lower = await indexOf('What do people do?', {}, { ...here, tellers: TELLERS });
    expect(lower.missing).toEqual(['what is being done: only indexes with model_name "pro" or "ultra" tell it']);
  });

  it('that listens needs a speech model', async () => {
    const index = await indexOf('Sum it up', { extraction_type: 'transcript' });
    expect(index).toMatchObject({
      needs: ['speech-recognition'],
      missing: [expect.stringContaining('no speech model')],
    });
  });
});
