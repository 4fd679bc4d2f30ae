import { expect, it } from 'vitest';
import { Receivers } from '../../src/delivery/receivers.ts';

const A = 'http://a.lan/one';
const B = 'http://a.lan/two';
const OTHER = 'http://b.lan/';

function at() {
  const clock = { now: 0, nowMs: () => 0, monotonicMs: () => clock.now, sleep: () => Promise.resolve() };
  return { clock, receivers: new Receivers(clock) };
}

/** Sends as much as may go in this time, in steps of 10 ms; returns how much. */
function sent({ clock, receivers }: ReturnType<typeof at>, forMs: number, fresh: boolean): number {
  let count = 0;
  for (const end = clock.now + forMs; clock.now < end; clock.now += 10) {
    while (receivers.waitMs(A, fresh) === 0) {
      receivers.began(A);
      receivers.ended(A);
      count += 1;
    }
  }
  return count;
}

it('a host is asked to take twenty at once, and ten a second', () => {
  const box = at();
  expect(sent(box, 10, true)).toBe(20);
  expect(sent(box, 10_000, true)).toBeCloseTo(100, -1);
  expect(box.receivers.waitMs(OTHER, true)).toBe(0);
});

it('what is late leaves room for what is fresh', () => {
  const box = at();
  expect(sent(box, 10, false)).toBe(11);
  expect(sent(box, 10_000, false)).toBeCloseTo(100, -1);
  expect(sent(box, 10, true)).toBeGreaterThanOrEqual(9);
});

it('one message at a time goes to a target, four to a host, eight in all', () => {
  const { receivers } = at();
  receivers.began(A);
  expect(receivers.waitMs(A, true)).toBeUndefined();
  expect(receivers.waitMs(B, true)).toBe(0);
  for (const path of ['b', 'c', 'd']) receivers.began(`http://a.lan/${path}`);
  expect(receivers.waitMs(B, true)).toBeUndefined();
  expect(receivers.waitMs(OTHER, true)).toBe(0);
  for (const host of ['c', 'd', 'e', 'f']) receivers.began(`http://${host}.lan/`);
  expect(receivers.waitMs(OTHER, true)).toBeUndefined();
  receivers.ended(A);
  expect(receivers.waitMs(B, true)).toBe(0);
});

it('who fails is left alone for a growing while, up to five minutes; what is fresh knocks after 15 s', () => {
  const { clock, receivers } = at();
  const waits: number[] = [];
  for (let i = 0; i < 12; i += 1) {
    const { failures, inMs } = receivers.failed(A, { wholeHost: false });
    expect(failures).toBe(i + 1);
    expect(receivers.waitMs(A, false)).toBe(inMs);
    expect(receivers.waitMs(A, true)).toBe(Math.min(15_000, inMs));
    waits.push(inMs);
    clock.now += inMs;
  }
  expect(waits[0]).toBeLessThanOrEqual(1000);
  expect(waits.slice(0, 8)).toEqual(waits.slice(0, 8).toSorted((a, b) => a - b));
  expect(Math.min(...waits.slice(-3))).toBeGreaterThanOrEqual(240_000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(300_000);
  receivers.answered(A);
  expect(receivers.failed(A, { wholeHost: false }).failures).toBe(1);
});

it('an answer is about one target, no answer about the whole host', () => {
  const { receivers } = at();
  receivers.failed(A, { wholeHost: false });
  expect(receivers.waitMs(B, false)).toBe(0);
  receivers.failed(A, { wholeHost: true });
  expect(receivers.waitMs(B, false)).toBeGreaterThan(0);
  expect(receivers.waitMs(OTHER, false)).toBe(0);
  receivers.keep([OTHER]);
  expect(receivers.waitMs(B, false)).toBe(0);
});

it('who asks for a pause gets it, from fresh messages too', () => {
  const { receivers } = at();
  receivers.failed(A, { wholeHost: false, pauseMs: 60_000 });
  expect([receivers.waitMs(A, false), receivers.waitMs(A, true)]).toEqual([60_000, 60_000]);
});

it('several that fail together have failed once', () => {
  const { receivers } = at();
  for (let i = 0; i < 4; i += 1) expect(receivers.failed(`http://a.lan/${i}`, { wholeHost: true }).failures).toBe(1);
});
