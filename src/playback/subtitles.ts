import type { Caption } from './captions.ts';

/** Where a player finds the captions' time in the media: at `localMs` of theirs the media is at `mediaS` on its own clock. */
export interface TimeMap {
  localMs: number;
  mediaS: number;
}

/** Clock of MPEG-2, by which WebVTT in HLS names times of the media. */
const MPEG_HZ = 90_000;

/** A WebVTT file. Times count from 0; what begins before is clipped. */
export function webVtt(captions: readonly Caption[], { map, note }: { map?: TimeMap; note?: string } = {}): string {
  const header = map
    ? `WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:${Math.round(map.mediaS * MPEG_HZ)},LOCAL:${clock(map.localMs)}`
    : 'WEBVTT';
  const notes = note === undefined ? [] : [`NOTE ${escaped(note)}`];
  const cues = captions.map(({ id, startMs, endMs, lines }) =>
    [id, `${clock(startMs)} --> ${clock(endMs)}`, ...lines.map(escaped)].join('\n'),
  );
  return `${[header, ...notes, ...cues].join('\n\n')}\n`;
}

/** A SubRip file, with the same times. */
export function subRip(captions: readonly Caption[]): string {
  const time = (ms: number) => clock(ms).replace('.', ',');
  const cues = captions.map(({ startMs, endMs, lines }, i) =>
    [i + 1, `${time(startMs)} --> ${time(endMs)}`, ...lines.map((line) => line.replaceAll('-->', '→'))].join('\n'),
  );
  return cues.length === 0 ? '' : `${cues.join('\n\n')}\n`;
}

/** The captions that are seen in a stretch, with the time that `fromMs` has as `atMs`. */
export function captionsWithin(
  captions: readonly Caption[],
  { fromMs, toMs, atMs }: { fromMs: number; toMs: number; atMs: number },
): Caption[] {
  const shiftMs = atMs - fromMs;
  return captions
    .filter(({ startMs, endMs }) => startMs < toMs && endMs > fromMs)
    .map((caption) => ({ ...caption, startMs: caption.startMs + shiftMs, endMs: caption.endMs + shiftMs }))
    .filter(({ endMs }) => endMs > 0);
}

function clock(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  const time = [whole / 3_600_000, (whole / 60_000) % 60, (whole / 1000) % 60].map(two).join(':');
  return `${time}.${String(whole % 1000).padStart(3, '0')}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
