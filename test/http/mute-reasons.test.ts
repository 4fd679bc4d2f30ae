import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CameraStatus } from '#domain';
import { addIndex, addStream, type Box, openBox, T0 } from './box.ts';

let box: Box;
/** What is installed. */
const installed = { sounds: 'ready', speech: true, likeness: true, telling: false };

beforeAll(async () => {
  const away = { state: 'none' as const, restarts: 0 };
  box = await openBox({
    inference: {
      status: () => ({ state: 'ready', queued: 0, dropped: 0, restarts: 0 }),
      has: (task) => task !== 'image-text' || installed.likeness,
    },
    tellers: {
      get present() {
        return installed.telling;
      },
      get follower() {
        return installed.telling ? 'seer' : undefined;
      },
      status: () => ({ tellers: [], waiting: 0, told: 0, dropped: 0, passed: 0 }),
    },
    meanings: {
      get model() {
        return installed.likeness ? 'clip' : undefined;
      },
      learn: () => undefined,
      prepare: async () => undefined,
      similar: () => undefined,
    },
    listening: {
      get speechAvailable() {
        return installed.speech;
      },
      status: () => ({
        voice: away,
        sounds: { ...away, state: installed.sounds === 'ready' ? 'ready' : 'none' },
        speech: away,
      }),
    },
  });
});

afterAll(() => box[Symbol.asyncDispose]());

/** The warnings on arming the prompt on an index of a camera that writes down what is said. */
async function warnings(prompt: string, { hears = false, wanted = true, audioCodec = 'aac', own = {} } = {}) {
  const stream = addStream(box.store, { transcription: { wanted, engine: 'default', changedMs: T0 } });
  box.live.statuses = [statusOf(stream.id, audioCodec)];
  const audio = { extraction: { type: 'transcript', segmenter: 'sentence', value: 1 } } as const;
  const index = addIndex(box.store, stream.id, hears ? audio : own);
  const event = await box.call('POST', '/rtstream/event', { event_prompt: prompt, label: 'a' });
  const path = `/rtstream/${stream.id}/index/${index.id}/alert`;
  const { data, message } = await box.call('POST', path, { event_id: event.data.event_id });
  expect(message).toBe(data.warnings.join('; '));
  return data.warnings.map((warning: string) => warning.replace(stream.id, 'rts-x'));
}

function statusOf(streamId: string, audioCodec: string): CameraStatus {
  const video = { videoCodec: 'h264', width: 640, height: 360, fps: 25, transport: 'tcp' as const };
  return {
    streamId,
    phase: 'recording',
    sinceMs: T0,
    restarts: 0,
    facts: { ...video, ...(audioCodec === '' ? {} : { audioCodec }) },
    fpsSeen: 1,
    framesSeen: 1,
    framesDropped: 0,
    windowsDropped: 0,
    degraded: [],
    segmentsWritten: 1,
    bytesWritten: 1,
    notes: [],
  };
}

