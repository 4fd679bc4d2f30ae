/**
 * Every step of writing and deleting after which the process may be gone, by name. Tests end the process, or let it
 * fail, at each of them; in production nothing listens.
 */
export const FAULT_POINTS = [
  'mark.noted',
  'mark.written',
  'mark.named',
  'session.init-copied',
  'session.init-named',
  'session.described',
  'handover.ready',
  'segment.synced',
  'segment.renamed',
  'segment.named',
  'segment.inserted',
  'segment.entered',
  'scene.pictured',
  'scene.inserted',
  'scene.entered',
  'firing.inserted',
  'firing.entered',
  'capture.inserted',
  'capture.entered',
  'hold.inserted',
  'hold.entered',
  'erase.noted',
  'erase.entered',
  'garbage.unlinked',
  'garbage.swept',
  'backup.checked',
  'backup.named',
  'migration.copied',
  'migration.applied',
  'migration.entered',
  'restore.set-aside',
  'restore.based',
  'restore.salvaged',
  'restore.named',
] as const;

export type FaultPoint = (typeof FAULT_POINTS)[number];

/** Who listens; a property of the global object, so that a test can preload it into a process that it starts. */
const HOOK = Symbol.for('watchpost.fault-point');

/** To be called when the step has been done. */
export function faultPoint(name: FaultPoint): void {
  const hook: unknown = Reflect.get(globalThis, HOOK);
  if (typeof hook === 'function') hook(name);
}
