/**
 * One camera as three streams that share one clock: recorded segments, sampled frames and PCM. Owns ffmpeg and ffprobe,
 * the media directory's layout and the mapping from a camera's time to UTC.
 *
 * Promises: one ffmpeg and one connection per camera (two only while the way of sampling changes); a segment is complete
 * and safe on disk under its final name before it is handed on; a camera that falls silent, or an ffmpeg that hangs, is
 * noticed within seconds and ends the camera with a reason a person can act on. No credential leaves this module.
 * When something fails the camera ends; opening it again is the caller's business.
 */

export { type Adopted, adoptedPath, adoptSegment } from './adopted.ts';
export { adviceFor } from './advice.ts';
export { type Camera, type CameraOptions, openCamera } from './camera.ts';
export { keyframeCostMs } from './decode-cost.ts';
export { discoverCameras, type FoundCamera } from './discovery.ts';
export { frameRate } from './frame-rate.ts';
export { LiveCopy, type TimedFragment } from './live-copy.ts';
export { LiveView } from './live-view.ts';
export { recordedStreams, recoverSegments } from './media-directory.ts';
export { codecsOf, segmentTimes } from './mp4.ts';
export { type OnvifStream, onvifStreams } from './onvif.ts';
export type { SamplingDemand } from './plan.ts';
export { probeSource } from './probe.ts';
export { type RecordedSource, recordedFrames } from './recorded-frames.ts';
export { checkSourceUrl } from './source-url.ts';
export { stillOf } from './still.ts';
