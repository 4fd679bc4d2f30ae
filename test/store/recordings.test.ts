import { describe, expect, it } from 'vitest';
import { aCamera, aSegment, aSession, NOON, openStore } from './fixture.ts';

describe('segments', () => {
  it('gives back what it was given, with its session', async () => {
    await using opened = await openStore();
    const { segments } = opened.store;
    const { stream } = aCamera(opened.store);
    const session = aSession(stream.id, { codecs: 'avc1.640028' });
    const segment = aSegment(session, NOON);
    const id = segments.add(segment, session);
    expect(segments.get(id)).toEqual({ ...segment, id, session });
    expect(segments.has(segment.path)).toBe(true);
    expect(segments.has('another')).toBe(false);
    expect(() => segments.add(segment, session)).toThrowError(expect.objectContaining({ kind: 'conflict' }));
    expect(segments.totals()).toEqual({ count: 1, bytes: 1000 });
  });

  it('learns the codecs of a session later', async () => {
    await using opened = await openStore();
    const { segments } = opened.store;
    const session = aSession(aCamera(opened.store).stream.id);
    const id = segments.add(aSegment(session, NOON), session);
    expect(segments.get(id)?.session.codecs).toBeUndefined();
    segments.add(aSegment(session, NOON + 4000), { ...session, codecs: 'avc1.640028' });
    expect(segments.get(id)?.session.codecs).toBe('avc1.640028');
  });

  it('finds what overlaps a range, by start, long ones and other sessions too', async () => {
    await using opened = await openStore();
    const { segments } = opened.store;
    const { stream } = aCamera(opened.store);
    const other = aCamera(opened.store).stream;
    const [one, two, alien] = [aSession(stream.id), aSession(stream.id), aSession(other.id)];
    const ids = [
      segments.add(aSegment(one, NOON, { endMs: NOON + 3_600_000 }), one),
      segments.add(aSegment(two, NOON + 4000), two),
      segments.add(aSegment(two, NOON + 8000), two),
    ];
    segments.add(aSegment(alien, NOON), alien);
    const found = (start: number, end: number) =>
      segments.inRange(stream.id, NOON + start, NOON + end).map(({ id }) => ids.indexOf(id));
    expect(found(0, 12_000)).toEqual([0, 1, 2]);
    expect(found(8000, 9000)).toEqual([0, 2]);
    expect(found(3_000_000, 3_000_001)).toEqual([0]);
    expect(found(-10, 0)).toEqual([]);
    expect(found(3_600_000, 9e6)).toEqual([]);
    expect(segments.bounds(stream.id)).toEqual({ startMs: NOON, endMs: NOON + 12_000 });
    expect(segments.bounds('none')).toBeUndefined();
    expect(segments.inRange('none', 0, 9e15)).toEqual([]);
  });

  it('gives pages of what overlaps a range, each segment once, also where many begin at the same time', async () => {
    await using opened = await openStore();
    const { segments } = opened.store;
    const { stream } = aCamera(opened.store);
    const [one, two] = [aSession(stream.id), aSession(stream.id)];
    for (const session of [one, two]) {
      for (let n = 0; n < 300; n++) segments.add(aSegment(session, NOON + n * 4000), session);
      for (let n = 0; n < 300; n++)
        segments.add({ ...aSegment(session, NOON + 2_000_000), path: `${session.id}/s${n}` }, session);
    }
    const [from, to] = [NOON + 5000, NOON + 9e6];
    const pages = [...segments.pages(stream.id, from, to)];
    expect(pages.map((page) => page.length)).toEqual([500, 500, 198]);
    expect(pages.flat()).toEqual(segments.inRange(stream.id, from, to));
    expect([...segments.pages('none', 0, 9e15)]).toEqual([]);
  });

  it('refuses paths that leave the media directory', async () => {
    await using opened = await openStore();
    const { segments } = opened.store;
    const session = aSession(aCamera(opened.store).stream.id);
    for (const path of ['/media/a.m4s', '../a.m4s', 'x/../../a.m4s', './a.m4s', 'x\\a.m4s', 'x\0']) {
      const segment = aSegment(session, NOON, { path });
      expect(() => segments.add(segment, session), path).toThrowError(expect.objectContaining({ kind: 'internal' }));
      const outside = { ...session, initPath: path };
      expect(() => segments.add(aSegment(session, NOON), outside)).toThrowError(/initPath/);
    }
    expect(segments.totals()).toEqual({ count: 0, bytes: 0 });
  });

  it('remembers gaps', async () => {
    await using opened = await openStore();
    const { segments } = opened.store;
    const { stream } = aCamera(opened.store);
    const gap = { streamId: stream.id, startMs: NOON, endMs: NOON + 9000, reason: 'no answer from the camera' };
    segments.addGap(gap);
    expect(segments.gaps(stream.id, NOON + 1, NOON + 2)).toEqual([gap]);
    expect(segments.gaps(stream.id, NOON + 9000, NOON + 9001)).toEqual([]);
  });
});
