/**
 * From the store to places elsewhere: what is stored goes to hubs, VideoDB's cloud and buckets, over any line, each thing
 * once. Right of the store: durable, at least once, resumed after a crash. When a target is away, everything else goes on.
 */

export { CommandLink, type CommandLinkDeps, type CommandLinkStatus } from './command-link.ts';
export { CommandLinks } from './command-links.ts';
export type { TargetStatus } from './courier.ts';
export { makeTarget } from './make-target.ts';
export { Sync, type SyncDeps, type SyncRequest } from './sync.ts';
export {
  type Line,
  type Parcel,
  type ParcelBody,
  type Target,
  TargetBusy,
  TargetOutdated,
  TargetRefusal,
} from './target.ts';
