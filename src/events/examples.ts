import type { Rule } from '#domain';
import { stretchOf } from './during.ts';
import { joinedPlays } from './joined-plays.ts';
import { firedIn, type Play, scenesOf } from './plays.ts';
import type { SceneView } from './simple.ts';
import { storiesOf } from './stories.ts';

/** A sentence that says what happens, and the scenes that show it. */
export interface Example {
  text: string;
  scenes: SceneView[];
}

const MOST = 3;
const MINUTE_MS = 60_000;
const WEEK_MINUTES = 7 * 24 * 60;

/**
 * What would fire the rule and what would not, up to three of each. They are true: each was played to the rule by the
 * steps that live alerts take, and stands where it came out.
 */
export function examplesOf(rule: Rule, nowMs: number): { fires: Example[]; silent: Example[] } {
  const fires: Example[] = [];
  const silent: Example[] = [];
  const { inside, outside } = timesFor(rule, nowMs);
  const at = rule.during ? ` ${whenWords(inside)}` : '';
  for (const { text, play } of playsOf(rule)) {
    const example = { text: `${text}${at}`, scenes: play(inside) };
    (firedIn(rule, example.scenes) ? fires : silent).push(example);
    if (outside === undefined || !fires.includes(example)) continue;
    const late = { text: `${text} ${whenWords(outside)}`, scenes: play(outside) };
    if (!firedIn(rule, late.scenes) && fires.length === 1) silent.unshift(late);
  }
  return { fires: fires.slice(0, MOST), silent: silent.slice(0, MOST) };
}

function playsOf(rule: Rule): Play[] {
  if (rule.subject.kind === 'parts') return joinedPlays(rule.subject);
  return storiesOf(rule).map((one) => ({ text: one.text, play: (startMs) => scenesOf(one, startMs) }));
}

/** A time that the rule is for, and one that it isn't for, both long enough for any story. */
function timesFor(rule: Rule, nowMs: number): { inside: number; outside?: number } {
  const { during } = rule;
  const now = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  if (!during) return { inside: now };
  const lastsMs = 2 * (rule.forMs ?? 0) + 10 * MINUTE_MS;
  let inside: number | undefined;
  let outside: number | undefined;
  for (let minute = 0; minute < WEEK_MINUTES && (inside === undefined || outside === undefined); minute += 5) {
    const startMs = now + minute * MINUTE_MS;
    const stretch = stretchOf(during, { startMs, endMs: startMs + lastsMs });
    if (!stretch) outside ??= startMs;
    else if (stretch.startMs <= startMs && stretch.endMs >= startMs + lastsMs) inside ??= startMs;
  }
  return { inside: inside ?? now, ...(outside === undefined ? {} : { outside }) };
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function whenWords(ms: number): string {
  const date = new Date(ms);
  const two = (n: number) => String(n).padStart(2, '0');
  return `on ${DAYS[date.getDay()] ?? ''} at ${two(date.getHours())}:${two(date.getMinutes())}`;
}
