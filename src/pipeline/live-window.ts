import type { TimedFragment } from '#camera';
import { deadline, Fault } from '#runtime';

/** A part as a playlist lists it; players may begin with one that is independent. */
export interface LivePart {
  durationS: number;
  isIndependent: boolean;
  data: Buffer;
}

/** A stretch of parts. It begins with a keyframe, where these come often enough. */
export interface LiveSegment {
  /** Its media sequence number. */
  msn: number;
  /** Unix milliseconds. */
  startMs: number;
  durationS: number;
  parts: LivePart[];
  /** All its parts in one; absent while it grows. */
  data?: Buffer;
}

/** What playlists promise of all segments, in whole seconds. */
const SEGMENT_TARGET_S = 4;
/** With what rounding allows: a segment ends before it gets longer, whether a keyframe comes or not. */
const LONGEST_S = SEGMENT_TARGET_S + 0.4;
/** At the first keyframe after so long a segment ends. */
const SHORTEST_S = 1.5;
const PART_S = 0.3;
/** Pictures come a little irregularly: so much longer than their usual number of them takes a part may be. */
const SLACK = 1.08;
/** So much has to come before anybody can play. */
const BEGINNING_S = 1;
/** Three target durations must stay; a little more, so that who asks late still finds what was listed. */
const KEPT_S = 3 * SEGMENT_TARGET_S + 1;
const KEPT_BYTES = 16 * 1024 * 1024;
/** For what comes next, as the protocol wants it; for the first, longer than a copy may take to begin. */
const LONGEST_WAIT_MS = { next: 3 * SEGMENT_TARGET_S * 1000, first: 30_000 };
const MOST_WAITING = 64;

/**
 * The last seconds of one run of a live copy, cut into parts and segments for low-latency HLS, in memory and bounded there:
 * the newest wins. Who asks for what is about to come waits for it. When the copy ends, all who wait get the reason.
 */
export class LiveWindow {
  /** The number of its first segment, which tells it from other runs. */
  readonly run: number;
  readonly segmentTargetS = SEGMENT_TARGET_S;
  readonly segments: LiveSegment[] = [];
  /** What players need before the first part; set when `isReady`. */
  init: Buffer = Buffer.alloc(0);
  /** What comes before the length of parts is known. */
  #beginning: TimedFragment[] = [];
  #partS: number | undefined;
  #nextMsn: number;
  /** The part that grows. */
  #open: TimedFragment[] = [];
  readonly #waiting = new Set<() => void>();
  #ended: Fault | undefined;

  /** How many others began before it: players keep lists as long as that. */
  readonly discontinuities: number;

  /** `run` must be larger than all numbers of segments of earlier runs, whose playlists players may have. */
  constructor(run: number, discontinuities = 0) {
    this.run = run;
    this.discontinuities = discontinuities;
    this.#nextMsn = run;
  }

  /** There is something to play: a whole segment, without which players don't ask for what comes next. */
  get isReady(): boolean {
    return this.segments[0]?.data !== undefined;
  }

