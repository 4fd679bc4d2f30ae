import type { Config } from '#config';
import { Inference } from '#inference';
import type { ModelLibrary } from '#models';
import { Closer } from '#pipeline';
import type { Clock, Lifetime, Log } from '#runtime';
import type { Store } from '#store';

export interface SeeingDeps {
  config: Config;
  store: Store;
  models: ModelLibrary;
  mediaDir: string;
  clock: Clock;
  log: Log;
}

/** Starts whatever looks at pictures. */
export async function startSeeing(
  { config, store, models, mediaDir, clock, log }: SeeingDeps,
  life: Lifetime,
  signal: AbortSignal,
) {
  const { detector } = config.models;
  const named = detector === undefined ? {} : { detector };
  const inference = life.use(await Inference.start({ models, ...named, log, clock }, signal));
  return { inference, closer: new Closer({ store, mediaDir, clock, log }) };
}
