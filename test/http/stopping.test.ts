/** A stream that is stopped over HTTP: when that is answered. */
import { expect, it } from 'vitest';
import { systemClock } from '#runtime';
import { addStream, openBox } from './box.ts';

/** A box whose recorders end when `recorder` does, and where waiting takes so many times as long. */
function boxWhose(recorder: Promise<void>, order: string[], slowness: number) {
  const supervisor = {
    reconcile: () => void order.push('told to stop'),
    status: () => [],
    latestFrame: () => undefined,
    stopped: () => recorder.then(() => void order.push('has ended')),
  };
  const sleep = (ms: number, signal?: AbortSignal) => systemClock.sleep(ms * slowness, signal);
  return openBox({ supervisor, clock: { ...systemClock, sleep } });
}

it('is answered when all that was recorded is there', async () => {
  const order: string[] = [];
  let end: () => void = () => undefined;
  await using box = await boxWhose(new Promise<void>((resolve) => (end = resolve)), order, 100);
  const { id } = addStream(box.store);
  const answer = box.call('PATCH', `/rtstream/${id}/status`, { action: 'stop' });
  await expect.poll(() => order).toEqual(['told to stop']);
  end();
  expect(await answer).toMatchObject({ status: 200, data: { status: 'stopped' } });
  expect(order).toEqual(['told to stop', 'has ended']);
});

it('is answered soon where the recorder hangs, and a start at once', async () => {
  const order: string[] = [];
  await using box = await boxWhose(new Promise<void>(() => undefined), order, 0.01);
  const { id } = addStream(box.store);
  for (const [action, status] of [
    ['stop', 'stopped'],
    ['start', 'connected'],
  ])
    expect(await box.call('PATCH', `/rtstream/${id}/status`, { action })).toMatchObject({ data: { status } });
  expect(order).toEqual(['told to stop', 'told to stop']);
});
