/**
 * The configuration file: its schema, loading, secrets from the environment or files, and the documents generated from
 * the schema. It is read once and strictly; anything wrong is a `Fault('invalid')` that names the key's path and what
 * to write instead, and never a value, as values may be secrets.
 */
export type { CameraConfig, EventConfig, IndexConfig, ZoneConfig } from './cameras.ts';
export { configJsonSchema, configKeys, configMarkdown } from './documents.ts';
export { loadConfig, parseConfig } from './load.ts';
export type { Config } from './schema.ts';
export type { HubTargetConfig, S3TargetConfig, TargetConfig, VideoDbTargetConfig } from './sync.ts';
