import { describe, expect, it } from 'vitest';
import { alertItem, FeedModel, sceneItem } from '../../src/web/finding/feed-model.ts';
import { senseOf } from '../../src/web/finding/moment.ts';
import { bars, joined, momentWords, summary } from '../../src/web/finding/timeline.ts';
import { passInFragment, passOf } from '../../src/web/session.ts';
import { SseParser } from '../../src/web/sse.ts';
import type { TimelineJson } from '../../src/web/wire.ts';
import { yard } from './fixture-yard.ts';

describe('server-sent events', () => {
  const text =
    ': hello\n\nid: 7\nevent: scene\ndata: {"a":\ndata: 1}\n\nid: 8\r\nevent: alert\r\ndata:x\r\n\r\nevent: lost\n\n';

  it('reads the same events however the text is cut', () => {
    const whole = new SseParser().push(text);
    expect(whole).toEqual([
      { event: 'scene', data: '{"a":\n1}', id: '7' },
      { event: 'alert', data: 'x', id: '8' },
    ]);
    for (let size = 1; size < text.length; size += 1) {
      const parser = new SseParser();
      const events = [];
      for (let at = 0; at < text.length; at += size) events.push(...parser.push(text.slice(at, at + size)));
      expect(events, `cut every ${size}`).toEqual(whole);
      expect(parser.lastId).toBe('8');
    }
  });

  it('does not count an event as seen before it is complete', () => {
    const parser = new SseParser();
    parser.push('id: 3\ndata: x\n\nid: 4\ndata: y\n');
    expect(parser.lastId).toBe('3');
  });
});

describe('the feed', () => {
  const { scenes, alerts } = yard(1_780_000_000_000);

  it('keeps newest first, whatever the order of arrival', () => {
    const feed = new FeedModel(100);
    for (const scene of scenes.toReversed()) feed.put(sceneItem(scene));
    for (const alert of alerts) feed.put(alertItem(alert));
    const times = feed.items.map((item) => item.atMs);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(feed.items).toHaveLength(scenes.length + alerts.length);
  });

  it('replaces a scene that grew in its place', () => {
    const feed = new FeedModel(100);
    for (const scene of scenes) feed.put(sceneItem(scene));
    const [, second] = scenes;
    if (!second) throw new Error('The fixture has too few scenes.');
    const result = feed.put(sceneItem({ ...second, end: second.end + 50 }));
    expect(result).toEqual({ index: 1, fresh: false, fallen: [] });
    expect(feed.items).toHaveLength(scenes.length);
  });

  it('drops the oldest beyond its limit and says which', () => {
    const feed = new FeedModel(3);
    const fallen = scenes.slice(0, 5).flatMap((scene) => feed.put(sceneItem(scene)).fallen);
    expect(fallen.map((item) => item.key)).toEqual(['scene-997', 'scene-996']);
  });
});

describe('a scene', () => {
  it.each([
    [{ motion: {}, packs: [] }, 'seen'],
    [{ motion: {}, sound: { sounds: [] } }, 'seen'],
    [{ sound: { sounds: [] } }, 'heard'],
    [undefined, 'said'],
    [null, 'said'],
  ] as const)('with the facts %j was %s', (facts, sense) => {
    expect(senseOf({ ...(facts === undefined ? {} : { facts }) })).toBe(sense);
  });
});

describe('the timeline', () => {
  const timeline: TimelineJson = {
    recorded: [
      [100, 104],
      [104, 108],
      [109, 120],
      [150, 260],
    ],
    gaps: [{ start: 120, end: 150, reason: 'camera away' }],
    scenes: [
      { id: 1, start: 90, end: 110, motion: true },
      { id: 2, start: 112, end: 118, motion: false },
      { id: 3, start: 160, end: 170, motion: 0, sound: 'a dog barks' },
      { id: 4, start: 165, end: 180, motion: 0, speech: 'good morning' },
    ],
    alerts: [{ id: 'a', at: 115, label: 'door' }],
  };

  it('joins pieces of one recording', () => {
    expect(joined(timeline.recorded)).toEqual([
      [100, 120],
      [150, 260],
    ]);
  });

  it('places stretches in percent and cuts them at the ends', () => {
    expect(bars(timeline, 100, 200)).toEqual([
      { kind: 'recorded', left: 0, width: 20 },
      { kind: 'recorded', left: 50, width: 50 },
      { kind: 'gap', left: 20, width: 30, title: 'camera away' },
      { kind: 'motion', left: 0, width: 10 },
      { kind: 'heard', left: 60, width: 10, title: 'a dog barks' },
      { kind: 'heard', left: 65, width: 15, title: '“good morning”' },
      { kind: 'alert', left: 15, width: 0, title: 'door' },
    ]);
    expect(bars(timeline, 1000, 2000)).toEqual([]);
  });

  it('has words for a moment and for the whole', () => {
    expect(momentWords(timeline, 105, 200_000, 'en-GB')).toMatch(/, recorded, motion, alert: door$/);
    expect(momentWords(timeline, 135, 200_000, 'en-GB')).toMatch(/, not recorded: camera away$/);
    const unwanted = { start: 300, end: 310, reason: 'nothing moved', unwanted: true as const };
    const sifted = { ...timeline, gaps: [unwanted] };
    expect(momentWords(sifted, 305, 400_000, 'en-GB')).toMatch(/, not kept: nothing moved$/);
    expect(bars(sifted, 300, 400)).toEqual([{ kind: 'unwanted', left: 0, width: 10, title: 'nothing moved' }]);
    expect(momentWords(timeline, 168, 200_000, 'en-GB')).toMatch(/, recorded, a dog barks, “good morning”$/);
    expect(summary(timeline, 0, 3600)).toBe('2 min recorded, 1 × motion, 1 sound, 1 × speech, 1 alert');
    expect(summary({ recorded: [], gaps: [], scenes: [], alerts: [] }, 0, 3600)).toBe('nothing recorded');
  });
});

describe('what somebody signs in with', () => {
  it('comes in the fragment of the address', () => {
    expect(passInFragment('#key=sk-a_b-C')).toEqual({ key: 'sk-a_b-C' });
    expect(passInFragment('#code=1234-5678')).toEqual({ code: '1234-5678' });
    expect(passInFragment('#key=')).toBeUndefined();
    expect(passInFragment('#other=1')).toBeUndefined();
  });

  it('is a code when it is eight digits, else a key', () => {
    expect(passOf(' 12345678 ')).toEqual({ code: '12345678' });
    expect(passOf('1234 5678')).toEqual({ code: '1234 5678' });
    expect(passOf('sk-12345678')).toEqual({ key: 'sk-12345678' });
  });
});
