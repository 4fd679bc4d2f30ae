import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { Fault } from '#runtime';

/** A message is smaller than 1 MiB; the last whole line is within the last two of that size. */
const TAIL_BYTES = 2 * 1024 * 1024;

/**
 * Live events as lines of JSON, each with the time at which it came. Opened anew for each line, so that it may be moved
 * away meanwhile; a line is there as a whole or not at all. Only its owner may read it: it says what was said.
 */
export class EventsFile {
  readonly #path: string;

  /** Empties it when told to; else what a listener that was killed has left of its last line is cut off. */
  constructor(path: string, clear: boolean) {
    this.#path = path;
    if (clear || !existsSync(path)) writeFileSync(path, '', { mode: 0o600 });
    else cutTornLine(path);
  }

  /** The number of the last event that has one. */
  lastSeq(): number | undefined {
    for (const line of tailOf(this.#path).toString('utf8').split('\n').reverse()) {
      const seq = seqOf(line);
      if (seq !== undefined) return seq;
    }
    return undefined;
  }

  /** Throws `unavailable` when the disk doesn't take it; nothing of it is left then. */
  append(message: object, nowMs: number): void {
    const line = JSON.stringify({ ts: new Date(nowMs).toISOString(), unix_ts: nowMs / 1000, ...message });
    const size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    try {
      appendFileSync(this.#path, `${line}\n`, { mode: 0o600 });
    } catch (error) {
      if (existsSync(this.#path)) truncateSync(this.#path, size);
      throw new Fault('unavailable', `the event could not be written to ${this.#path}: is the disk full?`, {
        cause: error,
      });
    }
  }
}

function cutTornLine(path: string): void {
  const tail = tailOf(path);
  const whole = tail.lastIndexOf(0x0a) + 1;
  if (whole < tail.length) truncateSync(path, statSync(path).size - (tail.length - whole));
}

function tailOf(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const read = readSync(file, tail, 0, tail.length, size - tail.length);
    return tail.subarray(0, read);
  } finally {
    closeSync(file);
  }
}

function seqOf(line: string): number | undefined {
  try {
    const event: unknown = JSON.parse(line);
    if (typeof event !== 'object' || event === null || !('seq' in event)) return undefined;
    return typeof event.seq === 'number' ? event.seq : undefined;
  } catch {
    return undefined; // The first line of the tail begins in its middle.
  }
}
