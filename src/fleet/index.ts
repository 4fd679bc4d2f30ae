/**
 * The other end of sync: what other boxes send to this one, kept so that it is searched and watched like its own, and the
 * commands that they are given.
 *
 * Promises: what is answered as stored is on disk, and is there once, however often it is sent and in whatever order; a
 * box sees and changes nothing of another's. When there is no room the box is told to keep it.
 */
export { BoxCommands, type LinkSeat } from './commands.ts';
export { type BoxState, Fleet, type FleetDeps, type FleetStatus, type Taken } from './fleet.ts';
export type { LinkSocket } from './link.ts';
