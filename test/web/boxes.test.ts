import { describe, expect, it } from 'vitest';
import { boxWords } from '../../src/web/box/boxes.ts';
import type { BoxJson } from '../../src/web/wire.ts';

const NOW = Date.UTC(2026, 0, 15, 12);
const aBox = (more: Partial<BoxJson> = {}): BoxJson => ({
  id: 'box-1',
  name: 'Barn',
  version: '0.1.0',
  online: true,
  last_seen: NOW / 1000,
  clock_ahead_s: 0.2,
  lag_s: 3,
  waiting: [{ kind: 'segment', items: 4, bytes: 4_000_000 }],
  cameras: [{ rtstream_id: 'rts-1', name: 'Gate', phase: 'recording' }],
  notes: [],
  ...more,
});

describe('how a box is, in words', () => {
  it('says that all is well', () => {
    const facts = '1 of 1 camera recording · version 0.1.0';
    expect(boxWords(aBox(), NOW)).toEqual({ tone: 'armed', state: 'online', facts, problems: [] });
  });

  it('says what is not', () => {
    const words = boxWords(
      aBox({
        online: false,
        last_seen: NOW / 1000 - 7200,
        lag_s: 7200,
        clock_ahead_s: -3600,
        cameras: [{ rtstream_id: 'rts-1', name: 'Gate', phase: 'waiting', last_error: 'no route' }],
        notes: ['camera "Gate": no route', 'recordings: the disk is full'],
      }),
      NOW,
    );
    expect(words).toEqual({
      tone: 'quiet',
      state: 'away for 2 h',
      facts: '0 of 1 camera recording · 2 h behind (4.0 MB to come) · version 0.1.0',
      problems: ['Gate: no route', 'recordings: the disk is full', 'its clock is off by 1 h'],
    });
  });
});
