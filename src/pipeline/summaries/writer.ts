import type { Said } from '#domain';

/** What is to be made of a stretch of speech. */
export interface Asked {
  /** The index's own words. */
  prompt: string;
  /** What was said. */
  text: string;
}

export interface WriterStatus {
  name: TextWriter['name'];
  /** `resting`: left alone for a while after a failure. */
  state: 'ready' | 'resting';
  model: string;
  asked: number;
  failed: number;
  lastError?: string;
}

/** Something that writes text by a prompt: a server, or a model of this box. */
export interface TextWriter {
  readonly name: Exclude<Said['summary'], 'extractive'>;
  /** False while it is left alone after a failure. */
  readonly ready: boolean;
  status(): WriterStatus;
  /** Rejects in time when it can't. */
  write(asked: Asked, signal: AbortSignal): Promise<string>;
}
