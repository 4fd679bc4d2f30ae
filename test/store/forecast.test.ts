import { describe, expect, it } from 'vitest';
import { forecastOf } from '../../src/store/recordings/forecast.ts';
import { DAY, NOON } from './fixture.ts';

const HOUR = DAY / 24;

/** A stream of which ten days are kept, at so many bytes a day. */
function recorded(streamId: string, perDay: number, heldBytes = 0) {
  return { streamId, bytes: perDay * 10 + heldBytes, heldBytes, fromMs: NOON - 10 * DAY, toMs: NOON };
}

const daysOf = (...args: Parameters<typeof forecastOf>) => {
  const { days, streams } = forecastOf(...args);
  return [days, ...streams.map((stream) => stream.days)];
};

describe('how far recordings will reach back', () => {
  it('is the room by what comes in a day, the same for all', () => {
    const streams = [recorded('a', 100), recorded('b', 300)];
    expect(daysOf(streams, [], { roomBytes: 8000, nowMs: NOON })).toEqual([20, 20, 20]);
    expect(daysOf([recorded('a', 100, 3000)], [], { roomBytes: 8000, nowMs: NOON })).toEqual([50, 50]);
    expect(daysOf([recorded('a', 100, 3000)], [], { roomBytes: 2000, nowMs: NOON })).toEqual([0, 0]);
  });

  it('leaves to others what a stream may not take', () => {
    const streams = [recorded('a', 100), recorded('b', 300), recorded('c', 100)];
    const limits = [
      { id: 'a', quotaBytes: 500 },
      { id: 'b', keepDays: 10 },
    ];
    expect(daysOf(streams, limits, { roomBytes: 8000, nowMs: NOON })).toEqual([45, 5, 10, 45]);
    expect(daysOf(streams.slice(0, 2), limits, { roomBytes: 8000, nowMs: NOON })).toEqual([10, 5, 10]);
    expect(daysOf(streams.slice(0, 1), [{ id: 'a', quotaBytes: 0 }], { roomBytes: 1, nowMs: NOON })).toEqual([0, 0]);
  });

  it('is unknown of what has just begun, and of what has ended', () => {
    const young = { streamId: 'young', bytes: 10, heldBytes: 0, fromMs: NOON - 1000, toMs: NOON };
    const held = { streamId: 'held', bytes: 10, heldBytes: 10 };
    expect(forecastOf([young, held], [], { roomBytes: 8000, nowMs: NOON })).toEqual({
      streams: [
        { streamId: 'young', bytes: 10, heldBytes: 0 },
        { streamId: 'held', bytes: 10, heldBytes: 10 },
      ],
    });
    const streams = [recorded('a', 100), { ...recorded('gone', 900), toMs: NOON - 2 * HOUR }];
    expect(daysOf(streams, [], { roomBytes: 8000, nowMs: NOON })).toEqual([80, 80, undefined]);
  });
});
