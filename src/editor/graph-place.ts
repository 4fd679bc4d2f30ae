import type { Crop, Layer, Position } from './composition.ts';

export interface Size {
  width: number;
  height: number;
}

export interface Rectangle extends Size {
  x: number;
  y: number;
}

/** How a layer's picture comes to lie on the canvas: what is cut out of it, what that is scaled to, what of it is seen. */
export interface Placement {
  source: Rectangle;
  scaled: Size;
  /** Within the scaled. */
  seen: Rectangle;
  /** Of what is seen, on the canvas. */
  x: number;
  y: number;
}

/** Around what is seen, so that scaling by whole pixels doesn't shift it. */
const MARGIN = 2;

/**
 * Where the picture lies by fit, scale, position and offset. Nothing that isn't seen is scaled, so that a layer never costs
 * more than the canvas. Undefined when nothing of it is on the canvas.
 */
export function placementOf(layer: Layer, picture: Size, canvas: Size): Placement | undefined {
  const source = insetBy(picture, 'crop' in layer.content ? layer.content.crop : undefined);
  if (source.width < 1 || source.height < 1) return undefined;
  const { whole, clip } = wholeOf(layer, source, canvas);
  const seen = rounded(intersection(clip, { x: 0, y: 0, ...canvas }));
  if (seen.width < 1 || seen.height < 1) return undefined;
  const factor = { x: whole.width / source.width, y: whole.height / source.height };
  const needed = neededOf(seen, whole, source, factor);
  const at = {
    x: Math.max(0, Math.round(seen.x - whole.x - (needed.x - source.x) * factor.x)),
    y: Math.max(0, Math.round(seen.y - whole.y - (needed.y - source.y) * factor.y)),
  };
  const scaled = {
    width: Math.max(Math.round(needed.width * factor.x), at.x + seen.width),
    height: Math.max(Math.round(needed.height * factor.y), at.y + seen.height),
  };
  return { source: needed, scaled, seen: { ...at, width: seen.width, height: seen.height }, x: seen.x, y: seen.y };
}

/** A picture that fills its box and whose middle wanders: how large it becomes, and the box, of which `seen` is on the canvas. */
export interface Wandering {
  source: Rectangle;
  scaled: Size;
  box: Size;
  seen: Rectangle;
  x: number;
  y: number;
}

/** As `placementOf` for layers that follow something; the box is the canvas' shape, whatever the fit is. */
export function wanderingOf(layer: Layer, picture: Size, canvas: Size): Wandering | undefined {
  const source = insetBy(picture, 'crop' in layer.content ? layer.content.crop : undefined);
  if (source.width < 2 || source.height < 2) return undefined;
  const { whole, clip } = wholeOf({ ...layer, fit: 'crop' }, source, canvas);
  const box = rounded(clip);
  const seen = intersection(box, { x: 0, y: 0, ...canvas });
  if (seen.width < 1 || seen.height < 1) return undefined;
  return {
    source: rounded(source),
    scaled: {
      width: Math.max(box.width, Math.round(whole.width)),
      height: Math.max(box.height, Math.round(whole.height)),
    },
    box,
    seen: { ...seen, x: seen.x - box.x, y: seen.y - box.y },
    x: seen.x,
    y: seen.y,
  };
}

/** The whole picture on an endless canvas, and what of it is not cut away by its fit. */
function wholeOf(layer: Layer, source: Size, canvas: Size): { whole: Rectangle; clip: Rectangle } {
  const { scale, fit } = layer;
  const [ax, ay] = anchorOf(layer.position);
  const box = { width: canvas.width * scale, height: canvas.height * scale };
  const place = (size: Size): Rectangle => ({
    ...size,
    x: (canvas.width - size.width) * ax + layer.offset.x * canvas.width,
    y: (canvas.height - size.height) * ay + layer.offset.y * canvas.height,
  });
  const size = sizeOf(fit, source, box, scale);
  if (fit !== 'crop') return { whole: place(size), clip: place(size) };
  const clip = place(box);
  return {
    whole: { ...size, x: clip.x + (box.width - size.width) * ax, y: clip.y + (box.height - size.height) * ay },
    clip,
  };
}

function sizeOf(fit: Layer['fit'], source: Size, box: Size, scale: number): Size {
  const ratios = [box.width / source.width, box.height / source.height];
  const by = (factor: number) => ({ width: source.width * factor, height: source.height * factor });
  if (fit === 'cover') return box;
  if (fit === 'crop') return by(Math.max(...ratios));
  if (fit === 'contain') return by(Math.min(...ratios));
  return by(scale);
}

/** 0 at the left and at the top, 1 at the right and at the bottom. */
function anchorOf(position: Position): [x: number, y: number] {
  const along = (low: string, high: string) => (position.includes(low) ? 0 : position.includes(high) ? 1 : 0.5);
  return [along('left', 'right'), along('top', 'bottom')];
}

function insetBy({ width, height }: Size, crop: Crop = { top: 0, right: 0, bottom: 0, left: 0 }): Rectangle {
  return {
    x: width * crop.left,
    y: height * crop.top,
    width: width * (1 - crop.left - crop.right),
    height: height * (1 - crop.top - crop.bottom),
  };
}

function intersection(a: Rectangle, b: Rectangle): Rectangle {
  const [x, y] = [Math.max(a.x, b.x), Math.max(a.y, b.y)];
  return {
    x,
    y,
    width: Math.min(a.x + a.width, b.x + b.width) - x,
    height: Math.min(a.y + a.height, b.y + b.height) - y,
  };
}

function rounded({ x, y, width, height }: Rectangle): Rectangle {
  const [left, top] = [Math.round(x), Math.round(y)];
  return { x: left, y: top, width: Math.round(x + width) - left, height: Math.round(y + height) - top };
}

/** What of the source is needed for what is seen; even, as colours are stored for two by two pixels. */
function neededOf(seen: Rectangle, whole: Rectangle, source: Rectangle, factor: { x: number; y: number }): Rectangle {
  const range = (from: number, length: number, start: number, limit: number, by: number) => {
    const [low, high] = [Math.floor(start), Math.ceil(start + limit)];
    const first = Math.max(low, Math.floor((start + from / by - MARGIN) / 2) * 2);
    const last = Math.min(high, Math.ceil((start + (from + length) / by + MARGIN) / 2) * 2);
    return [first, Math.max(1, last - first)] as const;
  };
  const [x, width] = range(seen.x - whole.x, seen.width, source.x, source.width, factor.x);
  const [y, height] = range(seen.y - whole.y, seen.height, source.y, source.height, factor.y);
  return { x, y, width, height };
}
