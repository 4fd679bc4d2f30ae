import type { Box, SceneObject, Zone } from '#domain';
import { isAgain, isOver, mayComeBack, mayReappear, miss } from './absence.ts';
import type { Gallery } from './gallery.ts';
import { distinct, ENOUGH_SCORE, pairs } from './matching.ts';
import {
  belongs,
  copyOf,
  count,
  meetAgain,
  nameOf,
  newTrack,
  place,
  type Sighted,
  type Track,
  tell,
  withTrustedLooks,
} from './track.ts';

/** What a detector saw in one frame. */
export interface Look {
  atMs: number;
  detections: readonly Sighted[];
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
/** Looks that confirm a likely thing; more where nothing moved: then it is the detector that wavers. Never sooner than `leastMs`. */
const CONFIRMING = { stirred: 2, still: 3, leastMs: 500 };
/** Looks at somebody before it is said who it is; after many it is said in any case. */
const LOOKS_TO_KNOW = { few: 2, many: 6 };

/**
 * Gives things an identity from look to look and from window to window, by their places and, where a pack tells, by their
 * looks. A detector wavers; pixels don't: nothing has come, entered or gone where no pixel changed. What stands still is
 * no news when something that passed had hidden it.
 */
export class Tracker {
  readonly #gallery: Gallery | undefined;
  #tracks: Track[] = [];
  #leaving: Track[] = [];
  /** Gone, but it may come back as itself. */
  #lost: Track[] = [];
  #nextId = 1;
  #begun = false;
  #wavering = new Set<string>();

  /** Without a gallery nobody is known by looks from one visit to the next. */
  constructor(gallery?: Gallery) {
    this.#gallery = gallery;
  }

  /** False while something may have come or gone: the next look decides. */
  get settled(): boolean {
    const open = ({ id, missed, stirred }: Track) => stirred && (id === 0 || missed > 0);
    return this.#leaving.length === 0 && !this.#tracks.some(open);
  }

  get empty(): boolean {
    return this.#tracks.length === 0;
  }

