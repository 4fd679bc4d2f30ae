import { describe, expect, it } from 'vitest';
import { boxFacts } from '../../src/web/box/box-facts.ts';
import { cameraNumbers } from '../../src/web/cameras/camera-card.ts';
import { anchor } from '../../src/web/cameras/zones.ts';
import { coverOf, problemWords, sameOrigin } from '../../src/web/finding/hls-video.ts';
import { age, bytes, clock, labelFrom, percent, phaseWords, pictureWords, span } from '../../src/web/format.ts';
import { yard } from './fixture-yard.ts';

const NOW = Date.UTC(2026, 4, 12, 9, 30);
const [door, drive, stalled, gate, store] = yard(NOW).cameras;

describe('words for numbers', () => {
  it('names a span by its two largest units', () => {
    expect([0, 59, 60, 3599, 3600, 12_000, 86_400, 273_900].map(span)).toEqual([
      '0 s',
      '59 s',
      '1 min',
      '59 min',
      '1 h',
      '3 h 20 min',
      '1 d',
      '3 d 4 h',
    ]);
  });

  it('never shows a negative age when clocks disagree', () => {
    expect(age(NOW + 4000, NOW)).toBe('0 s');
    expect(age(NOW - 12_300, NOW)).toBe('12 s');
  });

  it('writes bytes in decimal units', () => {
    expect([0, 999, 1000, 41_300_000_000, 999_600].map(bytes)).toEqual(['0 B', '999 B', '1.0 kB', '41 GB', '1.0 MB']);
  });

  it('puts the day in front of a time that is not today', () => {
    expect(clock(NOW - 60_000, NOW, 'en-GB')).toMatch(/^\d\d:\d\d:\d\d$/);
    expect(clock(NOW - 2 * 86_400_000, NOW, 'en-GB')).toMatch(/^Sun.* 10 May, \d\d:\d\d:\d\d$/);
  });

  it('keeps a share within 0–100', () => {
    expect([-1, 0.874, 3].map(percent)).toEqual(['0 %', '87 %', '100 %']);
  });

  it('makes a label of the words that matter', () => {
    expect(labelFrom('A person enters the yard at the back, quickly')).toBe('person-enters-yard-back');
    expect(labelFrom('Türe geht auf')).toBe('türe-geht-auf');
    expect(labelFrom('  ')).toBe('');
  });
});

describe('a camera in words', () => {
  it('says what it does and, in trouble, what is wrong and what happens next', () => {
    const words = [door, stalled, gate, store].map((camera) => camera && phaseWords(camera, NOW));
    expect(words).toEqual([
      { word: 'Recording', detail: '', tone: 'good' },
      { word: 'Stalled', detail: 'No packet for 10 s.', tone: 'bad' },
      { word: 'Waiting', detail: 'rtsp://192.168.1.24 refuses the connection. Tries again in 14 s.', tone: 'bad' },
      { word: 'Connecting', detail: '', tone: 'busy' },
    ]);
  });

  it('describes the picture as far as it is known', () => {
    expect(pictureWords(drive?.facts)).toBe('2560 × 1440 · H.265 · 20 fps · sound');
    expect(pictureWords(null)).toBe('');
    expect(pictureWords({ width: 0, height: 0, fps: 0, audio_codec: 'opus' })).toBe('Sound only');
  });

  it('lists its numbers, with a dash for what is unknown', () => {
    expect(drive && Object.fromEntries(cameraNumbers(drive, NOW))).toEqual({
      Keyframes: 'every 8 s',
      'Frames seen': '0.5 / s',
      'Last segment': '3 s ago',
      Dropped: '12 frames, 3 windows',
      Restarts: '0',
      CPU: '11 %',
    });
    const heard = door && { ...door, facts: { width: 0, height: 0, fps: 0, audio_codec: 'opus' } };
    expect(heard && Object.fromEntries(cameraNumbers(heard, NOW))['Frames seen']).toBe('–');
    expect(store && Object.fromEntries(cameraNumbers(store, NOW))).toMatchObject({
      Keyframes: '–',
      'Last segment': 'none yet',
      Dropped: 'none',
      CPU: '–',
    });
  });

  it('keeps zone names inside the picture', () => {
    const corner = anchor({
      name: 'corner',
      polygon: [
        [0, 0],
        [0.1, 0],
        [0, 0.1],
      ],
    });
    expect(corner).toEqual([0.1, 0.08]);
  });
});

describe('the box in words', () => {
  const status = { box: { id: 'b', name: 'n', version: '1', uptime_s: 60 }, cameras: [] };

  it('warns when no detector is installed, space is low or alerts are late', () => {
    const facts = boxFacts({
      ...status,
      inference: { state: 'none' },
      storage: { free_bytes: 1e9 },
      evaluator: { lag: 900 },
      delivery: { dead: 3 },
    });
    expect(facts.filter((fact) => fact.tone === 'warn').map((fact) => fact.text)).toEqual([
      'No object detector installed',
      '3 messages given up',
      'Alerts 900 scenes behind',
      '1.0 GB free',
    ]);
  });

  it('says how far back recordings will reach, and when they have no place', () => {
    const of = (storage: { days?: number; problem?: string }) =>
      boxFacts({ ...status, storage }).map(({ tone, text }) => `${tone}: ${text}`);
    const reaches = [1.26, 9.04, 30.4].map((days) => of({ days })[0]);
    expect(reaches).toEqual(['30 hours', '9.0 days', '30 days'].map((reach) => `plain: Reaches back ${reach}`));
    expect(of({ problem: 'x' })[0]).toMatch(/^bad: .*not mounted/);
  });

  it('leaves out what the box does not have', () => {
    expect(boxFacts(status).map((fact) => fact.text)).toEqual(['Up 1 min', 'Version 1']);
  });

  it.each([
    [{ connected: true }, 'MQTT connected'],
    [{ connected: false }, 'MQTT away'],
    [{ connected: false, problem: 'login_refused' }, 'MQTT away: login refused'],
    [{ connected: true, refused: ['a/b'] }, 'MQTT refuses topics'],
  ])('says how it is with the broker: %o', (mqtt, text) => {
    expect(boxFacts({ ...status, delivery: { mqtt } }).map((fact) => fact.text)).toContain(text);
  });
});

describe('playing', () => {
  it('goes to the box by the address of the page, whatever name the box gives itself', () => {
    expect(sameOrigin('http://box.local:8080/hls/t/x.m3u8?a=1', 'https://cctv.example/')).toBe('/hls/t/x.m3u8?a=1');
  });

  it('says where there is only something to hear', () => {
    expect(coverOf({ videoWidth: 640, muted: true })).toBe('');
    expect(coverOf({ videoWidth: 0, muted: true })).toContain('switch the sound on');
    expect(coverOf({ videoWidth: 0, muted: false })).toBe('Sound only.');
  });

  it('tells a viewer what a fatal player error means', () => {
    const words = (type: string, details: string, code?: number): string =>
      // The literal types are enums of hls.js; the function only reads them as text.
      problemWords({ type, details, ...(code ? { response: { url: '', code } } : {}) } as Parameters<
        typeof problemWords
      >[0]);
    expect(words('networkError', 'manifestLoadError', 404)).toBe('Nothing is recorded for this time.');
    expect(words('networkError', 'levelEmptyError')).toBe('Nothing is recorded for this time.');
    expect(words('networkError', 'manifestLoadError', 403)).toBe('This link is no longer valid.');
    expect(words('networkError', 'fragLoadTimeOut')).toMatch(/does not answer/);
    expect(words('mediaError', 'bufferAddCodecError')).toMatch(/H\.265/);
  });
});
