import type { Inference } from '#inference';
import type { Clock, Log } from '#runtime';
import type { Store } from '#store';

export interface AssetDeps {
  store: Store;
  inference: Inference;
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
