import type { Alert, EventDefinition, Firing, Mark } from './alert.ts';
import type { SceneIndex } from './index-spec.ts';
import type { Gap, RecordingSession, Segment } from './media.ts';
import type { Scene } from './scene.ts';
import type { Stream } from './stream.ts';
import type { Transcript } from './transcript.ts';

/**
 * What is sent, the most urgent first: the text of an alert, its picture, the recording around it, what was seen and
 * heard, and all other recordings.
 */
export const PARCEL_KINDS = ['alert', 'picture', 'clip', 'records', 'segment'] as const;
export type ParcelKind = (typeof PARCEL_KINDS)[number];

/** One thing on its way to one target, without its bytes. It can be understood by itself, whatever came before it. */
export type ParcelHead = { [Kind in ParcelKind]: HeadOf<Kind> }[ParcelKind];

interface HeadOf<Kind extends ParcelKind> {
  kind: Kind;
  /** The same each time it is sent, and of no other: `<box id>/<kind>/<ref>`. By it a target knows what it has already. */
  key: string;
  /** Absent where it is about several cameras, or none. */
  streamId?: string;
  startMs: number;
  endMs: number;
  /** Never a secret, never a camera's address. */
  facts: ParcelFacts[Kind];
  body?: BodyFacts;
}

/** The bytes that belong to a parcel. */
export interface BodyFacts {
  bytes: number;
  mediaType: 'video/mp4' | 'video/iso.segment' | 'image/jpeg';
}

/** What a parcel of each kind says. Ids are those of the box that sends it. */
export interface ParcelFacts {
  alert: AlertFacts;
  picture: PictureFacts;
  clip: ClipFacts;
  records: RecordFacts;
  segment: SegmentFacts;
}

/** A firing; sent again, with another key, when it has a verdict, and each time that somebody marks it. */
export interface AlertFacts {
  /** What a webhook gets of it. */
  payload: Record<string, unknown>;
  firing: Firing;
  alert: SentAlert;
  event: EventDefinition;
  index: SentIndex;
  stream: StreamFacts;
  /** At which it fired; absent where it fired for something said, or has been deleted since. */
  scene?: SentScene;
  /** What somebody said of it on its box; `none`: it was taken back. */
  mark?: SentMark;
}

/** The picture of a scene: JPEG. */
export interface PictureFacts {
  scene: SentScene;
  index: SentIndex;
  stream: StreamFacts;
  /** The firing that it is sent for; absent where it is sent without one. */
  firingId?: string;
}

/** The recording around firings that lie close together, or what was asked for: MP4. */
export interface ClipFacts {
  name: string;
  description: string;
  firingIds: string[];
  stream: StreamFacts;
  /** RFC 6381; absent where it couldn't be read. */
  codecs?: string;
  width: number;
  height: number;
}

/**
 * A stretch of the journal: each scene, transcript and gap that it names, once, as it is when it is sent. Of a camera that
 * somebody has deleted with all that came from it only its id is left.
 */
export interface RecordFacts {
  streams: StreamFacts[];
  indexes: SentIndex[];
  scenes: SentScene[];
  transcripts: Transcript[];
  gaps?: Gap[];
  /** Ids of cameras. */
  deleted?: string[];
}

/** One piece of a recording: a CMAF segment. */
export interface SegmentFacts {
  stream: StreamFacts;
  segment: Pick<Segment, 'startMs' | 'endMs'>;
  session: Omit<RecordingSession, 'streamId' | 'initPath'>;
  /** The session's init file, in base64. */
  init: string;
}

/** What may be known of a camera elsewhere. */
export type StreamFacts = Pick<Stream, 'id' | 'name' | 'mediaTypes' | 'zones' | 'createdMs'>;
export type SentMark = Pick<Mark, 'note' | 'atMs'> & { verdict: Mark['verdict'] | 'none' };
export type SentAlert = Omit<Alert, 'callbackUrl' | 'wsConnectionId' | 'boxId'>;
export type SentIndex = Omit<SceneIndex, 'wsConnectionId'>;
export type SentScene = Omit<Scene, 'thumbPath'>;
