import type { Composition, Layer } from './composition.ts';
import { lookOf, opacityOf } from './graph-look.ts';
import { expressionOf, simplePath } from './graph-path.ts';
import { type Placement, placementOf, type Rectangle, type Wandering, wanderingOf } from './graph-place.ts';
import { framesOf, type Span } from './graph-time.ts';
import type { WindowLayer } from './graph-windows.ts';
import type { Picture, Source } from './inputs.ts';

/** A layer's picture as a chain of filters that ends on the canvas' own clock, and where it lies. */
export interface Drawn {
  chain: string;
  x: number;
  y: number;
}

/** Everything is mixed in these colours, and tagged so. */
const COLOURS = 'out_color_matrix=bt709:out_range=tv';

/** A frame that is so much late, by rounding, is in time. */
const HAIR_S = 0.001;

/** The colour that nothing covers; drawn once, repeated for as long as the composition is. */
export function backgroundOf({ width, height, fps, background, durationMs }: Composition): string {
  const colour = `color=c=0x${background.slice(1)}:s=${width}x${height}:r=${fps}:d=${1 / fps}`;
  const frames = Math.max(1, framesOf(durationMs, fps));
  return [colour, 'format=gbrp', `scale=${COLOURS}`, 'format=yuv420p', repeated(frames), 'setpts=N'].join(',');
}

/** `input` is the label of the media's or the image's picture. Undefined when nothing of it is to be seen. */
export function pictureChain(
  layer: WindowLayer,
  source: Source,
  canvas: Composition,
  input: string,
  span: Span,
): Drawn | undefined {
  const { fps } = canvas;
  const picture = source.kind === 'ass' ? canvas : source.picture;
  if (!picture || layer.opacity === 0 || layer.scale === 0 || span.frames === 0) return undefined;
  const wandering = layer.follow && layer.follow.length > 0;
  const place = wandering ? wanderingOf(layer, picture, canvas) : placementOf(fitted(layer), picture, canvas);
  if (!place) return undefined;
  const still = source.kind === 'image' || (source.kind === 'ass' && source.still);
  const steps = [
    ...beginning(source, canvas, input, span, (layer.skippedMs ?? 0) / 1000),
    ...(source.kind === 'media' ? [rateOf(source, fps), `trim=end_frame=${span.frames}`] : []),
    ...cutOut(place, picture),
    source.kind === 'media' && isOpaque(layer) ? 'format=yuv420p' : 'format=yuva420p',
    ...(isWandering(place) ? following(layer, place) : seenOf(place)),
    ...(layer.filter ? [lookOf(layer.filter, place.seen)] : []),
    ...(layer.opacity < 1 ? [opacityOf(layer.opacity)] : []),
    ...(still ? [repeated(span.frames), `setpts=round(N/${fps}/TB)`] : []),
    ...fades(layer, span, fps),
    laterBy(span.first / fps),
  ];
  return { chain: steps.join(','), x: place.x, y: place.y };
}

/** Texts have the size of the canvas and were made for it. */
function fitted(layer: Layer): Layer {
  return 'assetId' in layer.content ? layer : { ...layer, fit: 'cover' };
}

function isOpaque({ opacity, transition }: Layer): boolean {
  return opacity === 1 && !transition?.in && !transition?.out;
}

function beginning(
  source: Source,
  { width, height, fps }: Composition,
  input: string,
  span: Span,
  skippedS: number,
): string[] {
  if (source.kind === 'image') return [`${input}setpts=0`];
  if (source.kind === 'media') {
    const { picture, fromS } = source;
    const even = picture?.changes ? [`scale=${picture.width}:${picture.height}`] : [];
    const zeroS = (fromS + HAIR_S).toFixed(6);
    return [
      `${input}null`,
      ...even,
      `trim=end=${(fromS + span.frames / fps + 1).toFixed(6)}`,
      `setpts=round(PTS-${zeroS}/TB)`,
    ];
  }
  const seconds = (source.still ? 1 : span.frames) / fps;
  const drawnOn = (colour: string) =>
    [
      `color=c=${colour}:s=${width}x${height}:r=${fps}:d=${seconds},format=gbrp`,
      laterBy(skippedS),
      `ass=f=${source.file}`,
      laterBy(-skippedS),
    ].join(',');
  return [cutOutOf(drawnOn, source.file)];
}

/**
 * What was drawn, by itself: it lets through as much as white differs from black behind it. What `ass` draws into an alpha
 * channel is no use: its half-transparent colours come out a quarter opaque.
 */
