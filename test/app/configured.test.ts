import { describe, expect, it } from 'vitest';
import { parseConfig } from '#config';
import type { SceneIndex } from '#domain';
import type { Store } from '#store';
import { applyConfiguredCameras } from '../../src/app/configured.ts';
import { openStore, standingClock } from '../store/fixture.ts';

const clock = standingClock();

/** Applies a file with one camera whose index has these events; returns its indexes, "scenes" first. */
function apply(store: Store, prompts: readonly string[]): SceneIndex[] {
  const events = prompts.map((prompt) => ({ prompt, label: prompt.replaceAll(' ', '-') }));
  const camera = { name: 'yard', url: 'rtsp://127.0.0.1/yard', indexes: [{ name: 'scenes', events }] };
  applyConfiguredCameras(parseConfig(JSON.stringify({ cameras: [camera] }), {}, 'test'), store, clock);
  const [stream] = store.streams.list().results;
  return store.indexes.listByStream(stream?.id ?? '').toSorted((a, b) => b.name.localeCompare(a.name));
}

const armedOn = (store: Store, index: SceneIndex | undefined): string[] =>
  store.alerts.listByIndex(index?.id ?? '').map(({ eventId }) => store.events.get(eventId)?.prompt ?? '');

const transcribes = (store: Store): boolean | undefined => store.streams.list().results[0]?.transcription.wanted;

describe('events of the configuration file', () => {
  it('that are seen need no ears', async () => {
    await using at = await openStore();
    const indexes = apply(at.store, ['a person', 'the camera is covered']);
    expect(indexes.map(({ name }) => name)).toEqual(['scenes']);
    expect(armedOn(at.store, indexes[0])).toEqual(['a person', 'the camera is covered']);
    expect(transcribes(at.store)).toBe(false);
  });

  it('that are sounds are armed where sounds are told first, without writing down what is said', async () => {
    await using at = await openStore();
    const [scenes, heard, ...more] = apply(at.store, ['a person', 'glass breaking', 'no sound for 10 minutes']);
    expect(more).toEqual([]);
    expect(armedOn(at.store, scenes)).toEqual(['a person', 'no sound for 10 minutes']);
    expect(armedOn(at.store, heard)).toEqual(['glass breaking']);
    expect(heard).toMatchObject({
      name: 'heard',
      status: 'running',
      extraction: { type: 'transcript', segmenter: 'sentence', value: 1 },
    });
    expect(transcribes(at.store)).toBe(false);
  });

  it('that are said have it written down; all is as it was when the file is read again', async () => {
    await using at = await openStore();
    const prompts = ['someone calls for help', 'glass breaking'];
    const first = apply(at.store, prompts);
    expect(armedOn(at.store, first[1])).toEqual(prompts);
    expect(transcribes(at.store)).toBe(true);
    expect(apply(at.store, prompts)).toEqual(first);
    expect(armedOn(at.store, first[1])).toEqual(prompts);
  });

  it('that are in groups join them, with the schedule of the file; what was done over HTTP besides stays', async () => {
    await using at = await openStore(clock);
    const events = [
      { prompt: 'a person', label: 'person', group: 'night' },
      { prompt: 'a car', label: 'car' },
    ];
    const camera = { name: 'yard', url: 'rtsp://127.0.0.1/yard', indexes: [{ name: 'scenes', events }] };
    const groups = [{ name: 'night', arm: [{ days: ['mon'], from: '22:00', to: '06:00' }] }, { name: 'away' }];
    const read = () =>
      applyConfiguredCameras(parseConfig(JSON.stringify({ cameras: [camera], groups }), {}, 'test'), at.store, clock);
    read();
    const [person, car] = at.store.alerts.list();
    expect([person?.group, car?.group]).toEqual(['night', undefined]);
    expect(at.store.groups.list()).toMatchObject([
      { name: 'away', armed: true },
      { name: 'night', schedule: [{ fromMinute: 1320, toMinute: 360, days: [1] }], by: 'configuration' },
    ]);
    at.store.alerts.setGroup(car?.id ?? '', 'away', 'a test');
    at.store.groups.put('away', { armed: false, schedule: [{ fromMinute: 0, toMinute: 60 }] }, 'a test');
    const before = { groups: at.store.groups.list(), alerts: at.store.alerts.list() };
    read();
    expect({ groups: at.store.groups.list(), alerts: at.store.alerts.list() }).toEqual(before);
  });

  it('that are in groups join the one that was made over HTTP in other letters', async () => {
    await using at = await openStore(clock);
    at.store.groups.put('Night', { armed: false }, 'a test');
    const events = [{ prompt: 'a person', label: 'person', group: 'night' }];
    const camera = { name: 'yard', url: 'rtsp://127.0.0.1/yard', indexes: [{ name: 'scenes', events }] };
    const groups = [{ name: 'night', arm: [] }];
    const config = parseConfig(JSON.stringify({ cameras: [camera], groups }), {}, 'test');
    applyConfiguredCameras(config, at.store, clock);
    expect(at.store.groups.list()).toMatchObject([{ name: 'Night', armed: false }]);
    expect(at.store.alerts.list()).toMatchObject([{ group: 'Night' }]);
  });
});
