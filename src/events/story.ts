import type { SceneFacts } from '#domain';

/** What goes on for a while. */
export interface Moment {
  forMs: number;
  facts?: Partial<SceneFacts>;
  /** Seen in it, or said. */
  text?: string;
  isTranscript?: boolean;
  /** What its picture looks like, by sentence. */
  similar?: Record<string, number>;
}

/** Something that may happen, in a sentence that says no more than what its moments show. */
export interface Story {
  text: string;
  moments: Moment[];
}

/** Things that come and go last this long; what is to be certain takes longer. */
export const SHORT_MS = 20_000;
export const BEFORE_MS = 30_000;
export const LONG_MS = 120_000;

export function story(text: string, moments: Moment[]): Story {
  return { text, moments };
}
