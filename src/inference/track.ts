import {
  type Box,
  type Detection,
  footPoint,
  insidePolygon,
  intersectionOverUnion,
  type Point,
  type SceneObject,
  type Zone,
} from '#domain';
import { type Entries, takeStep } from './crossing.ts';
import { addView } from './gallery.ts';

/** What a detector saw, and how it looks where a pack tells: a vector of unit length. */
export interface Sighted extends Detection {
  appearance?: Float32Array;
}

const EDGE = 0.03;
const CUT_OFF = 0.02;
/** Views of one visit that are compared with what comes next. */
const MOST_VIEWS = 4;
/** A thing stands still while its box covers this much of where it was first. */
const STANDING_IOU = 0.7;
/** After so long in one place it belongs there. */
const SETTLED_MS = 5000;

/** One thing, followed from look to look. */
export interface Track {
  /** 0 until it is confirmed. */
  id: number;
  /** What it was called most surely so far. */
  label: string;
  votes: Map<string, number>;
  box: Box;
  firstBox: Box;
  score: number;
  sinceMs: number;
  lastMs: number;
  likelyLooks: number;
  missed: number;
  /** Pixels changed where it came, or where it was when it was missed. */
  stirred: boolean;
  /** It came while we were watching: it is news when it is first told of. */
  came: boolean;
  told: boolean;
  zones: Set<string>;
  zonesBefore: Set<string>;
  /** Where it was in this window, by look. */
  places: Map<number, { box: Box; score: number }>;
  entries: Entries;
  /** Zones it crossed in this window. */
  crossed: Set<string>;
  /** Since when it is in one place, and which. */
  standing: { sinceMs: number; box: Box };
  views: Float32Array[];
  /** Looks that told how it looks. */
  looksAt: number;
  who?: number | undefined;
}

export function newTrack({ label, score, box, appearance }: Sighted, atMs: number, stirred: boolean): Track {
  return {
    id: 0,
    label,
    votes: new Map([[label, score]]),
    box,
    firstBox: box,
    score,
    sinceMs: atMs,
    lastMs: atMs,
    likelyLooks: 0,
    missed: 0,
    stirred,
    came: false,
    told: false,
    zones: new Set(),
    zonesBefore: new Set(),
    places: new Map(),
    entries: new Map(),
    crossed: new Set(),
    standing: { sinceMs: atMs, box },
    views: appearance ? [appearance] : [],
    looksAt: appearance ? 1 : 0,
  };
}

/** Detections of a track are shared, all else is its own. */
export function copyOf(track: Track): Track {
  return {
    ...track,
    votes: new Map(track.votes),
    zones: new Set(track.zones),
    zonesBefore: new Set(track.zonesBefore),
    places: new Map(track.places),
    entries: new Map(track.entries),
    crossed: new Set(track.crossed),
    views: [...track.views],
  };
}

/** It was seen again. */
export function meetAgain(track: Track, { label, score, box, appearance }: Sighted, atMs: number): void {
  track.votes.set(label, (track.votes.get(label) ?? 0) + score);
  track.label = [...track.votes].reduce((best, vote) => (vote[1] > best[1] ? vote : best))[0];
  if (intersectionOverUnion(track.standing.box, box) < STANDING_IOU) track.standing = { sinceMs: atMs, box };
  track.box = box;
  track.score = score;
  track.lastMs = atMs;
  track.missed = 0;
  if (!appearance) return;
  addView(track.views, appearance, MOST_VIEWS);
  track.looksAt += 1;
}

/** It has been in one place long enough to belong there. */
export function belongs({ standing, lastMs }: Track): boolean {
  return lastMs - standing.sinceMs >= SETTLED_MS;
}

/** Notes where it is in this look, and which zones it came through since the one before. */
export function place(track: Track, look: number, before: Box | undefined, zones: readonly Zone[]): void {
  track.places.set(look, { box: track.box, score: track.score });
  const foot = standOf(track.box);
  for (const { name, polygon } of zones) {
    if (!insidePolygon(foot, polygon)) continue;
    track.zones.add(name);
    if (!before && track.came) track.entries.set(name, 'appeared');
  }
  if (!before) return;
  for (const zone of takeStep(track.entries, standOf(before), foot, zones)) track.crossed.add(zone);
}

/** Whoever is cut off by the lower edge stands in a zone that is drawn down to it. */
function standOf(box: Box): Point {
  const [x, y] = footPoint(box);
  return [x, Math.min(y, 0.999)];
}

/** Tells of a track; the first time it may be news. A thing out of sight for a look is still where it was. */
export function tell(track: Track, look: number, stirred: (box: Box) => boolean): SceneObject {
  const { box, score } = track.places.get(look) ?? track;
  if (track.missed > 0 && track.places.size === 0) track.zones = track.zonesBefore;
  const zones = [...track.zones];
  const news = track.came && !track.told;
  const more = zones.filter((zone) => !track.zonesBefore.has(zone));
  const moved = track.told && stirred(box) ? more : [];
  track.told = true;
  return {
    label: track.label,
    score,
    box,
    track: track.id,
    zones,
    entered: news ? zones : moved,
    sinceMs: track.sinceMs,
    ...(news ? { appeared: sideOf(track.firstBox) } : {}),
    ...(track.crossed.size > 0 ? { crossed: [...track.crossed] } : {}),
    ...(track.who === undefined ? {} : { who: track.who }),
  };
}

export function nameOf({ label, id }: Track): { label: string; track: number } {
  return { label, track: id };
}

export function count(tracks: readonly Track[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { label } of tracks) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

/** Over which edge it came. What spans the picture, or touches no edge, came from nowhere in particular. */
function sideOf({ x1, y1, x2, y2 }: Box): 'left' | 'right' | 'top' | 'bottom' | 'in' {
  const left = x1 < EDGE;
  const right = x2 > 1 - EDGE;
  if (left !== right) return left ? 'left' : 'right';
  const upper = y1 < 0.2;
  const lower = y2 > 0.8;
  if (left || upper === lower) return 'in';
  if (upper) return y1 < EDGE ? 'top' : 'in';
  return y2 > 1 - EDGE ? 'bottom' : 'in';
}

/** At a border of the picture over which things leave it. */
export function isAtEdge({ x1, x2 }: Box): boolean {
  return x1 < EDGE || x2 > 1 - EDGE;
}

/** Not cut off by the left, right or lower border of the picture: what is looks like nobody in particular. */
export function isWhole({ x1, x2, y2 }: Box): boolean {
  return x1 > CUT_OFF && x2 < 1 - CUT_OFF && y2 < 1 - CUT_OFF;
}

/** What is cut off by the picture's border looks like nobody: the looks of it are passed over. */
export function withTrustedLooks(detection: Sighted): Sighted {
  if (!detection.appearance || isWhole(detection.box)) return detection;
  const { label, score, box } = detection;
  return { label, score, box };
}
