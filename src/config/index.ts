/**
 * The configuration file: its schema, loading, secrets from the environment or files, and the documents generated from
 * the schema. It is read once and strictly; anything wrong is a `Fault('invalid')` that names the key's path and what
 * to write instead, and never a value, as values may be secrets.
 */
export type { CameraConfig, EventConfig, IndexConfig, ZoneConfig } from './cameras.ts';
export { layerProblems } from './changes.ts';
export { configJsonSchema, configKeys, configMarkdown } from './documents.ts';
export { giveaways } from './grants.ts';
export { asLists, byName, changedPaths, merge, patchBetween, pathByName } from './layers.ts';
export { type ConfigSource, configOf, loadConfig, parseConfig, readWritten, writtenIn } from './load.ts';
export { ConfigFault } from './problems.ts';
export type { Config } from './schema.ts';
export { variablesIn } from './secrets.ts';
export { revealed, type ShownConfig, shownConfig } from './shown.ts';
export type { HubTargetConfig, S3TargetConfig, TargetConfig, VideoDbTargetConfig } from './sync.ts';
