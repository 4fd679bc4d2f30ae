/**
 * Everything the box remembers: SQLite (WAL, one writer) with full-text and vector search, the journal, retention. All
 * SQL is here.
 *
 * Promises: a write is all or nothing and is journalled in the same transaction; what was promised to someone (firings,
 * deliveries, armed alerts, keys, deletions) or can't be had again (what was said) survives a cut cable, the rest a killed
 * process. A segment's row is written after its file and goes before it. When something fails a `Fault` is thrown and
 * nothing has changed.
 */

export type { DeliveryState, FiringDelivery } from './alerts/deliveries.ts';
export type { EvaluationBatch, NewDelivery } from './alerts/firings.ts';
export type { AssetHit, NewRecord } from './assets/asset-indexes.ts';
export type { JobCallback, JobDraft } from './assets/jobs.ts';
export type { CaptureCall } from './captures/capture-events.ts';
export type { CaptureChange, CaptureDraft, CaptureQuery } from './captures/captures.ts';
export type { CollectionDraft } from './collections.ts';
export { explanationOf } from './connection.ts';
export { networkKind } from './file-system.ts';
export { EVALUATOR } from './journal.ts';
export type { StoredKey } from './keys.ts';
export { databaseFile } from './paths.ts';
export { forecastOf, type StreamForecast } from './recordings/forecast.ts';
export { Ledger, type NamedFile, type Root } from './recordings/ledger.ts';
export { type FreeSpace, holdableBytes, type RetentionOptions, recordingBudget } from './recordings/retention.ts';
export type { SegmentRow } from './recordings/segments.ts';
export { type BackupStatus, copyToTake, newestBackup } from './safety/backups.ts';
export {
  problemOf as databaseProblem,
  type RestoreReport,
  restoreApart,
  restoreDamaged,
  restoreFrom,
} from './safety/restore.ts';
export type { SceneHit } from './scenes.ts';
export type { AssetQuery } from './search/asset-search.ts';
export { best as bestHits, matchesFilter, type Narrowing } from './search/ranking.ts';
export type { Outdated, RenewalStatus } from './search/renewal.ts';
export type { SceneQuery } from './search/search.ts';
export type { SearchStatus } from './search/search-apart.ts';
export type { TranscriptQuery } from './search/transcript-search.ts';
export { Store } from './store.ts';
export type { StreamQuery } from './streams.ts';
export type { BoxCamera } from './syncing/box-cameras.ts';
export type { Incoming, StoredBox } from './syncing/boxes.ts';
export type { Errand, WaitingCommand } from './syncing/commands.ts';
export type { ConfigContent, ConfigVersion } from './syncing/config-versions.ts';
export type { OutboxEntry, ResumeState, Waiting } from './syncing/outbox.ts';
export { LONGEST_STRETCH_MS, type NewEntry, type OutboxFacts } from './syncing/outbox-intake.ts';
export type { TargetTotals } from './syncing/outbox-targets.ts';
export type { TranscriptHit } from './transcripts.ts';
