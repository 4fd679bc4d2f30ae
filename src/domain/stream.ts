import type { Zone } from './geometry.ts';

export type MediaType = 'audio' | 'video';

export interface Collection {
  id: string;
  name: string;
  description: string;
  isPublic: boolean;
  createdMs: number;
}

/** A camera as the box knows it. `url` may hold credentials: it goes to ffmpeg and the store, and nowhere else. */
export interface Stream {
  id: string;
  collectionId: string;
  name: string;
  url: string;
  mediaTypes: MediaType[];
  sampleRate: number;
  store: boolean;
  transcription: Transcription;
  transport: 'tcp' | 'udp';
  zones: Zone[];
  /** What the user asked for; the supervisor makes it so. */
  wanted: 'connected' | 'stopped';
  /** Streams from the configuration file are updated by it and can't be deleted over HTTP. */
  origin: 'api' | 'config';
  createdMs: number;
}

/** Whether the stream's speech is written down, and who is told. */
export interface Transcription {
  wanted: boolean;
  /** As the client named it; every name means the box's own. */
  engine: string;
  /** The WebSocket connection that the words go to. */
  wsConnectionId?: string;
  changedMs: number;
}

/** What one camera is doing now. `waiting` is between two tries, with `lastError` and `nextTryMs`. */
export type CameraPhase = 'stopped' | 'connecting' | 'recording' | 'stalled' | 'waiting';

/** A live picture of one camera for `/v1/status` and `/metrics`; every field is cheap to read. */
export interface CameraStatus {
  streamId: string;
  phase: CameraPhase;
  sinceMs: number;
  lastError?: string;
  nextTryMs?: number;
  /** Starts of ffmpeg after the first, since the appliance started. */
  restarts: number;
  facts?: CameraFacts;
  /** How frames are taken now. */
  sampling?: 'keyframes' | 'decode';
  /** Frames that ffmpeg delivered, per second, over the last minute. */
  fpsSeen: number;
  framesSeen: number;
  framesDropped: number;
  /** Windows that found inference busy and were dropped. */
  windowsDropped: number;
  lastFrameMs?: number;
  lastSegmentEndMs?: number;
  segmentsWritten: number;
  bytesWritten: number;
  /** Share of one core used by this camera's ffmpeg, 0–n, over the last sample interval; absent where unknown. */
  cpuShare?: number;
  /** Notes a person should read, e.g. "no keyframe for 10 s; recording without audio". */
  notes: string[];
}

/** What a probe found out about a source. */
export interface CameraFacts {
  videoCodec: string;
  width: number;
  height: number;
  fps: number;
  /** Seconds between keyframes as measured by the probe; absent when fewer than two were seen. */
  keyframeIntervalS?: number;
  audioCodec?: string;
  audioSampleRate?: number;
  audioChannels?: number;
  /** Milliseconds the camera's own clock is ahead of ours, where it tells (RTCP sender reports). */
  clockOffsetMs?: number;
  transport: 'tcp' | 'udp' | 'http' | 'rtmp' | 'file';
}
