/**
 * Streams become windows, spoken words become segments. Pure: knows neither ffmpeg nor models, keeps no more frames than
 * one window needs, and takes its time from what comes in alone, so that a replay gives the same windows.
 */
export { type ShotSpec, shotWindows } from './shot-windows.ts';
export { LONGEST_SILENCE_MS, type SpeechSegment, type SpeechSpec, speechSegments } from './speech-segments.ts';
export { type Passed, timeWindows, type WindowSpec } from './time-windows.ts';
