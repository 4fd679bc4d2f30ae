/** What asks a stream without pictures for some is told so, whether that is known by what is wanted of it or by what it sends. */
import { describe, expect, it } from 'vitest';
import type { CameraStatus } from '#domain';
import { addIndex, addStream, type Box, openBox, T0 } from './box.ts';

const SEEN: Omit<CameraStatus, 'streamId'> = {
  phase: 'recording',
  sinceMs: T0,
  restarts: 0,
  fpsSeen: 0,
  framesSeen: 0,
  framesDropped: 0,
  windowsDropped: 0,
  segmentsWritten: 1,
  bytesWritten: 1,
  notes: [],
  degraded: [],
  facts: { width: 0, height: 0, fps: 0, audioCodec: 'opus', transport: 'tcp' },
};
const AUDIO = { extraction: { type: 'transcript', segmenter: 'sentence', value: 1 } } as const;

function wanted(box: Box): string {
  return addStream(box.store, { mediaTypes: ['audio'] }).id;
}

function seen(box: Box): string {
  const { id } = addStream(box.store, { mediaTypes: ['video', 'audio'] });
  box.live.statuses.push({ streamId: id, ...SEEN });
  return id;
}

describe.each([
  ['only its sound is wanted', wanted],
  ['it sends nothing else', seen],
])('where %s', (_why, add) => {
  it('an index of pictures says that it waits for some, one that hears does not', async () => {
    await using box = await openBox();
    const id = add(box);
    const path = `/rtstream/${id}/index/scene`;
    const sees = await box.call('POST', path, { prompt: 'Describe the yard' });
    expect(sees.data.missing[0]).toContain('sends sound only');
    expect(sees.message).toContain('extraction_type "transcript"');
    const hears = await box.call('POST', path, { extraction_type: 'transcript' });
    expect(JSON.stringify(hears.data.missing)).not.toContain('sound only');
    const { cameras } = (await box.call('GET', '/v1/status')).data;
    expect(cameras[0].indexes[0].missing).toEqual(sees.data.missing);
  });

  it('an alert on what is seen says why it is silent, one on what is heard does not', async () => {
    await using box = await openBox();
    const id = add(box);
    const armed = async (prompt: string, own: object) => {
      const index = addIndex(box.store, id, own);
      const event = await box.call('POST', '/rtstream/event', { event_prompt: prompt, label: 'x' });
      const body = { event_id: event.data.event_id, callback_url: '' };
      return (await box.call('POST', `/rtstream/${id}/index/${index.id}/alert`, body)).message;
    };
    expect(await armed('a person enters', {})).toContain('sends sound only: nothing is seen of it');
    expect(await armed('glass breaks', AUDIO)).not.toContain('sound only');
  });

  it.each(['latest.jpg', 'snapshot.jpg'])('%s is refused, not awaited', async (picture) => {
    await using box = await openBox();
    const answer = await box.call('GET', `/v1/streams/${add(box)}/${picture}`);
    expect(answer).toMatchObject({
      success: false,
      error_code: 'refused',
      message: expect.stringContaining('sound only'),
    });
  });
});

it('a camera that was not seen yet may have pictures', async () => {
  await using box = await openBox();
  const { id } = addStream(box.store);
  expect(await box.call('GET', `/v1/streams/${id}/latest.jpg`)).toMatchObject({ error_code: 'not_found' });
});

it('nobody watches what has no picture with little delay', async () => {
  await using box = await openBox();
  const answer = await box.call('GET', `/v1/streams/${seen(box)}/jsmpeg`);
  expect(answer).toMatchObject({ success: false, error_code: 'refused' });
});
