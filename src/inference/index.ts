/**
 * From windows to facts, sentences and vectors, and from sound to words. Pixels are measured here (motion, light,
 * colours, tampering); objects, faces, texts, likenesses are found by model packs in a process of its own, with a bounded queue
 * before it and a supervisor around it. Voices and sounds are told by a second such process, speech is written down by a third,
 * a fourth writes by prompts, and a fifth tells what pictures show.
 *
 * Promises: nothing waits for a model longer than its deadline; a frame that the detector had no time for is `dropped` and
 * counted; the crash or hang of a process costs what it was at, never the appliance; without packs everything else still
 * works. Facts are what was measured or answered, never a guess; words that a model makes up are left out where that shows.
 */
export { embedText, TEXT_EMBEDDING } from './embedding.ts';
export { Gallery } from './gallery.ts';
export {
  type About,
  Inference,
  type InferenceLimits,
  type InferenceOptions,
  type InferenceStatus,
} from './inference.ts';
export {
  Listening,
  type ListeningLimits,
  type ListeningOptions,
  type ListeningStatus,
} from './listening.ts';
export { type Observation, Observer } from './observer.ts';
export { patient } from './patient.ts';
export { contactSheet, decodeImage, outlined, thumbnail } from './picture.ts';
export { type PictureQuery, pictureQuery } from './picture-query.ts';
export type { Answers, Asks, Recognition } from './protocol.ts';
export { Providers } from './providers.ts';
export { type Priority, SIGHT_TASKS, type SightTask } from './queue.ts';
export { describeSound } from './sentence.ts';
export { type Eyes, needsFineFrames, wantedOf } from './sight.ts';
export type { PackState } from './speech-ear.ts';
export { Telling, type TellingLimits, type TellingOptions } from './telling.ts';
export { type PackTiming, timePack } from './timing.ts';
export { Writing, type WritingLimits, type WritingOptions } from './writing.ts';
