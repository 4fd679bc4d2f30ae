import type { Progress } from '#models';

/** Where progress is shown: a terminal or a pipe. */
export interface Screen {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** One of the things that take their time, one after the other. */
export interface Step {
  what: string;
  number: number;
  of: number;
}

const BAR = 10;
/** On a terminal a bar is drawn anew no more often. */
const REDRAW_MS = 100;
/** In a pipe each file has so many lines at most. */
const STEPS = 4;

/**
 * Shows how far each file of one pack is: a bar for each on a terminal, elsewhere plain lines, four for a file. `nowMs`
 * stands in for a clock that only goes forward.
 */
export function progressOn(screen: Screen, nowMs: () => number = () => performance.now()): (now: Progress) => void {
  return screen.isTTY ? bars(screen, nowMs) : lines(screen);
}

function bars(screen: Screen, nowMs: () => number): (now: Progress) => void {
  let file = '';
  let first = { atMs: 0, done: 0 };
  let drawnMs = Number.NEGATIVE_INFINITY;
  let ended = false;
  return (now) => {
    const atMs = nowMs();
    if (now.file !== file) {
      file = now.file;
      first = { atMs, done: now.done };
      drawnMs = Number.NEGATIVE_INFINITY;
      ended = false;
    }
    if (ended || (now.done < now.bytes && atMs - drawnMs < REDRAW_MS)) return;
    ended = now.done === now.bytes;
    drawnMs = atMs;
    const seconds = (atMs - first.atMs) / 1000;
    const rate = seconds > 0 ? `  ${size((now.done - first.done) / seconds)}/s` : '';
    const line = `${now.number} of ${now.of}  ${bar(now)}  ${size(now.done)} of ${size(now.bytes)}${rate}  ${now.file}`;
    screen.write(`\r\x1b[K${line.slice(0, (screen.columns ?? 80) - 1)}${ended ? '\n' : ''}`);
  };
}

/**
 * Shows which of a number of steps is done now: a bar on a terminal, which goes with the last, elsewhere a line for each.
 * To be told at a step's beginning, and of `undefined` at the end.
 */
export function stepsOn(screen: Screen): (now: Step | undefined) => void {
  return (now) => {
    if (!screen.isTTY) return void (now && screen.write(`${now.what} …\n`));
    if (!now) return void screen.write('\r\x1b[K');
    const line = `${now.number} of ${now.of}  ${bar({ done: now.number - 1, bytes: now.of })}  ${now.what}`;
    screen.write(`\r\x1b[K${line.slice(0, (screen.columns ?? 80) - 1)}`);
  };
}

function bar({ done, bytes }: Pick<Progress, 'done' | 'bytes'>): string {
  const share = bytes > 0 ? done / bytes : 1;
  const full = Math.floor(share * BAR);
  return `${'█'.repeat(full)}${'░'.repeat(BAR - full)} ${Math.floor(share * 100)
    .toString()
    .padStart(3)} %`;
}

function lines(screen: Screen): (now: Progress) => void {
  let file = '';
  let told = 0;
  return (now) => {
    if (now.file !== file) {
      file = now.file;
      told = 0;
    }
    const step = now.bytes > 0 ? Math.floor((now.done / now.bytes) * STEPS) : STEPS;
    if (step <= told) return;
    told = step;
    const share = Math.floor((step / STEPS) * 100);
    screen.write(`${now.file} (${now.number} of ${now.of}): ${share} % of ${size(now.bytes)}\n`);
  };
}

export function size(bytes: number): string {
  return bytes < 100_000 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
