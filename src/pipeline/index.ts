/**
 * The way from camera to store, and the supervisor that keeps every wanted camera on it.
 *
 * Promises: a camera that fails is tried again for ever, with back-off; one camera's failure touches no other; what
 * goes wrong in vision, the database or the API never stops `keep`, the recording branch.
 */
export { AudioIndexer, type AudioIndexerDeps } from './audio-index.ts';
export { Backfiller } from './backfill.ts';
export { type CheckLimits, Checks, type ChecksDeps, type ChecksStatus } from './checks.ts';
export { Closer } from './closer.ts';
export type { Ears } from './hear.ts';
export { LiveCopies, type ViewSize } from './live-copies.ts';
export { LiveViews, type Viewer } from './live-views.ts';
export type { LiveWindow } from './live-window.ts';
export type { SpeechRecogniser } from './recogniser.ts';
export { Renewer, type RenewerDeps } from './renewer.ts';
export { Author } from './summaries/author.ts';
export { EndpointWriter } from './summaries/endpoint.ts';
export { LocalWriter } from './summaries/local.ts';
export { Summaries } from './summaries/summaries.ts';
export type { TextWriter, WriterStatus } from './summaries/writer.ts';
export { type PipelineDeps, Supervisor } from './supervisor.ts';
export { EndpointTeller } from './telling/endpoint.ts';
export { LocalTeller } from './telling/local.ts';
export type { Teller } from './telling/teller.ts';
export { Tellers, type TellersDeps, type TellersStatus } from './telling/tellers.ts';
export type { Wish } from './telling/turns.ts';
export { Transcriber, type TranscriberDeps, type TranscriberStatus } from './transcriber.ts';
export { type VerdictLimits, Verdicts, type VerdictsDeps, type VerdictsStatus } from './verdicts.ts';
export { ViewRoom } from './view-room.ts';
