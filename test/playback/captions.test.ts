import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Transcript, Word } from '#domain';
import { captionsOf, captionsWithin, spokenIn, subRip, webVtt } from '#playback';

/** Words of a quarter of a second each, one after the other. */
function words(text: string, fromMs = 0): Word[] {
  return text.split(' ').map((word, i) => ({ text: word, startMs: fromMs + i * 250, endMs: fromMs + i * 250 + 250 }));
}

const shown = (said: Word[]) => captionsOf(said).map(({ lines }) => lines);

describe('captions', () => {
  it('hold a sentence in two lines, and short sentences together', () => {
    expect(shown(words('Yes. No. It is at the gate, and it has been there for an hour. Thank you.'))).toEqual([
      ['Yes. No. It is at the gate, and', 'it has been there for an hour.'],
      ['Thank you.'],
    ]);
  });

  it('end at a pause, after seven seconds, and where two lines are full', () => {
    expect(shown([...words('so then'), ...words('he came', 1500), ...words('back', 2600)])).toEqual([
      ['so then'],
      ['he came back'],
    ]);
    const slow = words('one two three four five').map((word, i) => ({
      ...word,
      startMs: i * 2000,
      endMs: i * 2000 + 1900,
    }));
    expect(shown(slow)).toEqual([['one two three'], ['four five']]);
    const long = shown(words('another '.repeat(20).trim()));
    expect(long.flat().join(' ')).toBe('another '.repeat(20).trim());
    for (const lines of long) expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(42);
  });

  it('stay a second where nothing follows, and leave out what is no text', () => {
    const said = [...words('hi'), { text: '  ', startMs: 300, endMs: 400 }, ...words('there', 1400)];
    expect(captionsOf(said)).toEqual([
      { id: '0', startMs: 0, endMs: 1000, lines: ['hi'] },
      { id: '1400', startMs: 1400, endMs: 2400, lines: ['there'] },
    ]);
    expect(captionsOf([{ text: 'a\n\nb -->', startMs: 5, endMs: 5 }])[0]?.lines).toEqual(['a b -->']);
  });

  it('lose no word, whatever is said, and never end before they begin', () => {
    const word = fc.record({ text: fc.string({ maxLength: 60 }), gap: fc.nat(3000), length: fc.nat(900) });
    const property = fc.property(fc.array(word, { maxLength: 60 }), (list) => {
      let at = 0;
      const said = list.map(({ text, gap, length }) => {
        const startMs = at + gap;
        at = startMs + length;
        return { text, startMs, endMs: at };
      });
      const captions = captionsOf(said);
      const plain = (text: string) => text.replace(/\s+/g, '');
      expect(plain(captions.flatMap(({ lines }) => lines).join(''))).toBe(plain(said.map(({ text }) => text).join('')));
      for (const { startMs, endMs, lines } of captions) {
        expect(endMs).toBeGreaterThan(startMs);
        expect(lines.length).toBeLessThanOrEqual(2);
      }
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('of a transcript lie within its time; without words its text is spread over it', () => {
    const transcript: Transcript = { id: 1, streamId: 's', startMs: 1000, endMs: 3000, text: 'aa bb', words: [] };
    expect(spokenIn(transcript)).toEqual([
      { text: 'aa', startMs: 1000, endMs: 2000 },
      { text: 'bb', startMs: 2000, endMs: 3000 },
    ]);
    const early = { ...transcript, words: [{ text: 'aa', startMs: 500, endMs: 9000 }] };
    expect(spokenIn(early)).toEqual([{ text: 'aa', startMs: 1000, endMs: 3000 }]);
    expect(spokenIn({ ...transcript, text: '' })).toEqual([]);
  });
});

describe('files of captions', () => {
  const captions = captionsOf([...words('<b>1 & 2</b>', 3_599_500), ...words('-->', 3_700_000)]);

  it('are WebVTT, with what is markup written as text', () => {
    expect(webVtt(captions, { note: 'a --> b' })).toBe(
      [
        'WEBVTT',
        '',
        'NOTE a --&gt; b',
        '',
        '3599500',
        '00:59:59.500 --> 01:00:00.500',
        '&lt;b&gt;1 &amp; 2&lt;/b&gt;',
        '',
        '3700000',
        '01:01:40.000 --> 01:01:41.000',
        '--&gt;',
        '',
      ].join('\n'),
    );
    expect(webVtt([])).toBe('WEBVTT\n');
  });

  it('tell where their time is in the media', () => {
    const map = { localMs: 8000, mediaS: 1000.04 };
    expect(webVtt([], { map })).toBe('WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:90003600,LOCAL:00:00:08.000\n');
  });

  it('are SubRip, numbered', () => {
    expect(subRip(captions)).toBe(
      [
        ['1', '00:59:59,500 --> 01:00:00,500', '<b>1 & 2</b>', ''],
        ['2', '01:01:40,000 --> 01:01:41,000', '→', ''],
      ]
        .flat()
        .join('\n'),
    );
    expect(subRip([])).toBe('');
  });

  it('hold what is seen in a stretch, on its own time, with the same id wherever it is cut', () => {
    const all = captionsOf([...words('before', 0), ...words('over the edge of it', 3500), ...words('after', 9000)]);
    const first = captionsWithin(all, { fromMs: 0, toMs: 4000, atMs: 0 });
    const second = captionsWithin(all, { fromMs: 4000, toMs: 8000, atMs: 1000 });
    expect(first.map(({ id, startMs }) => [id, startMs])).toEqual([
      ['0', 0],
      ['3500', 3500],
    ]);
    expect(second.map(({ id, startMs, endMs }) => [id, startMs, endMs])).toEqual([['3500', 500, 1750]]);
    expect(captionsWithin(all, { fromMs: 9500, toMs: 20_000, atMs: 0 }).map(({ startMs }) => startMs)).toEqual([-500]);
    expect(webVtt(captionsWithin(all, { fromMs: 9500, toMs: 20_000, atMs: 0 }))).toContain(
      '00:00:00.000 --> 00:00:00.500',
    );
  });
});
