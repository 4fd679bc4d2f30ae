/** What a timeline bar shows, as data: stretches in percent of the bar, and words for any moment. Times are Unix seconds. */
import { clock, plural } from '../format.ts';
import type { TimelineJson } from '../wire.ts';

export interface Bar {
  kind: 'recorded' | 'gap' | 'unwanted' | 'motion' | 'heard' | 'alert';
  left: number;
  width: number;
  title?: string;
}

/** Pieces of recording nearer than this are one stretch. */
const JOIN_S = 2;

export function bars(timeline: TimelineJson, start: number, end: number): Bar[] {
  const place = (kind: Bar['kind'], from: number, to: number, title?: string): Bar[] => {
    const a = Math.max(start, from);
    const b = Math.min(end, to);
    if (b < a || from > end || to < start) return [];
    const bar: Bar = { kind, left: ((a - start) / (end - start)) * 100, width: ((b - a) / (end - start)) * 100 };
    return [title === undefined ? bar : { ...bar, title }];
  };
  return [
    ...joined(timeline.recorded).flatMap(([a, b]) => place('recorded', a, b)),
    ...timeline.gaps.flatMap((gap) => place(gap.unwanted ? 'unwanted' : 'gap', gap.start, gap.end, gap.reason)),
    ...joined(moving(timeline).map((scene) => [scene.start, scene.end])).flatMap(([a, b]) => place('motion', a, b)),
    ...heard(timeline).flatMap((scene) => place('heard', scene.start, scene.end, heardWords(scene))),
    ...timeline.alerts.flatMap((alert) => place('alert', alert.at, alert.at, alert.label)),
  ];
}

/** Neighbouring stretches as one, in order. */
export function joined(stretches: readonly (readonly [number, number])[]): [number, number][] {
  const result: [number, number][] = [];
  for (const [from, to] of [...stretches].sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last && from - last[1] <= JOIN_S) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

function moving(timeline: TimelineJson): TimelineJson['scenes'] {
  return timeline.scenes.filter((scene) => Boolean(scene.motion));
}

function heard(timeline: TimelineJson): TimelineJson['scenes'] {
  return timeline.scenes.filter((scene) => heardWords(scene) !== '');
}

/** "a dog barks", or what was said in quotation marks; empty when the scene was only seen. */
function heardWords({ sound, speech }: TimelineJson['scenes'][number]): string {
  return sound ?? (speech ? `“${speech}”` : '');
}

/** "09:41:20, recorded, motion, alert: door-open". */
export function momentWords(timeline: TimelineJson, at: number, nowMs: number, locale?: string): string {
  const gap = timeline.gaps.find((g) => at >= g.start && at <= g.end);
  const recorded = timeline.recorded.some(([from, to]) => at >= from - JOIN_S && at <= to + JOIN_S);
  const alert = timeline.alerts.find((a) => Math.abs(a.at - at) <= 15);
  const parts = [
    clock(at * 1000, nowMs, locale),
    recorded ? 'recorded' : gap ? `not ${gap.unwanted ? 'kept' : 'recorded'}: ${gap.reason}` : 'not recorded',
    moving(timeline).some((scene) => at >= scene.start && at <= scene.end) ? 'motion' : '',
    ...heard(timeline)
      .filter((scene) => at >= scene.start && at <= scene.end)
      .map(heardWords),
    alert ? `alert: ${alert.label}` : '',
  ];
  return parts.filter(Boolean).join(', ');
}

/** A few words for the whole bar. */
export function summary(timeline: TimelineJson, start: number, end: number): string {
  const clipped = joined(timeline.recorded).map(([a, b]) => Math.min(b, end) - Math.max(a, start));
  const recorded = clipped.reduce((sum, seconds) => sum + Math.max(0, seconds), 0);
  const motion = moving(timeline).length;
  const sounds = timeline.scenes.filter(({ sound }) => sound).length;
  const said = timeline.scenes.filter(({ speech }) => speech).length;
  const parts = [
    recorded > 0 ? `${Math.round(recorded / 60)} min recorded` : 'nothing recorded',
    motion > 0 ? `${motion} × motion` : '',
    sounds > 0 ? plural(sounds, 'sound') : '',
    said > 0 ? `${said} × speech` : '',
    timeline.alerts.length > 0 ? plural(timeline.alerts.length, 'alert') : '',
  ];
  return parts.filter(Boolean).join(', ');
}
