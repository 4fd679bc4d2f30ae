/** How another box and its cameras are, in words. Pure; `nowMs` is always the time of the box whose page this is. */
import { age, bytes, clock, type PhaseWords, phaseWords, plural, span } from '../format.ts';
import type { BoxJson, SentCameraJson } from '../wire.ts';

/** What is less is on its way. */
const BEHIND_S = 60;

export interface BoxWords {
  tone: 'armed' | 'quiet';
  state: string;
  facts: string;
  problems: string[];
}

/** How a box is, for a person. What its cameras lack stands with them. */
export function boxWords(box: BoxJson, nowMs: number): BoxWords {
  const { cameras, waiting, online } = box;
  const there = cameras.filter(({ gone }) => !gone);
  const recording = there.filter(({ phase }) => phase === 'recording').length;
  const left = waiting.reduce((sum, { bytes: one }) => sum + one, 0);
  const behind = box.lag_s > BEHIND_S ? `${span(box.lag_s)} behind (${bytes(left)} to come)` : '';
  const facts = [`${recording} of ${plural(there.length, 'camera')} recording`, behind, `version ${box.version}`];
  const skewed =
    Math.abs(box.clock_ahead_s) > BEHIND_S ? [`its clock is off by ${span(Math.abs(box.clock_ahead_s))}`] : [];
  return {
    tone: online ? 'armed' : 'quiet',
    state: online ? 'online' : awayWords(box, nowMs),
    facts: facts.filter(Boolean).join(' · '),
    problems: [...box.notes.filter((note) => !note.startsWith('camera ')), ...skewed],
  };
}

/** What a camera of another box is doing, as far as it is known here. */
export function sentCameraWords(camera: SentCameraJson, box: BoxJson, nowMs: number): PhaseWords {
  if (camera.gone) return { word: 'Removed', detail: 'Its box has it no more; what it sent is here.', tone: 'off' };
  if (!box.online) return { word: 'Not known', detail: `${box.name} is ${awayWords(box, nowMs)}.`, tone: 'off' };
  return phaseWords(camera, nowMs);
}

/** Of a camera, what of it can be seen here. */
export function hereWords({ here, recorded_until: until }: SentCameraJson, nowMs: number): string {
  if (!here) return 'nothing has come yet';
  return until === undefined ? 'no recording here' : `recorded here until ${clock(until * 1000, nowMs)}`;
}

function awayWords({ last_seen: seen }: BoxJson, nowMs: number): string {
  return `not reachable since ${clock(seen * 1000, nowMs)} (${age(seen * 1000, nowMs)})`;
}
