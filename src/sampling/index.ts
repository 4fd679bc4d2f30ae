/**
 * Streams become windows. Pure: knows neither ffmpeg nor models, keeps no more frames than one window needs, and takes
 * its time from the frames alone, so that a replay gives the same windows.
 */
export { timeWindows, type WindowSpec } from './time-windows.ts';
