import type { CaptionsContent, Content, Layer } from './composition.ts';

/** What clients ask for, defaults filled in, times in milliseconds; ids are not looked up yet. */
export interface Timeline {
  background: string;
  width: number;
  height: number;
  /** Of two with the same z-index the later one is on top. */
  tracks: TimelineTrack[];
}

export interface TimelineTrack {
  zIndex: number;
  clips: TimelineClip[];
}

export interface TimelineClip extends Omit<Layer, 'content' | 'follow'> {
  zIndex: number;
  asset: TimelineAsset;
}

export type TimelineAsset = Exclude<Content, CaptionsContent> | CaptionRequest;

export interface CaptionRequest extends Omit<CaptionsContent, 'words' | 'ass'> {
  /** `auto`, or an ASS document in base64. */
  src: string;
}

export const SMALLEST_SIDE = 16;
export const LARGEST_SIDE = 3840;
/** Of a timeline. */
export const LONGEST_MS: number = 6 * 3_600_000;
