import type { BoxReport } from '#domain';
import { boxStatus, type HttpDeps } from '#http';
import { Fault } from '#runtime';

/** What this box tells of itself to those that it sends to. */
export class BoxReporter {
  readonly #startedMs: number;
  #deps: HttpDeps | undefined;

  constructor(startedMs: number) {
    this.#startedMs = startedMs;
  }

  /** From now on there is something to tell. */
  attend(deps: HttpDeps): void {
    this.#deps = deps;
  }

  /** As it is now; of what waits, that for this target. Throws `unavailable` while the box starts. */
  async report(target: string): Promise<BoxReport> {
    if (!this.#deps) throw new Fault('unavailable', 'this box is still starting');
    const { clock, sync } = this.#deps;
    const status = await boxStatus(this.#deps);
    const { waiting = [], oldestWaitingMs } = sync.status().find(({ name }) => name === target) ?? {};
    return {
      boxId: status.box.id,
      name: status.box.name,
      version: status.box.version,
      clockMs: clock.nowMs(),
      startedMs: this.#startedMs,
      cameras: status.cameras.map(({ streamId: id, name, phase, lastError, lastFrameMs }) => ({
        id,
        name,
        phase,
        ...(lastError === undefined ? {} : { lastError }),
        ...(lastFrameMs === undefined ? {} : { lastFrameMs }),
      })),
      waiting: waiting.map(({ kind, items, bytes }) => ({ kind, items, bytes })),
      ...(oldestWaitingMs === undefined ? {} : { oldestWaitingMs }),
      notes: status.attention.map(({ what }) => what),
    };
  }
}
