/**
 * Capture sessions: several streams that a client sends together (microphone, screen, system sound, camera), from the call
 * that announces them to the recording as one video. Owns how a session goes on; the streams themselves are recorded,
 * watched and heard like any other.
 *
 * Promises: each status is reached once and told once, over restarts; a session whose client has gone comes to its end by
 * itself. When telling fails it is tried for a day; when the export fails the recordings are still there.
 */
export { CaptureDesk, type CaptureDeskDeps, type CaptureStart, type ExportState, type NewChannel } from './desk.ts';