describe('a rule that is armed', () => {
  it.each([
    ['a dog barks', false],
    ['a dog barks', true],
    ['no dog barks for 10 minutes', false],
    ['someone calls for help', true],
    ['the microphone is dead', false],
    ['a person', false],
    ['User opened Slack', true],
  ])('"%s" has all it needs (audio index: %s)', async (prompt, hears) => {
    expect(await warnings(prompt, { hears })).toEqual([]);
  });

  it.each([
    ['someone says hello', false, 'only sees'],
    ['a person', true, 'only hears'],
    ['motion', true, 'only hears'],
    ['no dog barks for 10 minutes', true, 'and no more'],
    ['the smoke alarm stops', true, 'and no more'],
    ['the microphone is dead', true, 'and no more'],
  ])('"%s" is on the wrong index (audio index: %s)', async (prompt, hears, reason) => {
    expect(await warnings(prompt, { hears })).toEqual([expect.stringContaining(reason)]);
  });

  it.each([
    ['a person enters while no car is there', false, []],
    ['a dog barks and nobody is there', false, []],
    ['a dog barks and nobody is there', true, ['a part is told by what is seen']],
    ['a dog barks and glass breaks', true, []],
    ['someone says hello while a person is there', false, ['a part is about what is said']],
    ['someone says hello or a dog barks', true, []],
  ])('"%s" needs both kinds of indexes where its parts do (audio index: %s)', async (prompt, hears, reasons) => {
    expect(await warnings(prompt, { hears })).toEqual(reasons.map((reason) => expect.stringContaining(reason)));
  });

  it('says which model is missing', async () => {
    Object.assign(installed, { sounds: 'none', speech: false });
    try {
      expect(await warnings('glass breaking')).toEqual([expect.stringContaining('a model that knows sounds')]);
      expect(await warnings('no sound for 10 minutes')).toEqual([]);
      expect(await warnings('someone says hello', { hears: true })).toEqual([
        expect.stringContaining('a speech model'),
      ]);
    } finally {
      Object.assign(installed, { sounds: 'ready', speech: true });
    }
  });

  it('says that the camera is mute, or that nobody writes down', async () => {
    expect(await warnings('glass breaking', { audioCodec: '' })).toEqual(['the camera "Gate" sends no sound']);
    expect(await warnings('someone says hello', { hears: true, wanted: false })).toEqual([
      'nothing is written down: POST /rtstream/rts-x/transcription {"action": "start"} begins it',
    ]);
    box.live.statuses = [];
  });
});

describe('a thing that no detector has a label for', () => {
  const forklift = { prompt: 'Watch the forklifts' };

  it('is looked for in every picture by a model that compares them with texts', async () => {
    expect(await warnings('a forklift appears')).toEqual([]);
    expect(await warnings('a forklift appears', { own: { modelName: 'mini' } })).toEqual([
      'nothing looks for forklift: name it in the prompt of the index',
    ]);
  });

  it('needs such a model, whatever the prompt of the index names', async () => {
    installed.likeness = false;
    expect(await warnings('a forklift appears', { own: forklift })).toEqual([
      expect.stringContaining('no model that compares pictures with texts'),
    ]);
    installed.likeness = true;
  });

  it('is found without either by a model that follows instructions', async () => {
    installed.telling = true;
    expect(await warnings('a forklift appears', { own: { modelName: 'pro' } })).toEqual([]);
    installed.telling = false;
  });
});

describe('POST /v1/events/understand', () => {
  it.each([
    ['glass breaking', ['sound-classification'], 'Fires when breaking glass is heard.', 'sound'],
    ['the microphone is dead', [], 'Fires when the microphone gives no sound at all.', 'microphone'],
    ['someone says hello', ['speech-recognition'], 'Fires when someone says "hello".', 'speech'],
  ])('says how "%s" is understood', async (prompt, needs, understood, kind) => {
    const { data } = await box.call('POST', '/v1/events/understand', { prompt });
    expect(data).toMatchObject({ needs, understood, rule: { subject: { kind }, understood } });
  });

  it('says who decides where no rule does, and what would do it better', async () => {
    const prompt = 'the shelf looks messy';
    const understand = async () => (await box.call('POST', '/v1/events/understand', { prompt })).data;
    expect((await box.call('POST', '/v1/events/understand', { prompt: 'a person' })).data.check).toMatchObject({
      kind: 'rule',
    });
    installed.likeness = false;
    const words = await understand();
    expect(words.check).toMatchObject({
      kind: 'words',
      lacking: [expect.stringContaining('image-text'), expect.stringContaining('follows')],
    });
    expect(words.would_fire).toEqual(['the scene is described as "shelf looks messy"']);
    installed.likeness = true;
    const pictures = await understand();
    expect(pictures.check).toMatchObject({ kind: 'pictures', by: 'clip', instead_of: ['the shelf looks tidy'] });
    expect(pictures.would_fire).toContain('the picture looks like "the shelf looks messy" for 20 seconds');
    expect(pictures.would_not_fire).toContain('the picture looks more like "the shelf looks tidy"');
    installed.telling = true;
    const asked = await understand();
    expect(asked.check).toMatchObject({ kind: 'model', by: 'seer', says: expect.stringContaining('seer is asked') });
    expect(asked.check).not.toHaveProperty('lacking');
    installed.telling = false;
  });
});
