import type { Detection, Frame, LightFacts, SceneFacts, SceneIndex, Window } from '#domain';
import { answerFrom, type IndexPlan, planFor } from '#prompts';
import { dominantColours, objectColours } from './built-in/colours.ts';
import { type PixelFacts, PixelWatch } from './built-in/pixels.ts';
import type { Gallery } from './gallery.ts';
import type { About } from './inference.ts';
import type { Priority } from './queue.ts';
import { describe } from './sentence.ts';
import { appearancesOf, type Eyes, lookCloser, type Sight, type Wanted, wantedOf } from './sight.ts';
import { differs, type Substance, substanceOf } from './substance.ts';
import { isWhole } from './track.ts';
import { type Look, type Sighting, Tracker } from './tracker.ts';

/** What an index says about one window. */
export interface Observation extends Pick<Sight, 'picture'> {
  facts: SceneFacts;
  text: string;
  /** False: the facts are those of the window before in substance; the same scene goes on. */
  changed: boolean;
  /** For the thumbnail: the boxes of `facts.objects` are where they were in this frame. */
  best?: Frame;
}

/** Whose eye it is: where the windows come from, and what is asked of them. Without a prompt everything is told. */
export type Task = Pick<SceneIndex, 'streamId'> & Partial<Pick<SceneIndex, 'prompt' | 'modelName'>>;

/** Frames of one window that the detector looks at, at most. */
const MOST_LOOKS = 4;
/** While a model looks at one picture, the next is prepared. */
const AT_ONCE = 2;
/** Unchanged pixels or not: what is there is looked for again, lest something overlooked stays for ever. */
const LOOK_AGAIN_MS = { withObjects: 30_000, without: 300_000 };
/** A person who is hardly seen looks like nobody in particular. */
const CLEAR_PERSON = 0.5;
const ONLY_LIKENESS: Wanted = { faces: false, texts: false, identity: false, likeness: true, phrases: [] };

/** Something to build a window's facts from: what a detector saw in it, or what is known to be still there. */
interface Seen extends Pick<Sighting, 'objects' | 'counts' | 'gone'> {
  packs: string[];
  best?: Frame;
  /** Looked at anew. */
  fresh: boolean;
}

/** What the window began with, so that it can be decided anew. */
interface Before {
  tracker: Tracker;
  substance: Substance | undefined;
  pixels: PixelFacts;
  light: LightFacts;
}

/**
 * One index's eye on one stream: remembers what is there, what was said last, and what "unchanged" means. Windows must
 * come in order, one at a time.
 */
export class Observer {
  readonly #streamId: string;
  readonly #eyes: Eyes;
  readonly #gallery: Gallery | undefined;
  readonly #pixels = new PixelWatch();
  #plan: IndexPlan;
  #wanted: Wanted;
  #tracker: Tracker;
  #sight: Sight = {};
  /** Of the scene that goes on. */
  #picture: Sight['picture'];
  #before: Before | undefined;
  #lastLookMs = Number.NEGATIVE_INFINITY;
  #packs: string[] = [];
  #substance: Substance | undefined;
  #missedLight: 'on' | 'off' | undefined;

