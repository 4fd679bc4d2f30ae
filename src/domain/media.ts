import type { Zone } from './geometry.ts';

/** One sampled picture, packed RGB, `rgb.length === width * height * 3`. Shared, never written to after it is made. */
export interface Frame {
  atMs: number;
  width: number;
  height: number;
  rgb: Uint8Array;
  /** ffmpeg's scene change score against the frame before it in the same session, 0–1. */
  sceneScore: number;
}

/** Mono 16 kHz signed 16-bit samples. `atMs` is the time of the first sample. */
export interface PcmChunk {
  atMs: number;
  samples: Int16Array;
}
export const PCM_RATE = 16_000;

/** One finished piece of recording: playable after its session's init file. Paths are relative to the media directory. */
export interface Segment {
  streamId: string;
  sessionId: string;
  startMs: number;
  endMs: number;
  path: string;
  bytes: number;
}

/** One run of ffmpeg: everything recorded in it shares an init file and codecs. */
export interface RecordingSession {
  id: string;
  streamId: string;
  startedMs: number;
  /** Relative to the media directory. */
  initPath: string;
  /** RFC 6381, e.g. `avc1.640028,mp4a.40.2`; absent where it couldn't be read. */
  codecs?: string;
  width: number;
  height: number;
}

/** A stretch of which no recording is there, with the reason. */
export interface Gap {
  streamId: string;
  startMs: number;
  endMs: number;
  reason: string;
  /** It was recorded, and nobody wanted it to stay. */
  unwanted?: true;
}

/** Frames of one stretch of time, oldest first, at most the index's `frameCount`; may be empty when the camera was away. */
export interface Window {
  streamId: string;
  startMs: number;
  endMs: number;
  frames: Frame[];
  zones: readonly Zone[];
}
