export type ExtractionType = 'time' | 'shot' | 'transcript';
export type ModelTier = 'mini' | 'basic' | 'pro' | 'ultra';

/** How an index cuts its stream. `time`: every `seconds`, `frameCount` frames. */
export interface Extraction {
  type: ExtractionType;
  seconds: number;
  frameCount: number;
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
  createdMs: number;
}