  /**
   * `task.streamId` may be any name for where the windows come from: the newest of one source wins in the queue. The
   * gallery is the stream's: all who look at it know the same people.
   */
  constructor(task: Task, eyes: Eyes, gallery?: Gallery) {
    this.#streamId = task.streamId;
    this.#eyes = eyes;
    this.#gallery = gallery;
    this.#tracker = new Tracker(gallery);
    [this.#plan, this.#wanted] = read(task);
  }

  /** From now on this is asked; what is there stays known. */
  heed(task: Omit<Task, 'streamId'>): void {
    [this.#plan, this.#wanted] = read(task);
    this.#sight = {};
    this.#lastLookMs = Number.NEGATIVE_INFINITY;
  }

  /** Labels of what may be there or not: more frames of the window that was observed last would tell. */
  get wavering(): readonly string[] {
    return this.#tracker.wavering;
  }

  /** `dropped` when the detector had no time for any frame; what was seen of lights and tampering is told next time. */
  async observe(window: Window, priority: Priority, signal: AbortSignal): Promise<Observation | 'dropped'> {
    const frames = pick(window.frames);
    const last = frames[frames.length - 1];
    if (!last) return 'dropped';
    const pixels = this.#pixels.watch(frames, window.zones);
    const tracker = this.#tracker.clone();
    const seen = this.#isDue(pixels, last.atMs)
      ? await this.#lookAt(frames, window, pixels, priority, signal)
      : { ...this.#tracker.still(), gone: [], packs: this.#packs, fresh: false };
    if (seen === 'dropped') {
      this.#missedLight = pixels.light.change ?? this.#missedLight;
      return 'dropped';
    }
    const light = this.#lightOf(pixels);
    this.#before = { tracker, substance: this.#substance, pixels, light };
    return this.#tell(frames, seen, this.#before, priority, signal);
  }

  /**
   * Decides the window that was observed last anew, with more frames of it, oldest first. `dropped` when the detector had no
   * time: what was said of it stands.
   */
  async reconsider(window: Window, priority: Priority, signal: AbortSignal): Promise<Observation | 'dropped'> {
    const before = this.#before;
    if (!before || window.frames.length === 0) return 'dropped';
    const decided = this.#tracker;
    this.#tracker = before.tracker.clone();
    const seen = await this.#lookAt(window.frames, window, before.pixels, priority, signal);
    if (seen === 'dropped') {
      this.#tracker = decided;
      return 'dropped';
    }
    this.#substance = before.substance;
    return this.#tell(window.frames, seen, before, priority, signal);
  }

  #isDue(pixels: PixelFacts, atMs: number): boolean {
    const againMs = this.#tracker.empty ? LOOK_AGAIN_MS.without : LOOK_AGAIN_MS.withObjects;
    const newDetector =
      this.#packs.length < 2 &&
      this.#eyes.has('object-detection') &&
      ['loading', 'ready'].includes(this.#eyes.status().state);
    return pixels.changed || !this.#tracker.settled || atMs - this.#lastLookMs >= againMs || newDetector;
  }

  async #lookAt(
    frames: readonly Frame[],
    { zones }: Pick<Window, 'zones'>,
    pixels: PixelFacts,
    priority: Priority,
    signal: AbortSignal,
  ): Promise<Seen | 'dropped'> {
    const about = { streamId: this.#streamId, priority };
    const looks: (Look & { frame: Frame })[] = [];
    let dropped = false;
    for (let i = 0; i < frames.length; i += AT_ONCE) {
      const some = frames.slice(i, i + AT_ONCE);
      const found = await Promise.all(some.map((frame) => this.#detect(frame, about, signal)));
      found.forEach((detections, k) => {
        const frame = some[k];
        if (frame && typeof detections !== 'string') looks.push({ frame, atMs: frame.atMs, detections });
        else dropped ||= detections === 'dropped';
      });
    }
    if (looks.length === 0 && dropped) return 'dropped';
    this.#pixels.settle();
    this.#lastLookMs = frames[frames.length - 1]?.atMs ?? this.#lastLookMs;
    this.#packs = ['built-in'];
    if (looks.length === 0) {
      this.#tracker = new Tracker(this.#gallery);
      return { objects: [], counts: {}, gone: [], packs: this.#packs, fresh: true };
    }
    const { pack } = this.#eyes.status();
    if (pack !== undefined) this.#packs = ['built-in', pack];
    const { bestLook, ...sighting } = this.#tracker.follow(looks, zones, pixels.stirred);
    const best = sighting.objects.length > 0 ? looks[bestLook]?.frame : undefined;
    return { ...sighting, packs: this.#packs, fresh: true, ...(best ? { best } : {}) };
  }

  /** With what people look like, where somebody can tell. */
  async #detect(frame: Frame, about: About, signal: AbortSignal): Promise<Look['detections'] | 'none' | 'dropped'> {
    const detections = await this.#eyes.detect(frame, about, signal);
    if (typeof detections === 'string' || !this.#wanted.identity) return detections;
    const isClear = ({ label, score, box }: Detection) => label === 'person' && score >= CLEAR_PERSON && isWhole(box);
    const people = detections.filter(isClear);
    const boxes = people.map(({ box }) => box);
    const appearances = await appearancesOf(frame, boxes, this.#eyes, about, signal);
    if (!appearances) return detections;
    return detections.map((detection) => {
      const appearance = appearances[people.indexOf(detection)];
      return appearance ? { ...detection, appearance } : detection;
    });
  }

  async #tell(
    frames: readonly Frame[],
    seen: Seen,
    { pixels, light }: Before,
    priority: Priority,
    signal: AbortSignal,
  ): Promise<Observation> {
    const last = frames[frames.length - 1];
    const shown = seen.best ?? frames[pixels.liveliest] ?? last;
    const about = { streamId: this.#streamId, priority };
    if (seen.fresh && shown) {
      // Without phrases to compare it with, only the picture of a new scene is of use.
      const likeness = this.#wanted.phrases.length > 0;
      this.#sight = await lookCloser(shown, { ...this.#wanted, likeness }, this.#eyes, about, signal);
    }
    const { picture, ...closer } = this.#sight;
    const facts: SceneFacts = {
      objects: seen.best ? withColours(seen.objects, seen.best) : seen.objects,
      gone: seen.gone,
      counts: seen.counts,
      motion: pixels.motion,
      light,
      colours: last ? dominantColours(last) : [],
      tamper: pixels.tamper,
      packs: [...seen.packs],
      ...closer,
    };
    const text = describe(facts, this.#plan);
    if (this.#plan.json) facts.answer = answerFrom(this.#plan.json, facts, text);
    const substance = substanceOf(facts);
    const changed = !this.#substance || differs(substance, this.#substance);
    if (changed) this.#substance = substance;
    if (changed && shown) {
      this.#picture = seen.fresh && picture ? picture : await this.#pictureOf(shown, about, signal);
    }
    return {
      facts,
      text,
      changed,
      ...(shown ? { best: shown } : {}),
      ...(this.#picture ? { picture: this.#picture } : {}),
    };
  }

  async #pictureOf(frame: Frame, about: About, signal: AbortSignal): Promise<Sight['picture']> {
    if (!this.#wanted.likeness) return undefined;
    return (await lookCloser(frame, ONLY_LIKENESS, this.#eyes, about, signal)).picture;
  }

  #lightOf({ light }: PixelFacts): LightFacts {
    const change = light.change ?? this.#missedLight;
    this.#missedLight = undefined;
    return { ...light, ...(change ? { change } : {}) };
  }
}

function read({ prompt = '', modelName = 'basic' }: Omit<Task, 'streamId'>): [IndexPlan, Wanted] {
  const plan = planFor(prompt);
  return [plan, wantedOf(plan, modelName)];
}

function withColours(objects: SceneFacts['objects'], frame: Frame): SceneFacts['objects'] {
  return objects.map((object) => {
    const colours = objectColours(frame, object.box);
    return colours.length > 0 ? { ...object, colours } : object;
  });
}

/** Evenly spread, the last always among them. */
function pick(frames: readonly Frame[]): Frame[] {
  if (frames.length <= MOST_LOOKS) return [...frames];
  const step = (frames.length - 1) / (MOST_LOOKS - 1);
  return Array.from({ length: MOST_LOOKS }, (_, i) => frames[Math.round(i * step)]).filter(
    (frame) => frame !== undefined,
  );
}
