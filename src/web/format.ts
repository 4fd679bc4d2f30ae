/** Numbers, times and states as words. Pure; `nowMs` is always the box's time. */
import type { CameraJson } from './wire.ts';

/** "just now", "12 s", "4 min", "3 h", "2 d". */
export function age(fromMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - fromMs) / 1000));
  if (seconds < 60) return `${seconds} s`;
  return span(seconds);
}

/** A length of time with its two largest units: "45 s", "4 min", "3 h 20 min", "2 d 4 h". */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return pair(hours, 'h', minutes % 60, 'min');
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small > 0 ? `${large} ${largeUnit} ${small} ${smallUnit}` : `${large} ${largeUnit}`;
}

/** "41 GB": decimal units, two figures below ten. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** Clock time, with the day in front when it isn't today's. */
export function clock(ms: number, nowMs: number, locale?: string): string {
  const at = new Date(ms);
  const time = at.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  if (at.toDateString() === new Date(nowMs).toDateString()) return time;
  return `${at.toLocaleDateString(locale, { weekday: 'short', day: 'numeric', month: 'short' })}, ${time}`;
}

export function percent(fraction: number): string {
  return `${Math.round(Math.min(1, Math.max(0, fraction)) * 100)} %`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

export interface PhaseWords {
  word: string;
  /** What is wrong and what happens next; empty while all is well. */
  detail: string;
  tone: 'good' | 'busy' | 'bad' | 'off';
}

/** What a camera is doing, for a person. */
export function phaseWords(
  camera: Pick<CameraJson, 'phase' | 'last_error' | 'next_try_ms'>,
  nowMs: number,
): PhaseWords {
  const error = camera.last_error ? sentence(camera.last_error) : '';
  switch (camera.phase) {
    case 'recording':
      return { word: 'Recording', detail: '', tone: 'good' };
    case 'connecting':
      return { word: 'Connecting', detail: error, tone: 'busy' };
    case 'stalled':
      return { word: 'Stalled', detail: error || 'The camera is connected but sends nothing.', tone: 'bad' };
    case 'waiting':
      return {
        word: 'Waiting',
        detail: [error, nextTry(camera.next_try_ms, nowMs)].filter(Boolean).join(' '),
        tone: 'bad',
      };
    case 'stopped':
      return { word: 'Stopped', detail: '', tone: 'off' };
  }
}

function nextTry(atMs: number | null | undefined, nowMs: number): string {
  if (atMs == null) return '';
  const seconds = Math.ceil((atMs - nowMs) / 1000);
  return seconds > 0 ? `Tries again in ${span(seconds)}.` : 'Tries again now.';
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

/** "1920 × 1080 · H.264 · 25 fps", or "Sound only". */
export function pictureWords(facts: CameraJson['facts']): string {
  if (!facts) return '';
  if (isSoundOnly(facts)) return 'Sound only';
  const codecs: Record<string, string> = { h264: 'H.264', hevc: 'H.265', h265: 'H.265', mjpeg: 'MJPEG', av1: 'AV1' };
  const parts = [
    facts.width && facts.height ? `${facts.width} × ${facts.height}` : '',
    facts.video_codec ? (codecs[facts.video_codec.toLowerCase()] ?? facts.video_codec) : '',
    facts.fps ? `${decimal(facts.fps)} fps` : '',
    facts.audio_codec ? 'sound' : '',
  ];
  return parts.filter(Boolean).join(' · ');
}

/** Whether it was seen to send no pictures. */
export function isSoundOnly(facts: CameraJson['facts']): boolean {
  return facts != null && !facts.video_codec && Boolean(facts.audio_codec);
}

/** One digit behind the point, where there is any. */
export function decimal(value: number): number {
  return Number(value.toFixed(1));
}

/** A label for an alert made from its prompt: "A person enters the yard" → "person-enters-yard". */
export function labelFrom(prompt: string): string {
  const small = new Set([
    'a',
    'an',
    'the',
    'is',
    'are',
    'in',
    'on',
    'at',
    'of',
    'to',
    'for',
    'when',
    'if',
    'and',
    'or',
  ]);
  const words = prompt.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words
    .filter((word) => !small.has(word))
    .slice(0, 4)
    .join('-');
}
