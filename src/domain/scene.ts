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
  /** Zones it came through in this window, wherever it was when it was looked at. */
  crossed?: string[];
  /** The same number whenever the same individual was seen on this stream, as far as its looks tell. */
  who?: number;
  /** Names of its own colours, most of it first. */
  colours?: string[];
}

/** A face, as a fraction of the picture; whose it is nobody asks. */
export interface Face {
  score: number;
  box: Box;
}

/** Something written, as it was read. */
export interface WrittenText {
  text: string;
  score: number;
  box: Box;
}

/** A phrase of the index's prompt that the picture looks like, 0–1. */
export interface Likeness {
  phrase: string;
  score: number;
}

/** What a prompt that asks for JSON gets: what is known in the shape it asks for, or nothing with the reason. */
export interface Answer {
  json: unknown;
  /** Why it is null, or which of its fields are not known on this box. */
  reason?: string;
  /** The pack or the server it comes from; `facts` when it was put together from what was measured. */
  by: string;
}

/** What a model that follows instructions says of the window, which is then the scene's text. */
export interface Told {
  text: string;
  /** The pack or the server. */
  by: string;
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
  /** Absent where nobody looked for any. */
  faces?: Face[];
  /** What is written in the picture; absent where nobody read. */
  texts?: WrittenText[];
  /** Phrases of the prompt that the picture looks like, best first; absent where nobody compared. */
  likenesses?: Likeness[];
  /** Absent where the prompt asks for no JSON. */
  answer?: Answer;
  /** Absent until a model that follows instructions has looked. */
  told?: Told;
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
