import type { Frame, SceneFacts, SceneIndex, Window } from '#domain';
import { dominantColours } from './built-in/colours.ts';
import { type PixelFacts, PixelWatch } from './built-in/pixels.ts';
import type { Inference } from './inference.ts';
import type { Priority } from './queue.ts';
import { describe } from './sentence.ts';
import { type Look, type Sighting, Tracker } from './tracker.ts';

/** What an index says about one window. */
export interface Observation {
  facts: SceneFacts;
  text: string;
  /** False: the facts are those of the window before in substance; the same scene goes on. */
  changed: boolean;
  /** For the thumbnail: the boxes of `facts.objects` are where they were in this frame. */
  best?: Frame;
}

/** Frames of one window that the detector looks at, at most. */
const MOST_LOOKS = 4;
/** Unchanged pixels or not: what is there is looked for again, lest something overlooked stays for ever. */
const LOOK_AGAIN_MS = { withObjects: 30_000, without: 300_000 };

/** Something to build a window's facts from: what a detector saw in it, or what is known to be still there. */
interface Seen extends Pick<Sighting, 'objects' | 'counts' | 'gone'> {
  packs: string[];
  best?: Frame;
}

/**
 * One index's eye on one stream: remembers what is there, what was said last, and what "unchanged" means. Windows must
 * come in order, one at a time.
 */
export class Observer {
  readonly #index: Pick<SceneIndex, 'streamId'>;
  readonly #inference: Pick<Inference, 'detect' | 'status'>;
  readonly #pixels = new PixelWatch();
  #tracker = new Tracker();
  #lastLookMs = Number.NEGATIVE_INFINITY;
  #packs: string[] = [];
  #substance: string | undefined;
  #missedLight: 'on' | 'off' | undefined;

  /** `streamId` may be any name for where the windows come from: the newest of one source wins in the detector's queue. */
  constructor(index: Pick<SceneIndex, 'streamId'>, inference: Pick<Inference, 'detect' | 'status'>) {
    this.#index = index;
    this.#inference = inference;
  }

  /** `dropped` when the detector had no time for any frame; what was seen of lights and tampering is told next time. */
  async observe(window: Window, priority: Priority, signal: AbortSignal): Promise<Observation | 'dropped'> {
    const frames = pick(window.frames);
    const last = frames[frames.length - 1];
    if (!last) return 'dropped';
    const pixels = this.#pixels.watch(frames, window.zones);
    const seen = this.#isDue(pixels, last.atMs)
      ? await this.#lookAt(frames, window, pixels, priority, signal)
      : { ...this.#tracker.still(), gone: [], packs: this.#packs };
    if (seen === 'dropped') {
      this.#missedLight = pixels.light.change ?? this.#missedLight;
      return 'dropped';
    }
    const facts = this.#facts(pixels, seen, last);
    const substance = substanceOf(facts);
    const changed = substance !== this.#substance;
    this.#substance = substance;
    return { facts, text: describe(facts), changed, best: seen.best ?? frames[pixels.liveliest] ?? last };
  }

  #isDue(pixels: PixelFacts, atMs: number): boolean {
    const againMs = this.#tracker.empty ? LOOK_AGAIN_MS.without : LOOK_AGAIN_MS.withObjects;
    const newPack = this.#packs.length < 2 && ['loading', 'ready'].includes(this.#inference.status().state);
    return pixels.changed || !this.#tracker.settled || atMs - this.#lastLookMs >= againMs || newPack;
  }

  async #lookAt(
    frames: readonly Frame[],
    { zones }: Window,
    pixels: PixelFacts,
    priority: Priority,
    signal: AbortSignal,
  ): Promise<Seen | 'dropped'> {
    const looks: (Look & { frame: Frame })[] = [];
    let dropped = false;
    for (const frame of frames) {
      const detections = await this.#inference.detect(frame, { streamId: this.#index.streamId, priority }, signal);
      if (Array.isArray(detections)) looks.push({ frame, atMs: frame.atMs, detections });
      else dropped ||= detections === 'dropped';
    }
    if (looks.length === 0 && dropped) return 'dropped';
    this.#pixels.settle();
    this.#lastLookMs = frames[frames.length - 1]?.atMs ?? this.#lastLookMs;
    this.#packs = ['built-in'];
    if (looks.length === 0) {
      this.#tracker = new Tracker();
      return { objects: [], counts: {}, gone: [], packs: this.#packs };
    }
    const { pack } = this.#inference.status();
    if (pack !== undefined) this.#packs = ['built-in', pack];
    const { bestLook, ...sighting } = this.#tracker.follow(looks, zones, pixels.stirred);
    const best = sighting.objects.length > 0 ? looks[bestLook]?.frame : undefined;
    return { ...sighting, packs: this.#packs, ...(best ? { best } : {}) };
  }

  #facts({ motion, light, tamper }: PixelFacts, { objects, gone, counts, packs }: Seen, last: Frame): SceneFacts {
    const change = light.change ?? this.#missedLight;
    this.#missedLight = undefined;
    return {
      objects,
      gone,
      counts,
      motion,
      light: { ...light, ...(change ? { change } : {}) },
      colours: dominantColours(last),
      tamper,
      packs: [...packs],
    };
  }
}

/** Evenly spread, the last always among them. */
function pick(frames: readonly Frame[]): Frame[] {
  if (frames.length <= MOST_LOOKS) return [...frames];
  const step = (frames.length - 1) / (MOST_LOOKS - 1);
  return Array.from({ length: MOST_LOOKS }, (_, i) => frames[Math.round(i * step)]).filter(
    (frame) => frame !== undefined,
  );
}

/** Two windows with the same are one scene: who is where, what happened; not by how much or how bright. */
function substanceOf({ objects, gone, counts, motion, light, tamper, packs }: SceneFacts): string {
  const things = objects.map(({ label, track, zones, entered, appeared }) => ({
    label,
    track,
    zones: [...zones].sort(),
    entered,
    appeared,
  }));
  const moves = motion.regions.length > 0;
  return JSON.stringify({ things, gone, counts, moves, zones: motion.zones, change: light.change, tamper, packs });
}
