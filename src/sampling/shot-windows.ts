import type { Frame, Window, Zone } from '#domain';

export interface ShotSpec {
  streamId: string;
  /** 0–100: a frame that differs more than this from the one before begins a shot. */
  threshold: number;
  /** Most frames per window. */
  frameCount: number;
  /** A shot that goes on is cut here. */
  longestMs: number;
  zones: readonly Zone[];
}

/** A frame that comes out of order by this much is passed over; by more, and the clock has stepped back. */
const LATE_MS = 2000;

/**
 * Cuts frames into shots: where ffmpeg's scene score says that the picture changed, and after `longestMs` at the latest.
 * A shot ends where the next begins; a stretch of more than `longestMs` without frames belongs to none. Its frames are
 * thinned out evenly while it goes on, so memory is bounded by `frameCount`. Like `timeWindows` it passes over late frames.
 */
export async function* shotWindows(frames: AsyncIterable<Frame>, spec: ShotSpec): AsyncGenerator<Window, void> {
  let shot: Shot | undefined;
  for await (const frame of frames) {
    if (shot) {
      const awayMs = frame.atMs - shot.lastMs;
      if (awayMs <= 0 && awayMs >= -LATE_MS) continue;
      const lost = awayMs > spec.longestMs || awayMs < 0;
      const cut = frame.sceneScore * 100 > spec.threshold || frame.atMs - shot.startMs >= spec.longestMs;
      if (lost || cut) {
        yield shot.window(spec, lost ? shot.naturalEndMs(spec.longestMs) : frame.atMs);
        shot = undefined;
      }
    }
    shot ??= new Shot(frame.atMs, spec.frameCount);
    shot.add(frame);
  }
  if (shot) yield shot.window(spec, shot.naturalEndMs(spec.longestMs));
}

/** One shot's frames: at most twice as many as wanted are held. */
class Shot {
  readonly startMs: number;
  lastMs: number;
  #beforeLastMs: number | undefined;
  #wanted: number;
  #frames: Frame[] = [];
  /** Every `step`-th frame is kept. */
  #step = 1;
  #seen = 0;

  constructor(startMs: number, wanted: number) {
    this.startMs = startMs;
    this.lastMs = startMs;
    this.#wanted = wanted;
  }

  add(frame: Frame): void {
    if (this.#seen > 0) this.#beforeLastMs = this.lastMs;
    this.lastMs = frame.atMs;
    if (this.#seen % this.#step === 0) this.#frames.push(frame);
    this.#seen += 1;
    if (this.#frames.length > 2 * this.#wanted) {
      this.#frames = this.#frames.filter((_, i) => i % 2 === 0);
      this.#step *= 2;
    }
  }

  /** Where it ends when no frame tells: as long after the last one as that came after the one before. */
  naturalEndMs(longestMs: number): number {
    const endMs = this.lastMs + (this.lastMs - (this.#beforeLastMs ?? this.lastMs - 1000));
    return Math.max(this.lastMs + 1, Math.min(endMs, this.startMs + longestMs));
  }

  window({ streamId, zones }: ShotSpec, endMs: number): Window {
    return { streamId, startMs: this.startMs, endMs, frames: thinned(this.#frames, this.#wanted), zones };
  }
}

/** At most `count` of them, evenly spread: the middle of each part. */
function thinned(frames: readonly Frame[], count: number): Frame[] {
  if (frames.length <= count) return [...frames];
  const part = frames.length / count;
  return Array.from({ length: count }, (_, i) => frames[Math.floor((i + 0.5) * part)]).filter(
    (frame) => frame !== undefined,
  );
}