  /** Labels of what may have come in the last window: pixels speak for it, the detector isn't sure yet. */
  get wavering(): readonly string[] {
    return [...this.#wavering];
  }

  /** One that goes on from here by itself; the gallery is the same. */
  clone(): Tracker {
    const other = new Tracker(this.#gallery);
    const copies = new Map<Track, Track>();
    const copy = (track: Track) => {
      const made = copies.get(track) ?? copyOf(track);
      copies.set(track, made);
      return made;
    };
    other.#tracks = this.#tracks.map(copy);
    other.#leaving = this.#leaving.map(copy);
    other.#lost = this.#lost.map(copy);
    other.#nextId = this.#nextId;
    other.#begun = this.#begun;
    other.#wavering = new Set(this.#wavering);
    return other;
  }

  /** Follows everything through the looks of one window, oldest first. `stirred` tells where pixels changed. */
  follow(looks: readonly Look[], zones: readonly Zone[], stirred: (box: Box) => boolean): Sighting {
    this.#open();
    const ended = [...this.#leaving];
    looks.forEach((look, i) => {
      ended.push(...this.#look(look, i, zones, stirred));
    });
    const over = [...new Set(ended)].filter((track) => !this.#tracks.includes(track));
    // What was seen in this window is told of once more before it is gone.
    this.#leaving = over.filter(({ places }) => places.size > 0);
    const gone = over.filter((track) => !this.#leaving.includes(track));
    const here = [...this.#confirmed(), ...this.#leaving];
    const bestLook = bestOf(looks.length, here);
    const objects = here.map((track) => tell(track, bestLook, stirred));
    this.#begun = true;
    return { objects, gone: gone.map(nameOf), counts: this.#counts(looks.length), bestLook };
  }

  /** What is there when nothing changed since the last look. */
  still(): Pick<Sighting, 'objects' | 'counts'> {
    this.#wavering.clear();
    this.#lost = this.#lost.filter((track) => mayReappear(track));
    const tracks = this.#confirmed();
    for (const { crossed } of tracks) crossed.clear();
    const objects = tracks.map((track) => ({ ...tell(track, -1, () => false), entered: [] }));
    return { objects, counts: count(tracks) };
  }

  /** A new window begins. */
  #open(): void {
    this.#wavering.clear();
    for (const track of new Set([...this.#tracks, ...this.#leaving, ...this.#lost])) {
      const isHere = this.#tracks.includes(track);
      if (isHere || track.zones.size > 0) track.zonesBefore = track.zones;
      track.zones = new Set();
      // What isn't told of yet has still to be told.
      if (track.id > 0) track.crossed.clear();
      track.places.clear();
    }
  }

  #confirmed(): Track[] {
    return this.#tracks.filter(({ id }) => id > 0);
  }

  /** Returns the confirmed tracks that ended. */
  #look(look: Look, index: number, zones: readonly Zone[], stirred: (box: Box) => boolean): Track[] {
    const { atMs } = look;
    const seen = distinct(look.detections).map(withTrustedLooks);
    const unmatched = new Set(seen);
    const missed = new Set(this.#tracks);
    const standing = new Set<Sighted>();
    const before = new Map(this.#tracks.map((track) => [track, track.box]));
    for (const { track, detection } of pairs(this.#tracks, seen, atMs)) {
      if (!missed.has(track) || !unmatched.has(detection)) continue;
      missed.delete(track);
      unmatched.delete(detection);
      meetAgain(track, detection, atMs);
      this.#confirm(track, detection.score);
      if (belongs(track)) standing.add(detection);
    }
    const passing = seen.filter((one) => one.score >= SCORE.likely && !standing.has(one)).map(({ box }) => box);
    for (const track of missed) miss(track, passing, atMs, stirred);
    const ended = this.#end(atMs, stirred);
    for (const detection of unmatched) this.#begin(detection, atMs, !this.#begun || stirred(detection.box));
    for (const track of this.#tracks) {
      if (track.missed > 0) continue;
      place(track, index, before.get(track), zones);
      if (track.id > 0) this.#wavering.delete(track.label);
      else if (track.stirred) this.#wavering.add(track.label);
    }
    this.#recognise(atMs);
    return ended;
  }

  #end(atMs: number, stirred: (box: Box) => boolean): Track[] {
    const ended = this.#tracks.filter((track) => isOver(track, atMs));
    this.#tracks = this.#tracks.filter((track) => !ended.includes(track));
    const confirmed = ended.filter(({ id }) => id > 0);
    this.#lost = [...this.#lost, ...confirmed].filter((track) => mayComeBack(track, atMs, stirred));
    return confirmed;
  }

  #begin(detection: Sighted, atMs: number, stirred: boolean): void {
    if (detection.score < (stirred ? SCORE.enough : SCORE.likely)) return;
    const known = this.#lost.find((track) => isAgain(track, detection));
    if (known) {
      this.#lost = this.#lost.filter((track) => track !== known);
      this.#tracks.push(known);
      meetAgain(known, detection, atMs);
      return;
    }
    const track = newTrack(detection, atMs, stirred);
    track.came = this.#begun && stirred;
    this.#tracks.push(track);
    this.#confirm(track, detection.score);
  }

  #confirm(track: Track, score: number): void {
    if (track.id > 0) return;
    track.likelyLooks += score >= SCORE.likely ? 1 : 0;
    const enough = track.likelyLooks >= (track.stirred ? CONFIRMING.stirred : CONFIRMING.still);
    const isOld = track.lastMs - track.sinceMs >= CONFIRMING.leastMs;
    if ((enough && isOld) || (track.stirred && score >= SCORE.sure)) track.id = this.#nextId++;
  }

  /** Who they are, as far as their looks tell by now: nobody is there twice. */
  #recognise(atMs: number): void {
    if (!this.#gallery) return;
    const here = new Set(this.#tracks.flatMap(({ who }) => who ?? []));
    for (const track of this.#confirmed()) {
      const view = track.views[track.views.length - 1];
      if (track.missed > 0 || !view) continue;
      if (track.who !== undefined) this.#gallery.remember(track.who, view, atMs);
      else if (track.looksAt >= LOOKS_TO_KNOW.few) {
        track.who = this.#gallery.know(track.views, atMs, here, track.looksAt >= LOOKS_TO_KNOW.many);
      }
      if (track.who !== undefined) here.add(track.who);
    }
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

/** The look, the later among equals, that shows most of the tracks. */
function bestOf(looks: number, tracks: readonly Track[]): number {
  const shown = (look: number) => tracks.filter(({ places }) => places.has(look)).length;
  let best = looks - 1;
  for (let look = looks - 2; look >= 0; look--) if (shown(look) > shown(best)) best = look;
  return best;
}
