import {
  type Box,
  type Detection,
  footPoint,
  insidePolygon,
  intersectionOverUnion,
  type SceneObject,
  type Zone,
} from '#domain';

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

/** A new thing must be this certain, or be seen twice. */
const NEW_SCORE = 0.6;
/** Below this nothing new begins. */
const CANDIDATE_SCORE = 0.45;
/** A thing that is known stays while it is seen with this score. */
const KEEP_SCORE = 0.3;
/** Looks in a row without a sight of it after which a thing is gone. */
const GONE_LOOKS = 2;
/** Two names for one box: the better one counts. */
const SAME_THING_IOU = 0.75;
/** Labels that detectors confuse: a thing may change between them and stays itself. */
const CONFUSED = [
  ['car', 'truck', 'bus'],
  ['cat', 'dog'],
  ['bicycle', 'motorcycle'],
];
const EDGE = 0.03;

interface Track {
  id: number;
  votes: Map<string, number>;
  box: Box;
  firstBox: Box;
  score: number;
  sinceMs: number;
  lastMs: number;
  looks: number;
  missed: number;
  confirmed: boolean;
  /** Told to have appeared, or there from the start. */
  announced: boolean;
  zones: Set<string>;
  zonesBefore: Set<string>;
  /** Where it was in this window, by look. */
  places: Map<number, { box: Box; score: number }>;
}

/** Gives things an identity from look to look and from window to window. */
export class Tracker {
  #tracks: Track[] = [];
  #nextId = 1;
  #begun = false;

  /** False while something has just been missed or has been seen only once: the next look decides. */
  get settled(): boolean {
    return this.#tracks.every(({ confirmed, missed }) => confirmed && missed === 0);
  }

  get empty(): boolean {
    return this.#tracks.length === 0;
  }

  /** Follows everything through the looks of one window, oldest first. */
  follow(looks: readonly Look[], zones: readonly Zone[]): Sighting {
    for (const track of this.#tracks) {
      track.zonesBefore = track.zones;
      track.zones = new Set();
      track.places.clear();
    }
    const gone: Track[] = [];
    const present: Record<string, number>[] = [];
    looks.forEach((look, i) => {
      gone.push(...this.#look(look, i, zones));
      present.push(countByLabel(this.#confirmed()));
    });
    const sighting = this.#sighting(looks.length, gone, present);
    this.#begun = true;
    return sighting;
  }

  /** What is there when nothing changed since the last look. */
  still(): Pick<Sighting, 'objects' | 'counts'> {
    const tracks = this.#confirmed();
    for (const track of tracks) track.zonesBefore = track.zones;
    return { objects: tracks.map((track) => objectOf(track, -1)), counts: countByLabel(tracks) };
  }

  #confirmed(): Track[] {
    return this.#tracks.filter(({ confirmed }) => confirmed);
  }

  /** Returns the tracks that ended. */
  #look({ atMs, detections }: Look, index: number, zones: readonly Zone[]): Track[] {
    const seen = distinct(detections);
    const unmatched = new Set(seen);
    const missed = new Set(this.#tracks);
    for (const { track, detection } of this.#pairs(seen, atMs)) {
      if (!missed.has(track) || !unmatched.has(detection)) continue;
      missed.delete(track);
      unmatched.delete(detection);
      update(track, detection, atMs);
    }
    for (const track of missed) track.missed += 1;
    const ended = this.#tracks.filter((track) => track.missed >= (track.confirmed ? GONE_LOOKS : 1));
    this.#tracks = this.#tracks.filter((track) => !ended.includes(track));
    for (const detection of unmatched) if (detection.score >= CANDIDATE_SCORE) this.#begin(detection, atMs);
    for (const track of this.#tracks) if (track.missed === 0) place(track, index, zones);
    return ended.filter(({ confirmed }) => confirmed);
  }

  /** Every track with every detection it could be, best pair first: overlap counts most, then nearness. */
  #pairs(seen: readonly Detection[], atMs: number): { track: Track; detection: Detection }[] {
    return this.#tracks
      .flatMap((track) => seen.map((detection) => ({ track, detection, cost: cost(track, detection, atMs) })))
      .filter((pair) => pair.cost < Number.POSITIVE_INFINITY)
      .sort((a, b) => a.cost - b.cost);
  }

  #begin({ label, score, box }: Detection, atMs: number): void {
    this.#tracks.push({
      id: this.#nextId++,
      votes: new Map([[label, score]]),
      box,
      firstBox: box,
      score,
      sinceMs: atMs,
      lastMs: atMs,
      looks: 1,
      missed: 0,
      confirmed: score >= NEW_SCORE,
      announced: !this.#begun,
      zones: new Set(),
      zonesBefore: new Set(),
      places: new Map(),
    });
  }

  #sighting(looks: number, gone: Track[], present: Record<string, number>[]): Sighting {
    const tracks = this.#confirmed();
    const shows = (look: number) => tracks.filter(({ places }) => places.has(look)).length;
    let bestLook = looks - 1;
    for (let look = looks - 1; look >= 0; look--) if (shows(look) > shows(bestLook)) bestLook = look;
    const counts: Record<string, number> = {};
    for (const one of present) {
      for (const [label, count] of Object.entries(one)) counts[label] = Math.max(counts[label] ?? 0, count);
    }
    const begun = this.#begun;
    const objects = tracks.map((track) => {
      const object = objectOf(track, bestLook, begun);
      track.announced = true;
      return object;
    });
    return { objects, gone: gone.map((track) => ({ label: labelOf(track), track: track.id })), counts, bestLook };
  }
}

