import type { CameraStatus, Degraded } from '#domain';

/** Drops are counted over so long. */
const WITHIN_MS = 120_000;
/** Fewer within that time are no more than a busy moment. */
const MANY = { windows: 3, frames: 30 };
/** Whatever else is behind has to be so for as long before it is told, and to be right as long before that ends. */
const STEADY_MS = 60_000;
/** Of the pictures that are asked for; less is a camera or a box that doesn't keep up. */
const ENOUGH = 0.5;
/** No camera gives more to look at, whatever is asked. */
const MOST_FPS = 10;
/** A finished recording comes every few seconds, and no later than some keyframes after the last one. */
const RECORDED_EVERY_MS = 30_000;
const KEYFRAMES_LATE = 3;

export type Counts = Pick<
  CameraStatus,
  'phase' | 'windowsDropped' | 'framesDropped' | 'fpsSeen' | 'lastSegmentEndMs' | 'facts' | 'sinceMs'
>;

/** What is asked of a camera, and how late its rows are. */
export interface Asked {
  /** The longest acceptable distance between two pictures; Infinity when nobody looks. */
  everyMs: number;
  /** Finished recordings that the database hasn't taken yet. */
  unentered: number;
}

interface Sample {
  atMs: number;
  windows: number;
  frames: number;
}

/**
 * Whether a camera gets less than is asked for, and why, in words that a person can act on. It is told what the camera
 * counts every few seconds; a busy moment isn't told of, and what was told is taken back only when it is over for good.
 * While the camera isn't recorded nothing is said: its phase says more.
 */
export class Strain {
  #samples: Sample[] = [];
  #dropping = false;
  readonly #slow = new Steady();
  readonly #late = new Steady();
  #found: Degraded[] = [];

  get degraded(): Degraded[] {
    return this.#found;
  }

  /** `monotonicMs` never steps; `nowMs` is what the camera's times are compared with. */
  note(counts: Counts, asked: Asked, { monotonicMs, nowMs }: { monotonicMs: number; nowMs: number }): void {
    if (counts.phase !== 'recording') {
      this.#samples = [];
      this.#dropping = false;
      this.#slow.forget();
      this.#late.forget();
      this.#found = [];
      return;
    }
    const looking = this.#looking(counts, monotonicMs);
    const slow = this.#slow.note(isSlow(counts, asked), monotonicMs);
    const late = this.#late.note(isLate(counts, asked, nowMs), monotonicMs);
    const found = [late && recording(asked), looking, slow && pictures(counts, asked)];
    this.#found = found.filter((one) => one !== undefined && one !== false);
  }

  #looking({ windowsDropped: windows, framesDropped: frames }: Counts, atMs: number): Degraded | undefined {
    const last = this.#samples.at(-1);
    // Counters that begin anew: the camera was connected again.
    if (last && (windows < last.windows || frames < last.frames)) this.#samples = [];
    this.#samples.push({ atMs, windows, frames });
    while ((this.#samples[1]?.atMs ?? atMs) <= atMs - WITHIN_MS) this.#samples.shift();
    const first = this.#samples[0];
    const dropped = { windows: windows - (first?.windows ?? 0), frames: frames - (first?.frames ?? 0) };
    if (dropped.windows >= MANY.windows || dropped.frames >= MANY.frames) this.#dropping = true;
    else if (dropped.windows + dropped.frames === 0) this.#dropping = false;
    return this.#dropping ? looking(dropped) : undefined;
  }
}

/** A state that counts only when it lasts, and is over only when that lasts. */
class Steady {
  #is = false;
  #otherwiseSinceMs: number | undefined;

  note(isSo: boolean, atMs: number): boolean {
    if (isSo === this.#is) this.#otherwiseSinceMs = undefined;
    else {
      this.#otherwiseSinceMs ??= atMs;
      if (atMs - this.#otherwiseSinceMs >= STEADY_MS) {
        this.#is = isSo;
        this.#otherwiseSinceMs = undefined;
      }
    }
    return this.#is;
  }

  forget(): void {
    this.#is = false;
    this.#otherwiseSinceMs = undefined;
  }
}

function isSlow(counts: Counts, asked: Asked): boolean {
  return counts.fpsSeen < askedFps(counts, asked) * ENOUGH;
}

/** Pictures a second; a camera that sends fewer is not asked for more. */
function askedFps({ facts }: Counts, { everyMs }: Asked): number {
  if (facts && facts.videoCodec === undefined) return 0;
  const fps = Math.min(MOST_FPS, 1000 / everyMs);
  return facts && facts.fps > 0 ? Math.min(fps, facts.fps) : fps;
}

/** A clock that was set back makes no recording late. */
function isLate({ lastSegmentEndMs, sinceMs, facts }: Counts, { unentered }: Asked, nowMs: number): boolean {
  const keyframesMs = (facts?.keyframeIntervalS ?? 0) * 1000 * KEYFRAMES_LATE;
  const behindMs = nowMs - Math.max(lastSegmentEndMs ?? 0, sinceMs);
  return unentered > 0 || behindMs > RECORDED_EVERY_MS + keyframesMs;
}

function looking({ windows, frames }: { windows: number; frames: number }): Degraded {
  const parts = [windows > 0 && `${windows} windows`, frames > 0 && `${frames} pictures`].filter(Boolean);
  const count = parts.length > 0 ? parts.join(' and ') : 'windows';
  return {
    kind: 'looking',
    what: `not all is looked at: ${count} were dropped within the last 2 minutes, as the models were busy`,
    remedy:
      'Fewer pictures or longer windows for its indexes, a lower tier, a smaller detector or fewer cameras; ' +
      '`watchpost plan` says how many this box bears. It is recorded in full meanwhile.',
  };
}

function pictures(counts: Counts, asked: Asked): Degraded {
  const rate = (value: number) => String(Math.round(value * 100) / 100);
  return {
    kind: 'pictures',
    what: `pictures are rare: ${rate(counts.fpsSeen)} a second of ${rate(askedFps(counts, asked))} that its indexes ask for`,
    remedy:
      'Set its I-frame interval (GOP) to 2 s or less, give it a `substream`, or ask for fewer pictures; ' +
      'when the processor is busy, look at what else runs.',
  };
}

function recording({ unentered }: Asked): Degraded {
  return {
    kind: 'recording',
    what:
      unentered > 0
        ? `recordings are behind: the database has not taken ${unentered} that are finished`
        : 'recordings are behind: none was finished for more than half a minute',
    remedy: 'Look at the disk: it is full, slow or dying. `watchpost plan` measures it.',
  };
}
