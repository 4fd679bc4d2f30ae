export type ExtractionType = Extraction['type'];
export type ModelTier = 'mini' | 'basic' | 'pro' | 'ultra';

/**
 * How an index cuts its stream: `time` every `seconds`, `frameCount` frames; `shot` where the picture changes by more
 * than `threshold` (0–100), at the latest after `longestSeconds`; `transcript` every `value` words, sentences or seconds.
 */
export type Extraction = TimeExtraction | ShotExtraction | TranscriptExtraction;
export interface TimeExtraction {
  type: 'time';
  seconds: number;
  frameCount: number;
}
export interface ShotExtraction {
  type: 'shot';
  threshold: number;
  frameCount: number;
  longestSeconds: number;
}
export interface TranscriptExtraction {
  type: 'transcript';
  segmenter: 'word' | 'sentence' | 'time';
  value: number;
}

/** A prompt-defined index over one stream (VideoDB's RTStreamSceneIndex). */
export interface SceneIndex {
  id: string;
  streamId: string;
  name: string;
  prompt: string;
  extraction: Extraction;
  /** The extraction as the client sent it, echoed back. */
  extractionConfig: Record<string, unknown>;
  modelName: string;
  modelConfig: Record<string, unknown>;
  wsConnectionId?: string;
  status: 'running' | 'stopped';
  /** When it was last started: nothing from before is indexed. */
  resumedMs: number;
  createdMs: number;
}