  /** No part is longer. It only grows, when the camera has paused. */
  get partTargetS(): number {
    return Math.max(this.#partS ?? 0, ...this.segments.flatMap(({ parts }) => parts.map(({ durationS }) => durationS)));
  }

  /** Which part comes next. */
  get next(): { msn: number; part: number } {
    const last = this.#growing();
    return last ? { msn: last.msn, part: last.parts.length } : { msn: this.#nextMsn, part: 0 };
  }

  add(fragment: TimedFragment): void {
    if (this.#partS !== undefined) {
      this.#append(fragment);
      return;
    }
    this.#beginning.push(fragment);
    const lengths = this.#beginning.flatMap(({ pictures }) => pictures?.durationS ?? []);
    const bytes = sum(this.#beginning.map(({ data }) => data.length));
    // Pictures that come at one time make no second, however many they are.
    if ((lengths.length < 3 || sum(lengths) < BEGINNING_S) && bytes < KEPT_BYTES / 2) return;
    const usualS = lengths.sort((a, b) => a - b)[lengths.length >> 1] ?? PART_S;
    this.#partS = usualS * Math.max(1, Math.round(PART_S / usualS)) * SLACK;
    for (const one of this.#beginning) this.#append(one);
    this.#beginning = [];
  }

  end(reason: Fault): void {
    this.#ended = reason;
    this.#tell();
  }

  /** Whether the segment, or that part of it, is there; after a segment's last part comes the first of the next. */
  has(msn: number, part?: number): boolean {
    const { next } = this;
    if (msn >= next.msn) return msn === next.msn && part !== undefined && part < next.part;
    const parts = this.segments.find((segment) => segment.msn === msn)?.parts.length ?? Infinity;
    return part === undefined || part < parts || this.has(msn + 1, 0);
  }

  /** Until there is something to play. Throws the reason when it ends before, `unavailable` when nothing comes. */
  ready(signal: AbortSignal): Promise<void> {
    return this.#until(() => this.isReady, LONGEST_WAIT_MS.first, signal);
  }

  /** Until `has`. Throws as `ready` does, and `invalid` for what lies too far ahead. */
  async until(msn: number, part: number | undefined, signal: AbortSignal): Promise<void> {
    if (msn > this.next.msn + 1) throw new Fault('invalid', '_HLS_msn: lies too far ahead of what the playlist has');
    await this.#until(() => this.has(msn, part), LONGEST_WAIT_MS.next, signal);
  }

  async #until(condition: () => boolean, longestMs: number, signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= MOST_WAITING) throw new Fault('unavailable', 'too many wait for this camera: try again');
    using limit = deadline(signal, longestMs);
    while (!condition()) {
      if (this.#ended) throw this.#ended;
      if (limit.signal.aborted) throw new Fault('unavailable', 'the camera sends nothing new: try again');
      await this.#change(limit.signal);
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted) done();
    });
  }

  #tell(): void {
    for (const done of [...this.#waiting]) done();
  }

  #append(fragment: TimedFragment): void {
    const { pictures } = fragment;
    const partS = this.#partS ?? PART_S;
    if (pictures) {
      if (this.#endsBefore(fragment, pictures)) this.#endSegment();
      else if (lengthOf(this.#open) + pictures.durationS > partS) this.#endPart();
    }
    this.#open.push(fragment);
    // Another picture like this one would not fit: players needn't wait for it.
    if (pictures && lengthOf(this.#open) + pictures.durationS > partS) this.#endPart();
  }

  #endsBefore({ data }: TimedFragment, { durationS, isKeyframe }: NonNullable<TimedFragment['pictures']>): boolean {
    const segment = this.#growing();
    const lengthS = (segment?.durationS ?? 0) + lengthOf(this.#open);
    if (lengthS === 0) return false;
    const bytes = sum([...(segment?.parts ?? []), ...this.#open].map((one) => one.data.length));
    if (lengthS + durationS > LONGEST_S || bytes + data.length > KEPT_BYTES / 2) return true;
    const began = segment?.parts[0]?.isIndependent ?? isIndependent(this.#open);
    return isKeyframe && (lengthS >= SHORTEST_S || !began);
  }

  #endPart(): void {
    const [first] = this.#open.filter(({ pictures }) => pictures);
    if (!first) return;
    const segment = this.#growing() ?? this.#beginSegment(first.atMs());
    const durationS = lengthOf(this.#open);
    const data = Buffer.concat(this.#open.map((one) => one.data));
    segment.parts.push({ durationS, isIndependent: isIndependent(this.#open), data });
    segment.durationS += durationS;
    this.#open = [];
    this.#tell();
  }

  #beginSegment(startMs: number): LiveSegment {
    const segment: LiveSegment = { msn: this.#nextMsn, startMs, durationS: 0, parts: [] };
    this.#nextMsn += 1;
    this.segments.push(segment);
    return segment;
  }

  /** Its parts share its bytes from then on. */
  #endSegment(): void {
    this.#endPart();
    const segment = this.#growing();
    if (!segment) return;
    segment.data = Buffer.concat(segment.parts.map(({ data }) => data));
    let at = 0;
    for (const part of segment.parts) {
      part.data = segment.data.subarray(at, at + part.data.length);
      at += part.data.length;
    }
    this.#forget();
    this.#tell();
  }

  #forget(): void {
    for (;;) {
      const [oldest] = this.segments;
      if (!oldest || this.segments.length < 2) return;
      const restS = sum(this.segments.map(({ durationS }) => durationS)) - oldest.durationS;
      const bytes = sum(this.segments.map(({ data }) => data?.length ?? 0));
      if (restS < KEPT_S && bytes <= KEPT_BYTES) return;
      this.segments.shift();
    }
  }

  #growing(): LiveSegment | undefined {
    const last = this.segments.at(-1);
    return last?.data ? undefined : last;
  }
}

function lengthOf(fragments: readonly TimedFragment[]): number {
  return sum(fragments.map(({ pictures }) => pictures?.durationS ?? 0));
}

function isIndependent(fragments: readonly TimedFragment[]): boolean {
  return fragments.find(({ pictures }) => pictures)?.pictures?.isKeyframe ?? false;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
