import type { CaptureCategory } from './capture.ts';
import type { Zone } from './geometry.ts';
import type { TimeOfDay } from './rule.ts';

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
  /** Of the same camera, smaller: looked at instead, while `url` is recorded. May hold credentials, too. */
  substreamUrl?: string | undefined;
  /** It is sent here, by whoever has its key; `url` is empty. */
  push?: PushSource;
  mediaTypes: MediaType[];
  sampleRate: number;
  store: boolean;
  transcription: Transcription;
  transport: 'tcp' | 'udp';
  zones: Zone[];
  recording: RecordingPolicy;
  /** What the user asked for; the supervisor makes it so. */
  wanted: 'connected' | 'stopped';
  /**
   * Streams from the configuration file are updated by it and can't be deleted over HTTP. Those of another box (`edge`)
   * are as it tells: nothing is connected here, and nothing changed.
   */
  origin: 'api' | 'config' | 'edge';
  /** The other box. */
  boxId?: string;
  /** The capture session that it is a channel of. */
  capture?: { sessionId: string; channelId: CaptureCategory };
  createdMs: number;
}

export type PushProtocol = 'rtmp' | 'rtsp';

/** How a stream is sent to the box. */
export interface PushSource {
  protocol: PushProtocol;
  /** So often its key has been renewed; absent: never. */
  renewed?: number;
}

/** What of a stream's video stays, once the box has looked at it. */
export interface RecordingPolicy {
  /** `motion`: where something moves; `events`: where an alert fires. */
  mode: 'continuous' | 'motion' | 'events';
  /** So much before and after that stays, too. */
  preMs: number;
  postMs: number;
  /** Outside these times nothing stays. Absent: always. */
  schedule?: TimeOfDay[];
  /** Whether sound is recorded and listened to. */
  audio: boolean;
  /** What is older goes. Absent: as the box does with all of them. */
  keepDays?: number;
  /** Most that its recordings take. Absent: as much as there is room for. */
  quotaBytes?: number;
}

export const RECORD_ALL: RecordingPolicy = { mode: 'continuous', preMs: 5000, postMs: 10_000, audio: true };

/** Whether anything that is recorded may have to go before its time. */
export function isSelective({ mode, schedule }: RecordingPolicy): boolean {
  return mode !== 'continuous' || schedule !== undefined;
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
  /** Where the camera has one: whether frames come from it, or from the stream that is recorded. */
  substream?: { state: 'used' | 'away'; lastError?: string };
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
  /** What it gets less of than is asked for, for minutes now, the worst first. */
  degraded: Degraded[];
}

/** Why a camera isn't served as it should be: its recording, what looks at it, or its pictures are behind. */
export interface Degraded {
  kind: 'recording' | 'looking' | 'pictures';
  what: string;
  remedy: string;
}

/** What a probe found out about a source: it sends pictures, or sound, or both. */
export interface CameraFacts {
  /** Absent when it sends sound only; then its size and rate are 0. */
  videoCodec?: string;
  width: number;
  height: number;
  fps: number;
  /** Seconds between keyframes as measured by the probe; absent when fewer than two were seen. */
  keyframeIntervalS?: number;
  /** Of pictures and sound together, as measured by the probe. */
  bitsPerSecond?: number;
  audioCodec?: string;
  audioSampleRate?: number;
  audioChannels?: number;
  /** Milliseconds the camera's own clock is ahead of ours, where it tells (RTCP sender reports). */
  clockOffsetMs?: number;
  transport: 'tcp' | 'udp' | 'http' | 'rtmp' | 'file';
}
