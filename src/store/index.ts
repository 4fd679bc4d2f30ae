/**
 * Everything the box remembers: SQLite (WAL, one writer) with full-text and vector search, the journal, retention. All
 * SQL is here.
 *
 * Promises: a write is all or nothing and is journalled in the same transaction; what was promised to someone (firings,
 * deliveries, armed alerts, keys, deletions) or can't be had again (what was said) survives a cut cable, the rest a killed
 * process. A segment's row is written after its file and goes before it. When something fails a `Fault` is thrown and
 * nothing has changed.
 */
export type { AssetHit, NewRecord } from './asset-indexes.ts';
export type { AssetQuery } from './asset-search.ts';
export { type BackupStatus, copyToTake, newestBackup } from './backups.ts';
export type { Incoming, StoredBox } from './boxes.ts';
export type { CaptureCall } from './capture-events.ts';
export type { CaptureChange, CaptureDraft, CaptureQuery } from './captures.ts';
export type { CollectionDraft } from './collections.ts';
export type { Errand, WaitingCommand } from './commands.ts';
export type { ConfigContent, ConfigVersion } from './config-versions.ts';
export { explanationOf } from './connection.ts';
export type { DeliveryState, FiringDelivery } from './deliveries.ts';
export { networkKind } from './file-system.ts';
export type { EvaluationBatch, NewDelivery } from './firings.ts';
export { forecastOf, type StreamForecast } from './forecast.ts';
export type { JobCallback, JobDraft } from './jobs.ts';
export { EVALUATOR } from './journal.ts';
export type { StoredKey } from './keys.ts';
export { Ledger, type NamedFile, type Root } from './ledger.ts';
export type { OutboxEntry, ResumeState, Waiting } from './outbox.ts';
export { LONGEST_STRETCH_MS, type NewEntry, type OutboxFacts } from './outbox-intake.ts';
export type { TargetTotals } from './outbox-targets.ts';
export { databaseFile } from './paths.ts';
export { best as bestHits, matchesFilter, type Narrowing } from './ranking.ts';
export type { Outdated, RenewalStatus } from './renewal.ts';
export {
  problemOf as databaseProblem,
  type RestoreReport,
  restoreApart,
  restoreDamaged,
  restoreFrom,
} from './restore.ts';
export { type FreeSpace, holdableBytes, type RetentionOptions, recordingBudget } from './retention.ts';
export type { SceneHit } from './scenes.ts';
export type { SceneQuery } from './search.ts';
export type { SearchStatus } from './search-apart.ts';
export type { SegmentRow } from './segments.ts';
export { Store } from './store.ts';
export type { StreamQuery } from './streams.ts';
export type { TranscriptQuery } from './transcript-search.ts';
export type { TranscriptHit } from './transcripts.ts';
