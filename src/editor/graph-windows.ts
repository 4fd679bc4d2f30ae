import type { Composition, Content, Layer } from './composition.ts';
import { framesOf } from './graph-time.ts';

/** A layer of which a part came before the window that it is in. */
export interface WindowLayer extends Layer {
  skippedMs?: number;
}

/** A stretch of a composition that is drawn by one ffmpeg. */
export interface Window extends Composition {
  layers: WindowLayer[];
  /** From the composition's start; a frame begins there. */
  fromMs: number;
  /** It has sound even where nothing is heard: all stretches share the init file of the last. */
  hasSound?: boolean;
}

/** What a layer takes of an ffmpeg's memory and open files, and how much of that one may have. */
const WEIGHTS: Readonly<Record<Content['kind'], number>> = { video: 4, audio: 1, image: 1, text: 1, captions: 2 };
const MOST_WEIGHT = 40;

/** Where a layer is, in frames. */
interface Span {
  layer: Layer;
  first: number;
  end: number;
  weight: number;
}

/**
 * The composition itself, or, where it is of more clips than one ffmpeg can hold, one stretch after the other. It is
 * parted where a clip begins or ends and never in a fade, so a stretch may weigh more than it should.
 */
export function windowsOf(composition: Composition): Window[] {
  const { layers, fps, durationMs } = composition;
  const end = framesOf(durationMs, fps);
  const spans = layers.map((layer): Span => {
    const [first, last] = framesSpanned(layer, fps);
    return { layer, first, end: last, weight: WEIGHTS[layer.content.kind] };
  });
  if (weightOf(spans, 0, end) <= MOST_WEIGHT) return [{ ...composition, fromMs: 0 }];
  const hasSound = layers.some(({ content }) => 'volume' in content && content.volume > 0);
  const windows: Window[] = [];
  let from = 0;
  let to = 0;
  for (const cut of cutsOf(layers, fps, end)) {
    if (to > from && weightOf(spans, from, cut) > MOST_WEIGHT) {
      windows.push({ ...windowOf(composition, spans, from, to), hasSound });
      from = to;
    }
    to = cut;
  }
  return [...windows, { ...windowOf(composition, spans, from, end), hasSound }];
}

function framesSpanned({ startMs, durationMs }: Layer, fps: number): [from: number, to: number] {
  return [framesOf(startMs, fps), framesOf(startMs + durationMs, fps)];
}

function weightOf(spans: readonly Span[], from: number, to: number): number {
  let sum = 0;
  for (const span of spans) if (span.first < to && span.end > from) sum += span.weight;
  return sum;
}

/** Frames at which something begins or ends and nothing fades, and the last one; in order. */
function cutsOf(layers: readonly Layer[], fps: number, end: number): number[] {
  const edges = new Set(
    layers.flatMap((layer) => framesSpanned(layer, fps)).filter((frame) => frame > 0 && frame < end),
  );
  const fades = layers.flatMap((layer) => fadesOf(layer, fps)).sort(([a], [b]) => a - b);
  let [n, fadingUntil] = [0, 0];
  const whole = [...edges]
    .sort((a, b) => a - b)
    .filter((frame) => {
      for (let fade = fades[n]; fade && fade[0] < frame; fade = fades[++n])
        fadingUntil = Math.max(fadingUntil, fade[1]);
      return fadingUntil <= frame;
    });
  return [...whole, end];
}

function fadesOf(layer: Layer, fps: number): [from: number, to: number][] {
  const { transition } = layer;
  if (!transition) return [];
  const [first, end] = framesSpanned(layer, fps);
  const length = Math.ceil((transition.durationMs * fps) / 1000) + 1;
  return [
    ...(transition.in ? [[first, Math.min(end, first + length)] as [number, number]] : []),
    ...(transition.out ? [[Math.max(first, end - length), end] as [number, number]] : []),
  ];
}

function windowOf(composition: Composition, spans: readonly Span[], from: number, to: number): Window {
  const { fps } = composition;
  const [fromMs, toMs] = [(from * 1000) / fps, (to * 1000) / fps];
  const within = spans.filter((span) => span.first < to && span.end > from);
  return {
    ...composition,
    fromMs,
    durationMs: toMs - fromMs,
    layers: within.map(({ layer }) => partOf(layer, fromMs, toMs)),
  };
}

/** The part of a layer that is between two times. */
function partOf(layer: Layer, fromMs: number, toMs: number): WindowLayer {
  const { startMs, durationMs, content, transition, follow } = layer;
  const skippedMs = Math.max(0, fromMs - startMs);
  const endMs = Math.min(startMs + durationMs, toMs);
  const { transition: _, ...rest } = layer;
  const faded = transition && {
    durationMs: transition.durationMs,
    ...(transition.in && skippedMs === 0 ? { in: transition.in } : {}),
    ...(transition.out && endMs === startMs + durationMs ? { out: transition.out } : {}),
  };
  return {
    ...rest,
    startMs: Math.max(0, startMs - fromMs),
    durationMs: endMs - startMs - skippedMs,
    content: 'fromMs' in content ? { ...content, fromMs: content.fromMs + skippedMs } : content,
    ...(faded ? { transition: faded } : {}),
    ...(follow ? { follow: follow.map((point) => ({ ...point, atMs: point.atMs - skippedMs })) } : {}),
    ...(skippedMs > 0 ? { skippedMs } : {}),
  };
}
