import { type Bearing, bearings, SHARE, type TimedPack, WINDOW_S } from './bearing.ts';

/** What was measured of a box. */
export interface BoxMeasures {
  cores: number;
  memoryFreeBytes: number;
  diskBytesPerS: number;
  /** Most that recordings may take. */
  roomBytes: number;
  /** To decode a picture of such a camera, on one core. */
  keyframeMs: number;
  packs: readonly TimedPack[];
  /** What the processes of these packs take. */
  packsBytes: number;
}

/** What one camera sends, or what several do on average. */
export interface CameraLoad {
  bitsPerSecond: number;
  keyframeIntervalS: number;
}

export type LimitKind = 'models' | 'decoding' | 'memory' | 'disk';

export interface TierPlan {
  tier: Bearing['tier'];
  cameras: number;
  limit: LimitKind;
  /** From what happens until the alert, at most, with so many cameras. */
  alertDelayS: number;
  without: Bearing['without'];
}

/** A camera's ffmpeg, as measured (docs/benchmarks.md), and its share of the main process. */
const CAMERA_BYTES = 100e6;
/** Of the cores and of the disk's speed; the rest is for models, the system and bad moments. */
const DECODING_SHARE = 0.25;
const DISK_SHARE = 0.5;
/** Keyframes farther apart are not waited for: pictures are decoded about so often. */
const PICTURE_EVERY_S = 2.5;
/** Recording by itself, of one core. */
const RECORDING_SHARE = 0.01;
const MOST = 64;

/** How many such cameras a box bears with each tier, what ends it first, and how late alerts come then. */
export function tiersOf(box: BoxMeasures, load: CameraLoad): TierPlan[] {
  const others: [LimitKind, number][] = [
    ['decoding', (box.cores * DECODING_SHARE) / coreShare(box, load)],
    ['memory', (box.memoryFreeBytes - box.packsBytes) / CAMERA_BYTES],
    ['disk', (box.diskBytesPerS * 8 * DISK_SHARE) / load.bitsPerSecond],
  ];
  return bearings(box.packs).map(({ tier, cameras: byModels, without }) => {
    const [limit, most] = others.reduce((least, one) => (one[1] < least[1] ? one : least), ['models', byModels]);
    const cameras = Math.max(0, Math.min(MOST, Math.floor(most)));
    // Of the share that models may take, each camera has its part of a window's length.
    const queuedS = byModels > 0 ? (cameras / byModels) * WINDOW_S * SHARE : 0;
    const alertDelayS = Math.round((WINDOW_S + Math.min(load.keyframeIntervalS, PICTURE_EVERY_S) + queuedS) * 10) / 10;
    return { tier, cameras, limit, alertDelayS, without };
  });
}

/** How far back the recordings of so many such cameras reach. */
export function daysOf({ roomBytes }: BoxMeasures, { bitsPerSecond }: CameraLoad, cameras: number): number {
  const days = roomBytes / ((bitsPerSecond / 8) * 86_400 * Math.max(1, cameras));
  const digits = days < 1 ? 100 : days < 10 ? 10 : 1;
  return Math.round(days * digits) / digits;
}

/** What would help, for the limit that comes first. */
export function remedyOf(limit: LimitKind, { keyframeIntervalS }: CameraLoad): string {
  switch (limit) {
    case 'models':
      return 'use a smaller detector or a lower tier, longer windows or fewer pictures in them, or a box with an accelerator';
    case 'decoding':
      return keyframeIntervalS > PICTURE_EVERY_S
        ? 'set the cameras’ I-frame interval (GOP) to 2 s, and give them a `substream`'
        : 'give the cameras a `substream`: a smaller picture to look at';
    case 'memory':
      return 'use fewer or smaller model packs, or a box with more memory';
    case 'disk':
      return 'record to a quicker disk, or lower the cameras’ bitrate';
  }
}

function coreShare({ keyframeMs }: BoxMeasures, { keyframeIntervalS: gapS }: CameraLoad): number {
  // Between keyframes all pictures have to be decoded: about seven times the work.
  const perSecond = gapS > PICTURE_EVERY_S ? 7 / PICTURE_EVERY_S : 1 / gapS;
  return RECORDING_SHARE + (perSecond * keyframeMs) / 1000;
}