function cutOutOf(drawnOn: (colour: string) => string, name: string): string {
  const label = (what: string) => `[${what}-${name}]`;
  const [black, dark, light, matte] = [label('black'), label('dark'), label('light'), label('matte')];
  return [
    `${drawnOn('white')},extractplanes=g${light}`,
    `${drawnOn('black')},split${black}${dark}`,
    `${dark}extractplanes=g${label('grey')}`,
    `${light}${label('grey')}blend=all_mode=difference,negate${matte}`,
    `${black}${matte}alphamerge,format=gbrap,unpremultiply=inplace=1`,
  ].join(';');
}

/** The part of the source that is needed, in the size in which it is seen. */
function cutOut({ source, scaled }: Placement | Wandering, picture: Picture): string[] {
  const { x, y, width, height } = source;
  const whole = x === 0 && y === 0 && width === picture.width && height === picture.height;
  const matrix = picture.matrix ? `:in_color_matrix=${picture.matrix}` : '';
  return [...(whole ? [] : [cropTo(source)]), `scale=${scaled.width}:${scaled.height}:${COLOURS}${matrix}`, 'setsar=1'];
}

/** At each moment the last frame until then; at the first moment too, unless the media begins later. */
function rateOf(source: Source, fps: number): string {
  const late = source.kind === 'media' && source.fromS < -HAIR_S;
  return `fps=${fps}:round=up${late ? '' : ':start_time=0'}`;
}

function isWandering(place: Placement | Wandering): place is Wandering {
  return 'box' in place;
}

function seenOf({ seen, scaled }: Placement): string[] {
  return seen.x === 0 && seen.y === 0 && seen.width === scaled.width && seen.height === scaled.height
    ? []
    : [cropTo(seen)];
}

function cropTo({ width, height, x, y }: Rectangle): string {
  return `crop=${width}:${height}:${x}:${y}:exact=1`;
}

/** The cut wanders from point to point, and never leaves the picture. */
function following({ follow = [] }: Layer, { scaled, box, seen }: Wandering): string[] {
  const path = simplePath(follow);
  const along = (axis: 'x' | 'y', length: number, cut: number, extra: number) => {
    if (length === cut) return String(extra);
    const middle = expressionOf(path.map((point) => [point.atMs / 1000, point[axis] * length] as const));
    return `'clip(${middle}-${cut / 2},0,${length - cut})+${extra}'`;
  };
  const x = along('x', scaled.width, box.width, seen.x);
  const y = along('y', scaled.height, box.height, seen.y);
  return [`crop=${seen.width}:${seen.height}:${x}:${y}`];
}

function fades({ transition }: Layer, { frames }: Span, fps: number): string[] {
  if (!transition) return [];
  const lengthS = frames / fps;
  const durationS = Math.min(transition.durationMs / 1000, lengthS);
  if (durationS <= 0) return [];
  const fade = (type: 'in' | 'out', startS: number) => `fade=t=${type}:st=${startS}:d=${durationS}:alpha=1`;
  return [...(transition.in ? [fade('in', 0)] : []), ...(transition.out ? [fade('out', lengthS - durationS)] : [])];
}

/** Whole ticks: what were cut off of a tick would be a frame. */
function laterBy(seconds: number): string {
  return `setpts=round(PTS+(${seconds})/TB)`;
}

/**
 * Captions that lie on the canvas as they are, in shades of grey, are drawn on it at a fifth of what a picture of their
 * own would take. Colours would become others: ffmpeg mixes them as those of SD. Undefined for all other layers.
 */
export function captionsOnCanvas(
  layer: WindowLayer,
  source: Source,
  { fps }: Composition,
  span: Span,
): string | undefined {
  const { content, scale, opacity, offset, filter, transition, skippedMs = 0 } = layer;
  if (source.kind !== 'ass' || content.kind !== 'captions' || content.ass !== undefined) return undefined;
  if (scale !== 1 || opacity !== 1 || offset.x !== 0 || offset.y !== 0 || filter || transition) return undefined;
  const colours = [content.primaryColor, content.secondaryColor, content.backColor, content.border.outlineColor];
  if (!colours.every(isGrey)) return undefined;
  const startS = span.first / fps - skippedMs / 1000;
  return [laterBy(-startS), `ass=f=${source.file}`, laterBy(startS)].join(',');
}

/** `&HAABBGGRR` */
function isGrey(colour: string): boolean {
  return /^&H[0-9a-f]{2}([0-9a-f]{2})\1\1&?$/i.test(colour);
}

function repeated(frames: number): string {
  return `loop=loop=${frames - 1}:size=1:start=0`;
}
