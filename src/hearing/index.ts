/**
 * What is heard: levels, voices, utterances, sounds, and the spool in which speech waits to be written down.
 *
 * Promises: silence costs no more than a sum; an utterance is on disk while it is spoken, and stays there until its words
 * are safe or it is dropped, and then its gap is recorded; the spool never grows beyond its caps. Knows no models, no
 * database and no camera. A disk that refuses costs words, never an exception to whoever listens.
 */
export { FRAME_MS, FRAME_SAMPLES, type Framed, Framer, joined, type SoundFrame } from './frames.ts';
export { NoiseGate } from './gate.ts';
export { Heard, type HeardThen } from './heard.ts';
export { type Level, LevelMeter } from './level.ts';
export { type SoundChange, type SoundClass, SoundTracker } from './sounds.ts';
export { Spool, type SpoolOptions, type SpoolStatus } from './spool.ts';
export type { Utterance } from './spool-files.ts';
export { spoolRoom } from './spool-room.ts';
export { type Cut, UtteranceCutter } from './utterances.ts';
export { VoiceDetector } from './voice.ts';
export type { Writing } from './writing.ts';
