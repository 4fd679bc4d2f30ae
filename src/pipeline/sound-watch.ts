import { FRAME_MS, type Heard, joined, LevelMeter, type SoundClass, type SoundFrame, SoundTracker } from '#hearing';
import type { Clock } from '#runtime';
import { Patience } from './patience.ts';
import type { SoundScenes } from './sound-scenes.ts';
import type { GatedFrame } from './speech-catcher.ts';

/** Models of sounds need 15 600 samples: so many frames. Each stretch is half of the one before: an alarm is told at once. */
const STRETCH_FRAMES = 31;
const STEP_FRAMES = 16;
/** Quieter than this is silence. */
const SILENT_DB = -60;
/** A steady noise is looked at this often. */
const LOOK_AGAIN_MS = 5000;

export interface SoundWatchDeps {
  listening: {
    sounds(samples: Int16Array, signal: AbortSignal): Promise<SoundClass[] | undefined>;
    status(): { sounds: { state: string; pack?: string } };
  };
  heard: Heard;
  scenes: SoundScenes;
  clock: Clock;
  patienceMs?: number | undefined;
}

/** Measures a stream's sound second by second, and asks a model what it is when it isn't silence or the same as ever. */
export class SoundWatch {
  readonly #deps: SoundWatchDeps;
  readonly #tracker = new SoundTracker();
  readonly #meter = new LevelMeter();
  readonly #patience: Patience;
  #stretch: GatedFrame[] = [];
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** Up to where the level has been told. */
  #measuredMs: number | undefined;

  constructor(deps: SoundWatchDeps) {
    this.#deps = deps;
    this.#patience = new Patience(deps.clock, deps.patienceMs);
  }

  /** The frame's mean square. */
  measure(frame: SoundFrame): number {
    return this.#meter.add(frame);
  }

  /** Takes a measured frame. */
  async hear(gated: GatedFrame, signal: AbortSignal): Promise<void> {
    this.#stretch.push(gated);
    if (this.#stretch.length >= STRETCH_FRAMES) await this.#name(signal);
  }

  /** Nothing follows on what was heard. */
  end(): void {
    this.#stretch = [];
    this.#lookedMs = Number.NEGATIVE_INFINITY;
    this.#measuredMs = undefined;
    this.#deps.scenes.end(this.#tracker.stop());
  }

  async #name(signal: AbortSignal): Promise<void> {
    const { heard, scenes } = this.#deps;
    const stretch = this.#stretch;
    const startMs = Math.round(stretch[0]?.frame.atMs ?? 0);
    const endMs = startMs + stretch.length * FRAME_MS;
    const measuredMs = this.#measuredMs ?? startMs;
    const level = this.#meter.take();
    const isDue = this.#isDue(stretch, level.levelDb, startMs);
    this.#stretch = stretch.slice(STEP_FRAMES);
    this.#measuredMs = endMs;
    const classes = isDue ? await this.#ask(stretch, startMs, signal) : [];
    const { sounds: model } = this.#deps.listening.status();
    const pack = model.state === 'ready' ? model.pack : undefined;
    heard.level(measuredMs, endMs, level, pack);
    // Not before something could be heard.
    const fromMs = Math.round(stretch.find(({ open }) => open)?.frame.atMs ?? startMs);
    const change = this.#tracker.hear(classes, fromMs, endMs);
    for (const sound of [...change.ended, ...this.#tracker.now]) heard.sound(sound);
    const facts = { sounds: change.began, ...level, ...(pack === undefined ? {} : { pack }) };
    scenes.follow(change, this.#tracker.now, facts);
  }

  /** What is heard is followed; what is loud is looked at; what is never quiet now and then. */
  #isDue(stretch: readonly GatedFrame[], levelDb: number, startMs: number): boolean {
    if (stretch.some(({ open }) => open)) return true;
    if (levelDb <= SILENT_DB) return false;
    return this.#tracker.now.length > 0 || Math.abs(startMs - this.#lookedMs) >= LOOK_AGAIN_MS;
  }

  async #ask(stretch: readonly GatedFrame[], startMs: number, signal: AbortSignal): Promise<SoundClass[]> {
    this.#lookedMs = startMs;
    const samples = joined(stretch.map(({ frame }) => frame.samples));
    return (await this.#patience.ask((limit) => this.#deps.listening.sounds(samples, limit), signal)) ?? [];
  }
}
