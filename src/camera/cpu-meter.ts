import type { Clock } from '#runtime';
import type { Session } from './session.ts';

const OVER_MS = 5000;

/** What share of one core the processes of a camera take, over some seconds. */
export class CpuMeter {
  readonly #clock: Clock;
  #last: { atMs: number; seconds: number; pid: number } | undefined;
  share: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async measure(session: Session): Promise<void> {
    const seconds = await session.cpuSeconds();
    if (seconds === undefined) return;
    const now = { atMs: this.#clock.monotonicMs(), seconds, pid: session.pid };
    const last = this.#last;
    if (last?.pid !== now.pid) this.#last = now;
    else if (now.atMs - last.atMs >= OVER_MS) {
      this.share = (1000 * (now.seconds - last.seconds)) / (now.atMs - last.atMs);
      this.#last = now;
    }
  }
}
