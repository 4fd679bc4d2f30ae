/** A stretch on the canvas' own clock. */
export interface Span {
  /** The number of the first frame. */
  first: number;
  frames: number;
}

export function framesOf(ms: number, fps: number): number {
  return Math.round((ms * fps) / 1000);
}

/** The frames of a layer that are within the composition. */
export function spanOf(
  layer: { startMs: number; durationMs: number },
  { fps, durationMs }: { fps: number; durationMs: number },
): Span {
  const first = framesOf(layer.startMs, fps);
  const end = Math.min(framesOf(layer.startMs + layer.durationMs, fps), framesOf(durationMs, fps));
  return { first, frames: Math.max(0, end - first) };
}