function update(track: Track, { label, score, box }: Detection, atMs: number): void {
  track.votes.set(label, (track.votes.get(label) ?? 0) + score);
  track.box = box;
  track.score = score;
  track.lastMs = atMs;
  track.looks += 1;
  track.missed = 0;
  track.confirmed ||= score >= NEW_SCORE || (track.looks >= 2 && score >= CANDIDATE_SCORE);
}

function place(track: Track, look: number, zones: readonly Zone[]): void {
  track.places.set(look, { box: track.box, score: track.score });
  for (const zone of zones) if (insidePolygon(footPoint(track.box), zone.polygon)) track.zones.add(zone.name);
}

function objectOf(track: Track, look: number, tellsNews = false): SceneObject {
  const { box, score } = track.places.get(look) ?? track;
  // A thing out of sight for one look is still where it was.
  if (track.missed > 0 && track.places.size === 0) track.zones = track.zonesBefore;
  const zones = [...track.zones];
  const news = tellsNews && !track.announced;
  return {
    label: labelOf(track),
    score,
    box,
    track: track.id,
    zones,
    entered: tellsNews ? zones.filter((zone) => !track.zonesBefore.has(zone)) : [],
    sinceMs: track.sinceMs,
    ...(news ? { appeared: sideOf(track.firstBox) } : {}),
  };
}

function labelOf({ votes }: Track): string {
  return [...votes].reduce((best, vote) => (vote[1] > best[1] ? vote : best), ['', -1] as const)[0];
}

function countByLabel(tracks: readonly Track[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const track of tracks) counts[labelOf(track)] = (counts[labelOf(track)] ?? 0) + 1;
  return counts;
}

/** Smaller is likelier; infinite when the detection can't be the track. */
function cost(track: Track, detection: Detection, atMs: number): number {
  if (detection.score < KEEP_SCORE || !mayBe(labelOf(track), detection.label)) return Number.POSITIVE_INFINITY;
  const overlap = intersectionOverUnion(track.box, detection.box);
  if (overlap > 0.2) return 1 - overlap;
  const [a, b] = [track.box, detection.box];
  const distance = Math.hypot((a.x1 + a.x2 - b.x1 - b.x2) / 2, (a.y1 + a.y2 - b.y1 - b.y2) / 2);
  const size = Math.hypot(a.x2 - a.x1, a.y2 - a.y1);
  const reach = Math.min(0.5, Math.max(0.1, 0.5 * size + (0.2 * (atMs - track.lastMs)) / 1000));
  return distance <= reach ? 1 + distance : Number.POSITIVE_INFINITY;
}

function mayBe(a: string, b: string): boolean {
  return a === b || CONFUSED.some((group) => group.includes(a) && group.includes(b));
}

function distinct(detections: readonly Detection[]): Detection[] {
  const kept: Detection[] = [];
  for (const one of [...detections].sort((a, b) => b.score - a.score)) {
    if (!kept.some(({ box }) => intersectionOverUnion(box, one.box) > SAME_THING_IOU)) kept.push(one);
  }
  return kept;
}

/** Over which edge it came. What fills the picture from side to side came from nowhere in particular. */
function sideOf(box: Box): 'left' | 'right' | 'top' | 'bottom' | 'in' {
  const left = box.x1 < EDGE;
  const right = box.x2 > 1 - EDGE;
  if (left !== right) return left ? 'left' : 'right';
  const top = box.y1 < EDGE;
  const bottom = box.y2 > 1 - EDGE;
  if (left || top === bottom) return 'in';
  return top ? 'top' : 'bottom';
}
