import { describe, expect, it } from 'vitest';
import { groupsOf, isAt, placeQuery } from '../../src/web/fleet/places.ts';
import { boxWords, hereWords, sentCameraWords } from '../../src/web/fleet/sent-words.ts';
import type { BoxJson, SentCameraJson } from '../../src/web/wire.ts';

const NOW = Date.UTC(2026, 0, 15, 12);
const aCamera = (more: Partial<SentCameraJson> = {}): SentCameraJson => ({
  rtstream_id: 'rts-1',
  name: 'Gate',
  phase: 'recording',
  here: true,
  ...more,
});
const aBox = (more: Partial<BoxJson> = {}): BoxJson => ({
  id: 'box-1',
  name: 'Barn',
  version: '0.1.0',
  online: true,
  last_seen: NOW / 1000,
  clock_ahead_s: 0.2,
  lag_s: 3,
  waiting: [{ kind: 'segment', items: 4, bytes: 4_000_000 }],
  cameras: [aCamera()],
  notes: [],
  ...more,
});

describe('how a box is, in words', () => {
  it('says that all is well', () => {
    const facts = '1 of 1 camera recording · version 0.1.0';
    expect(boxWords(aBox(), NOW)).toEqual({ tone: 'armed', state: 'online', facts, problems: [] });
  });

  it('says what is not, and since when', () => {
    const words = boxWords(
      aBox({
        online: false,
        last_seen: NOW / 1000 - 7200,
        lag_s: 7200,
        clock_ahead_s: -3600,
        cameras: [aCamera({ phase: 'waiting', last_error: 'no route' }), aCamera({ gone: true, phase: 'stopped' })],
        notes: ['camera "Gate": no route', 'recordings: the disk is full'],
      }),
      NOW,
    );
    expect(words).toEqual({
      tone: 'quiet',
      state: expect.stringMatching(/^not reachable since .+ \(2 h\)$/),
      facts: '0 of 1 camera recording · 2 h behind (4.0 MB to come) · version 0.1.0',
      problems: ['recordings: the disk is full', 'its clock is off by 1 h'],
    });
  });
});

describe('how a camera of another box is, in words', () => {
  it('is what its box told of it, as long as that is heard of', () => {
    expect(sentCameraWords(aCamera(), aBox(), NOW)).toMatchObject({ word: 'Recording', tone: 'good', detail: '' });
    const stalled = aCamera({ phase: 'stalled', last_error: 'no packet' });
    expect(sentCameraWords(stalled, aBox(), NOW)).toEqual({ word: 'Stalled', tone: 'bad', detail: 'no packet.' });
    const away = sentCameraWords(stalled, aBox({ online: false }), NOW);
    expect(away).toMatchObject({ word: 'Not known', tone: 'off', detail: expect.stringMatching(/^Barn is not reach/) });
    expect(sentCameraWords(aCamera({ gone: true }), aBox(), NOW).word).toBe('Removed');
  });

  it('says what of it is here', () => {
    expect(hereWords(aCamera({ here: false }), NOW)).toBe('nothing has come yet');
    expect(hereWords(aCamera(), NOW)).toBe('no recording here');
    expect(hereWords(aCamera({ recorded_until: NOW / 1000 }), NOW)).toMatch(/^recorded here until /);
  });
});

describe('where to look', () => {
  const own = { id: 'box-0', cameras: [{ stream_id: 'rts-0', name: 'Door' }] };

  it('is a plain list without other boxes, and grouped by them else', () => {
    expect(groupsOf(own, [])).toEqual([{ label: '', options: [{ value: 'rts-0', name: 'Door' }] }]);
    const fresh = aCamera({ rtstream_id: 'rts-2', here: false });
    expect(groupsOf(own, [aBox({ cameras: [aCamera(), fresh] })])).toMatchObject([
      { label: 'This box', options: [{ value: 'box:box-0' }, { value: 'rts-0' }] },
      {
        label: 'Barn',
        options: [
          { value: 'box:box-1', name: 'All of Barn' },
          { value: 'rts-1', name: 'Gate' },
        ],
      },
    ]);
  });

  it('asks for what it shows, and shows no more', () => {
    expect([placeQuery(''), placeQuery('rts-1'), placeQuery('box:box-1')]).toEqual([
      {},
      { stream: 'rts-1' },
      { box: 'box-1' },
    ]);
    const here = { stream_id: 'rts-0' };
    const there = { stream_id: 'rts-1', box: { id: 'box-1' } };
    const shown = (place: string) => [here, there].map((moment) => isAt(place, moment, 'box-0'));
    expect(shown('')).toEqual([true, true]);
    expect(shown('rts-1')).toEqual([false, true]);
    expect(shown('box:box-1')).toEqual([false, true]);
    expect(shown('box:box-0')).toEqual([true, false]);
  });
});
