import { expect, it } from 'vitest';
import type { CameraStatus } from '#domain';
import { boxState, cameraViews } from '../../src/delivery/mqtt-views.ts';
import { anObject, withObjects } from '../events/scenes.ts';
import { aCamera, anArmedCamera, aScene, NOON, openStore } from '../store/fixture.ts';

const VECTOR = new Float32Array(8).fill(1);

function live(streamId: string): CameraStatus {
  const counts = {
    restarts: 0,
    framesSeen: 0,
    framesDropped: 0,
    windowsDropped: 0,
    degraded: [],
    segmentsWritten: 0,
    bytesWritten: 0,
  };
  return { streamId, phase: 'recording', sinceMs: NOON, fpsSeen: 0, notes: [], ...counts };
}

it('knows nothing of now from a scene that is old, or without a detector', async () => {
  await using at = await openStore();
  const { stream, index } = aCamera(at.store);
  const facts = { ...withObjects(anObject('person')), counts: { person: 1 } };
  at.store.scenes.add(aScene(index, { endMs: NOON, startMs: NOON - 5000, facts }), VECTOR, 'test');
  const seen = (nowMs: number) => cameraViews(at.store, [live(stream.id)], nowMs)[0]?.state;
  expect(seen(NOON + 1000)).toMatchObject({ occupied: true, counts: { person: 1 }, motion: expect.any(Boolean) });
  expect(seen(NOON + 200_000)).toMatchObject({ occupied: null, counts: {}, motion: null });
  expect(seen(NOON + 200_000)?.scene?.text).toBe('A person walks through the gate.');
  expect(cameraViews(at.store, [], NOON + 1000)[0]?.state).toMatchObject({ phase: 'stopped', occupied: null });

  const blind = { ...facts, packs: ['built-in'], objects: [], counts: {}, motion: { ...facts.motion, amount: 0.2 } };
  at.store.scenes.add(aScene(index, { startMs: NOON + 5000, endMs: NOON + 10_000, facts: blind }), VECTOR, 'test');
  expect(seen(NOON + 10_000)).toMatchObject({ occupied: null, motion: true });
});

it('gives two cameras of one name topics of their own, which stay', async () => {
  await using at = await openStore();
  const first = aCamera(at.store, { name: 'Front door' }).stream;
  const second = aCamera(at.store, { name: 'front-door', createdMs: NOON + 1 }).stream;
  const levels = cameraViews(at.store, [], NOON).map(({ level }) => level);
  expect(levels).toEqual(['front-door', `front-door-${second.id.slice(-6)}`]);
  expect(cameraViews(at.store, [live(first.id)], NOON).map(({ level }) => level)).toEqual(levels);
});

it('tells until when an alert is snoozed, as long as it is', async () => {
  await using at = await openStore();
  const { alert } = anArmedCamera(at.store);
  at.store.alerts.snooze(alert.id, NOON + 60_000, 'a test');
  const until = (nowMs: number) => cameraViews(at.store, [], nowMs)[0]?.rules[0]?.snoozed_until;
  expect([until(NOON), until(NOON + 60_000)]).toEqual([NOON / 1000 + 60, null]);
});

it('has a problem when a camera that is wanted does not record, or the detector has failed', async () => {
  await using at = await openStore();
  const { stream } = aCamera(at.store);
  aCamera(at.store, { name: 'Shed', wanted: 'stopped' });
  const box = { id: 'b', name: 'n', version: 'v', configVersion: 3, detector: 'none', freeBytes: undefined };
  const of = (statuses: CameraStatus[], detector = 'none') =>
    boxState({ ...box, detector }, cameraViews(at.store, statuses, NOON));
  expect(of([live(stream.id)])).toMatchObject({ cameras: 2, recording: 1, problem: false, free_gb: null });
  expect(of([])).toMatchObject({ recording: 0, problem: true });
  expect(of([live(stream.id)], 'failed')).toMatchObject({ problem: true });
});
