/**
 * From windows to facts, sentences and vectors. Pixels are measured here (motion, light, colours, tampering); objects
 * are detected by a model pack in a process of its own, with a bounded queue before it and a supervisor around it.
 *
 * Promises: nothing waits for the detector longer than its deadline; a frame that it had no time for is `dropped` and
 * counted; its crash or hang costs frames, never the appliance; without a pack everything else still works. Facts are
 * what was measured or answered, never a guess.
 */
export { embedText, TEXT_EMBEDDING } from './embedding.ts';
export { Inference, type InferenceLimits, type InferenceOptions, type InferenceStatus } from './inference.ts';
export {
  Listening,
  type ListeningLimits,
  type ListeningOptions,
  type ListeningStatus,
  type PackState,
} from './listening.ts';
export { type Observation, Observer } from './observer.ts';
export { decodeImage, thumbnail } from './picture.ts';
export type { Recognition } from './protocol.ts';
export type { Priority } from './queue.ts';
export { describeSound } from './sentence.ts';
