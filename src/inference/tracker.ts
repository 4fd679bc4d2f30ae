import { type Box, type Detection, footPoint, insidePolygon, type SceneObject, type Zone } from '#domain';
import { distinct, ENOUGH_SCORE, pairs } from './matching.ts';

/** What a detector saw in one frame. */
export interface Look {
  atMs: number;
  detections: readonly Detection[];
}

/** What became of the things in the picture during one window. */
export interface Sighting {
  objects: SceneObject[];
  gone: { label: string; track: number }[];
  counts: Record<string, number>;
  /** Index of the look that shows most of `objects`; their boxes are where they were then. */
  bestLook: number;
}

/** Scores: certain at once, or after a second look; and what is enough for a thing that is known. */
const SCORE = { sure: 0.6, likely: 0.45, enough: ENOUGH_SCORE };
/** Looks that confirm a likely thing; more where nothing moved: then it is the detector that wavers. */
const CONFIRMING = { stirred: 2, still: 3 };
/** Looks in a row without a sight of a thing, after which it is gone; more where nothing moved. */
const MISSING = { stirred: 2, still: 6 };
const EDGE = 0.03;

interface Track {
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
}

/**
 * Gives things an identity from look to look and from window to window. A detector wavers; pixels don't: nothing has
 * come, entered or gone where no pixel changed.
 */
export class Tracker {
  #tracks: Track[] = [];
  #leaving: Track[] = [];
  #nextId = 1;
  #begun = false;

  /** False while something may have come or gone: the next look decides. */
  get settled(): boolean {
    const open = ({ id, missed, stirred }: Track) => stirred && (id === 0 || missed > 0);
    return this.#leaving.length === 0 && !this.#tracks.some(open);
  }

  get empty(): boolean {
    return this.#tracks.length === 0;
  }

