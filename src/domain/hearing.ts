/** A class of sound that was heard, e.g. `smoke detector, smoke alarm`; names are AudioSet's, in lower case. */
export interface Sound {
  label: string;
  /** 0–1, the largest while it was heard. */
  score: number;
  startMs: number;
  endMs: number;
}

/** RMS in dBFS above which it isn't silent: speech across a room is around -35. */
export const AUDIBLE_DB = -45;

/** How a stream sounds in one stretch. Levels in dBFS: 0 is full scale, a silent room around -60. */
export interface SoundFacts {
  /** What was heard, loudest certainty first; empty without a pack that knows sounds. */
  sounds: Sound[];
  /** The pack that listened for sounds; absent when there was none and only the level is known. */
  pack?: string;
  /** Root mean square over the stretch. */
  levelDb: number;
  /** `dead`: not even noise comes from the microphone. `clipped`: it is too loud to be understood. */
  trouble?: 'dead' | 'clipped';
}

/** Why a stretch of speech was not written down. */
export interface TranscriptGap {
  streamId: string;
  startMs: number;
  endMs: number;
  /** For people: `too much speech at once: the oldest was dropped`. */
  reason: string;
}
