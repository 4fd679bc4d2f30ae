import type { ParcelKind } from './parcels.ts';
import type { CameraPhase } from './stream.ts';

/** What a box tells of itself to the place that collects boxes. */
export interface BoxReport {
  boxId: string;
  name: string;
  version: string;
  /** Its own clock, when it says so. */
  clockMs: number;
  startedMs: number;
  cameras: { id: string; name: string; phase: CameraPhase; lastError?: string; lastFrameMs?: number }[];
  /** What it has yet to send there. */
  waiting: { kind: ParcelKind; items: number; bytes: number }[];
  /** Since when the oldest of it waits. */
  oldestWaitingMs?: number;
  /** What a person should know: a full disk, a model that is missing. */
  notes: string[];
}

/** It tells so often, also when it has nothing to send. */
export const HELLO_EVERY_MS = 60_000;
