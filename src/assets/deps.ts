import type { Frame, Told } from '#domain';
import type { Inference, Priority } from '#inference';
import type { Clock, Log } from '#runtime';
import type { Store } from '#store';

interface Showing {
  frames: readonly Frame[];
  instruction: string;
  streamId: string;
  about: string;
  priority: Priority;
}

export interface AssetDeps {
  store: Store;
  inference: Inference;
  /** Who follows instructions; absent: nobody. Undefined when nobody has time. */
  tell?: (wish: Showing, signal: AbortSignal) => Promise<Told | undefined>;
  mediaDir: string;
  assetsDir: string;
  uploadsDir: string;
  /** Percent of the disk that stay free. */
  reservePercent: number;
  clock: Clock;
  log: Log;
}

/** What the work is told and tells while it runs. */
export interface Work {
  signal: AbortSignal;
  /** 0–100 */
  progress: (percentage: number) => void;
}
