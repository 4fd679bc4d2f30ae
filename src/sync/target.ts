import type { Readable } from 'node:stream';
import type { BodyFacts, ParcelHead, ParcelKind } from '#domain';
import { Fault } from '#runtime';

/** One thing on its way to one target. */
export type Parcel = ParcelHead & { body?: ParcelBody };

/** The bytes of a parcel. They are the same each time they are opened. */
export interface ParcelBody extends BodyFacts {
  open(fromByte?: number): Readable;
}

/** What a target has of the line while it sends one parcel. */
export interface Line {
  /** Waits until so many bytes may be sent: asked before each of at most `CHUNK_BYTES`. Rejects when the signal aborts. */
  take(bytes: number): Promise<void>;
  /**
   * To be called when the target has so many bytes more for good. `resume` is stored durably, and given back by `resumed`
   * when the parcel is sent again, after a failure or a restart of the box. Progress refreshes the budget of retries.
   */
  progressed(bytes: number, resume?: Record<string, unknown>): void;
  readonly resumed: Readonly<Record<string, unknown>> | undefined;
}
export const CHUNK_BYTES = 256 * 1024;

/** One place that parcels are sent to: a hub, VideoDB's cloud, a bucket. It knows a protocol, and nothing of queues. */
export interface Target extends Partial<AsyncDisposable> {
  /** Its name in the configuration. */
  readonly name: string;
  /** Others are never offered to it. */
  readonly takes: readonly ParcelKind[];
  /** How the recording around an alert goes there: as one MP4, or as the segments that it lies in, before other segments. */
  readonly clipsAs: 'mp4' | 'segments';
  /** It has a copy that follows: it is told of gaps, of what people said of alerts, and of cameras that were deleted. */
  readonly follows?: true;
  /**
   * Resolves when the target has it for good; sent again, it makes no second one there. Throws `TargetRefusal` when it
   * would be refused each time: the parcel is given up, counted and shown, unless it is an alert; `TargetOutdated` when
   * another version of the target may take it. All other errors are tried again, with growing pauses; a Fault's message
   * is shown to people and names no secret.
   */
  send(parcel: Parcel, line: Line, signal: AbortSignal): Promise<void>;
}

/** The target will never take this parcel as it is. `message` says what to do about it. */
export class TargetRefusal extends Error {}

/** The target is of another version, and doesn't take this: it is kept, however long that lasts, and others go. */
export class TargetOutdated extends Fault {
  constructor(message: string) {
    super('unavailable', message);
  }
}

/** The target has too much to do. Where it says for how long it wants to be left alone, it is offered nothing before. */
export class TargetBusy extends Fault {
  readonly pauseMs: number | undefined;
  constructor(message: string, pauseMs: number | undefined) {
    super('unavailable', message);
    this.pauseMs = pauseMs;
  }
}
