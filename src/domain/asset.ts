export type AssetKind = 'video' | 'audio' | 'image';

/** Media that isn't live: what an export or an upload yields. It stays until it is deleted; retention never takes it. */
export interface Asset {
  /** `m-…` video, `a-…` audio, `img-…` image. */
  id: string;
  kind: AssetKind;
  collectionId: string;
  name: string;
  description: string;
  /** 0 for an image. */
  lengthMs: number;
  bytes: number;
  /** 0 for audio. */
  width: number;
  height: number;
  /** RFC 6381, e.g. `avc1.640028,mp4a.40.2`; absent where it couldn't be read. */
  codecs?: string;
  /** A picture of it, relative to the assets directory; of an image: itself. */
  thumbPath?: string;
  origin: AssetOrigin;
  createdMs: number;
  /** Of what was rendered: what it was made of, as a hash. */
  renderKey?: string;
  /** Set for what is in no list and gives way when there is little room: when it was last asked for. */
  usedMs?: number;
}

export type AssetOrigin =
  | { kind: 'upload'; filename: string }
  /** An image: the picture of a video at a time from its start. */
  | { kind: 'thumbnail'; videoId: string; atMs: number }
  /** The recording of `streamId` from `startMs` to `endMs`, gaps left out. */
  | { kind: 'export'; streamId: string; startMs: number; endMs: number }
  /** Rendered of these assets. */
  | { kind: 'edit'; assetIds: string[] }
  /** A capture session: the pictures of `streamId`, where there are any, with the sound of all its channels. */
  | { kind: 'capture'; sessionId: string; streamId: string };

/** One piece of an asset's HLS media, led by a keyframe. Paths are relative to the assets directory. */
export interface Piece {
  /** Position in the asset, from 0. */
  n: number;
  /** From the start of the asset. */
  startMs: number;
  durationMs: number;
  path: string;
  bytes: number;
  /** The init file that it needs. */
  initPath: string;
  /** It doesn't continue the piece before it: another recording session, or a gap. */
  discontinuity: boolean;
  /** When it was recorded; absent for uploads. */
  recordedMs?: number;
}

/** A stretch of an asset, times from its start. */
export interface Part {
  assetId: string;
  startMs: number;
  endMs: number;
}

/** Parts of assets that play as one (VideoDB's compiled stream). */
export interface Cut {
  /** `cut-…`, the same for the same parts. */
  id: string;
  parts: Part[];
}

/** An index over one asset: what is seen in it, or what is said. */
export interface AssetIndex {
  id: string;
  assetId: string;
  kind: 'scene' | 'spoken_word';
  name: string;
  prompt: string;
  extraction: { type: 'time' | 'shot' | 'transcript' };
  /** As the client sent it, defaults filled in. */
  extractionConfig: Record<string, unknown>;
  /** The client's own facts, kept with every record. */
  metadata: Record<string, unknown>;
  modelName: string;
  status: 'processing' | 'done' | 'failed';
  /** The job that fills it. */
  jobId?: string;
  /** Why it failed, or what its maker should know ("no speech model is installed"). */
  message?: string;
  createdMs: number;
}

/** What an asset index says about a stretch of its asset, times from its start. */
export interface AssetRecord {
  id: number;
  assetId: string;
  indexId: string;
  startMs: number;
  endMs: number;
  text: string;
  metadata: Record<string, unknown>;
}

/** An asset cut into scenes, with the times of the frames that stand for each. Frames are decoded when they are asked for. */
export interface SceneCollection {
  /** `sc-…` */
  id: string;
  assetId: string;
  extraction: { type: 'time' | 'shot' | 'transcript' };
  /** As the client sent it, defaults filled in. */
  extractionConfig: Record<string, unknown>;
  status: 'processing' | 'done';
  /** The job that cuts. */
  jobId?: string;
  /** In order of time; their ids are `<collection>-<n>`. */
  scenes: CutScene[];
  createdMs: number;
}

/** Times from the start of the asset. */
export interface CutScene {
  startMs: number;
  endMs: number;
  description?: string;
  /** Their ids are `<collection>-<n>-<n>`. */
  frames: { atMs: number; description?: string }[];
}