  /** Follows everything through the looks of one window, oldest first. `stirred` tells where pixels changed. */
  follow(looks: readonly Look[], zones: readonly Zone[], stirred: (box: Box) => boolean): Sighting {
    for (const track of this.#tracks) {
      track.zonesBefore = track.zones;
      track.zones = new Set();
      track.places.clear();
    }
    const ended = [...this.#leaving];
    for (const track of ended) track.places.clear();
    looks.forEach((look, i) => {
      ended.push(...this.#look(look, i, zones, stirred));
    });
    // What was seen in this window is told of once more before it is gone.
    this.#leaving = ended.filter(({ places }) => places.size > 0);
    const gone = ended.filter((track) => !this.#leaving.includes(track));
    const here = [...this.#confirmed(), ...this.#leaving];
    const bestLook = bestOf(looks.length, here);
    const objects = here.map((track) => tell(track, bestLook, stirred));
    this.#begun = true;
    return { objects, gone: gone.map(nameOf), counts: this.#counts(looks.length), bestLook };
  }

  /** What is there when nothing changed since the last look. */
  still(): Pick<Sighting, 'objects' | 'counts'> {
    const tracks = this.#confirmed();
    const objects = tracks.map((track) => ({ ...tell(track, -1, () => false), entered: [] }));
    return { objects, counts: count(tracks) };
  }

  #confirmed(): Track[] {
    return this.#tracks.filter(({ id }) => id > 0);
  }

  /** Returns the confirmed tracks that ended. */
  #look({ atMs, detections }: Look, index: number, zones: readonly Zone[], stirred: (box: Box) => boolean): Track[] {
    const seen = distinct(detections);
    const unmatched = new Set(seen);
    const missed = new Set(this.#tracks);
    for (const { track, detection } of pairs(this.#tracks, seen, atMs)) {
      if (!missed.has(track) || !unmatched.has(detection)) continue;
      missed.delete(track);
      unmatched.delete(detection);
      this.#update(track, detection, atMs);
    }
    for (const track of missed) {
      track.stirred = (track.missed > 0 && track.stirred) || stirred(track.box);
      track.missed += 1;
    }
    const ended = this.#tracks.filter((track) => track.missed >= patience(track));
    this.#tracks = this.#tracks.filter((track) => !ended.includes(track));
    for (const detection of unmatched) this.#begin(detection, atMs, !this.#begun || stirred(detection.box));
    for (const track of this.#tracks) if (track.missed === 0) place(track, index, zones);
    return ended.filter(({ id }) => id > 0);
  }

  #begin({ label, score, box }: Detection, atMs: number, stirred: boolean): void {
    if (score < (stirred ? SCORE.enough : SCORE.likely)) return;
    const track: Track = {
      id: 0,
      label,
      votes: new Map([[label, score]]),
      box,
      firstBox: box,
      score,
      sinceMs: atMs,
      lastMs: atMs,
      likelyLooks: score >= SCORE.likely ? 1 : 0,
      missed: 0,
      stirred,
      came: this.#begun && stirred,
      told: false,
      zones: new Set(),
      zonesBefore: new Set(),
      places: new Map(),
    };
    this.#tracks.push(track);
    this.#confirm(track);
  }

  #update(track: Track, { label, score, box }: Detection, atMs: number): void {
    track.votes.set(label, (track.votes.get(label) ?? 0) + score);
    track.label = [...track.votes].reduce((best, vote) => (vote[1] > best[1] ? vote : best))[0];
    track.box = box;
    track.score = score;
    track.lastMs = atMs;
    track.likelyLooks += score >= SCORE.likely ? 1 : 0;
    track.missed = 0;
    this.#confirm(track);
  }

  #confirm(track: Track): void {
    if (track.id > 0) return;
    const enough = track.likelyLooks >= (track.stirred ? CONFIRMING.stirred : CONFIRMING.still);
    if (enough || (track.stirred && track.score >= SCORE.sure)) track.id = this.#nextId++;
  }

  /** Largest number at once; what was only missed just now counts as there. */
  #counts(looks: number): Record<string, number> {
    const most: Record<string, number> = {};
    const all = [...this.#confirmed(), ...this.#leaving];
    for (let look = 0; look < looks; look++) {
      const there = all.filter(
        ({ places, missed }) => places.has(look) || (look === looks - 1 && missed > 0 && places.size === 0),
      );
      for (const [label, number] of Object.entries(count(there))) most[label] = Math.max(most[label] ?? 0, number);
    }
    return most;
  }
}

function patience({ id, stirred }: Track): number {
  if (id === 0) return 1;
  return stirred ? MISSING.stirred : MISSING.still;
}

function place(track: Track, look: number, zones: readonly Zone[]): void {
  track.places.set(look, { box: track.box, score: track.score });
  const [x, y] = footPoint(track.box);
  // Whoever is cut off by the lower edge stands in a zone that is drawn down to it.
  const foot = [x, Math.min(y, 0.999)] as const;
  for (const zone of zones) if (insidePolygon(foot, zone.polygon)) track.zones.add(zone.name);
}

/** The look, the later among equals, that shows most of the tracks. */
function bestOf(looks: number, tracks: readonly Track[]): number {
  const shown = (look: number) => tracks.filter(({ places }) => places.has(look)).length;
  let best = looks - 1;
  for (let look = looks - 2; look >= 0; look--) if (shown(look) > shown(best)) best = look;
  return best;
}

/** Tells of a track; the first time it may be news. A thing out of sight for a look is still where it was. */
function tell(track: Track, look: number, stirred: (box: Box) => boolean): SceneObject {
  const { box, score } = track.places.get(look) ?? track;
  if (track.missed > 0 && track.places.size === 0) track.zones = track.zonesBefore;
  const zones = [...track.zones];
  const news = track.came && !track.told;
  const enters = news || (track.told && stirred(box));
  track.told = true;
  return {
    label: track.label,
    score,
    box,
    track: track.id,
    zones,
    entered: enters ? zones.filter((zone) => !track.zonesBefore.has(zone)) : [],
    sinceMs: track.sinceMs,
    ...(news ? { appeared: sideOf(track.firstBox) } : {}),
  };
}

function nameOf({ label, id }: Track): { label: string; track: number } {
  return { label, track: id };
}

function count(tracks: readonly Track[]): Record<string, number> {
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
