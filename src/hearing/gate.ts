import { FRAME_MS } from './frames.ts';
import { decibels } from './level.ts';

/** Below this nothing is worth a look, however quiet the room. */
const SILENT_DB = -60;
/** So much above the noise that is always there, something is going on. */
const ABOVE_FLOOR_DB = 6;
/** Before anything is known the room is taken to be this quiet. */
const FIRST_FLOOR_DB = -50;
/**
 * The quietest frame of so many seconds is the noise that is always there; even who talks on and on is silent between two
 * words in one of them.
 */
const PARTS = 8;
const PART_FRAMES = Math.round(1000 / FRAME_MS);
/** Who falls silent is listened to for so long: the pause itself tells that a sentence has ended. */
const HANG_FRAMES = Math.round(800 / FRAME_MS);

/**
 * Tells silence, and noise that never changes, from what is worth a model's look; costs next to nothing itself. It
 * learns the room: a fan opens it for some seconds, a word above the fan's noise always.
 */
export class NoiseGate {
  /** Of each second, the quietest moment. */
  #parts: number[] = new Array<number>(PARTS).fill(FIRST_FLOOR_DB);
  #part = Number.POSITIVE_INFINITY;
  #frames = 0;
  #open = 0;

  /** The last frame itself was loud: more than the noise that is always there. */
  get isLoud(): boolean {
    return this.#open === HANG_FRAMES;
  }

  get floorDb(): number {
    return Math.min(this.#part, ...this.#parts);
  }

  /** Whether to look at a frame of this mean square. */
  pass(meanSquare: number): boolean {
    const db = decibels(meanSquare);
    const isLoud = db > SILENT_DB && db > this.floorDb + ABOVE_FLOOR_DB;
    this.#learn(db);
    this.#open = isLoud ? HANG_FRAMES : Math.max(0, this.#open - 1);
    return isLoud || this.#open > 0;
  }

  #learn(db: number): void {
    this.#part = Math.min(this.#part, db);
    this.#frames += 1;
    if (this.#frames < PART_FRAMES) return;
    this.#parts = [...this.#parts.slice(1), this.#part];
    this.#part = Number.POSITIVE_INFINITY;
    this.#frames = 0;
  }
}
