import type { Box } from './geometry.ts';
import type { SoundFacts } from './hearing.ts';

/** One thing a detector saw in one frame. */
export interface Detection {
  label: string;
  score: number;
  box: Box;
}

/** One thing followed through a window. `track` is stable from window to window while it is in the picture. */
export interface SceneObject extends Detection {
  track: number;
  /** Names of the zones its foot point was in, in any frame of the window. */
  zones: string[];
  /** Zones it was in now and not in the window before. */
  entered: string[];
  /** `left|right|top|bottom` when it came into the picture over that edge in this window, `in` when it appeared within. */
  appeared?: 'left' | 'right' | 'top' | 'bottom' | 'in';
  /** Since when this track has been seen. */
  sinceMs: number;
}

export interface MotionFacts {
  /** Largest share of the picture that changed between two frames of the window. */
  amount: number;
  regions: Box[];
  /** Names of the zones in which something moved. */
  zones: string[];
}

export interface LightFacts {
  /** Mean luma 0–1 at the end of the window. */
  brightness: number;
  /** Set when the lights went on or off within the window. */
  change?: 'on' | 'off';
}

export type Tamper = 'covered' | 'blurred' | 'moved';

/** What was measured in one window. Every field is a fact of the pixels or of a model's answer, never a guess. */
export interface SceneFacts {
  objects: SceneObject[];
  /** Objects of the window before that are no longer in the picture. */
  gone: { label: string; track: number }[];
  /** Largest number seen at once in one frame, by label. */
  counts: Record<string, number>;
  motion: MotionFacts;
  light: LightFacts;
  /** Names of the dominant colours, most frequent first. */
  colours: string[];
  tamper: Tamper[];
  /** What was heard meanwhile; absent where there is no sound. */
  sound?: SoundFacts;
  /** Packs that produced this, e.g. `["built-in", "yolox-nano"]`. Without a detector `objects` is empty and says nothing. */
  packs: string[];
}

/** Speech that a scene's text stands for. */
export interface Said {
  text: string;
  /** Who made the scene's text of it: a server or a model of this box; or its most telling sentences were taken. */
  summary: 'endpoint' | 'local' | 'extractive';
}

/** A stretch of a stream that an index has described. Unchanged neighbours are one growing scene. */
export interface Scene {
  id: number;
  streamId: string;
  indexId: string;
  startMs: number;
  endMs: number;
  text: string;
  /** What was measured in the pictures; absent for a scene of an audio index. */
  facts?: SceneFacts;
  /** What was heard, in a scene of an audio index that tells of a sound; one that tells of speech has neither. */
  sound?: SoundFacts;
  /** What was said, in a scene of an audio index whose text was made of it. */
  said?: Said;
  /** Relative to the data directory's `thumbs`; absent when none was made. */
  thumbPath?: string;
}
