import type { Config } from '#config';
import { Meanings } from '#events';
import { Inference, Providers, pictureQuery, Telling } from '#inference';
import type { ModelLibrary } from '#models';
import {
  Backfiller,
  Checks,
  Closer,
  EndpointTeller,
  LocalTeller,
  Renewer,
  type Teller,
  Tellers,
  Verdicts,
} from '#pipeline';
import type { Clock, Lifetime, Log } from '#runtime';
import type { Store } from '#store';
import { modelsDir } from './places.ts';

export interface SeeingDeps {
  config: Config;
  store: Store;
  models: ModelLibrary;
  mediaDir: string;
  thumbsDir: string;
  clock: Clock;
  log: Log;
}

/** Starts whatever looks at pictures: the quick models, and those that follow instructions. */
export async function startSeeing(
  { config, store, models, mediaDir, thumbsDir, clock, log }: SeeingDeps,
  life: Lifetime,
  signal: AbortSignal,
) {
  const { detector } = config.models;
  const named = detector === undefined ? {} : { detector };
  const providers = await Providers.open(modelsDir(config.dataDir), log);
  const cameras = () => store.streams.list({ status: 'connected', own: true, limit: 0 }).count;
  const runtime = { providers, cameras, whenNeeded: true };
  const inference = life.use(await Inference.start({ models, ...named, ...runtime, log, clock }, signal));
  const telling = life.use(await Telling.start({ models, clock, log }, signal));
  const local = new LocalTeller(telling, clock);
  const asked: Teller[] = [];
  const askVisionServer = () => {
    const { vision } = config.models;
    asked.splice(0, asked.length, ...(vision ? [new EndpointTeller({ ...vision, clock, log })] : []), local);
  };
  askVisionServer();
  const tellers = life.use(new Tellers({ tellers: asked, store, log }));
  const verdicts = life.use(Verdicts.start({ store, tellers, thumbsDir, mediaDir, clock, log }, signal));
  const checks = life.use(Checks.start({ store, tellers, thumbsDir, mediaDir, clock, log }, signal));
  const older = { store, mediaDir, thumbsDir, eyes: inference, clock, log };
  const backfiller = life.use(await Backfiller.start(older, signal));
  life.use(Renewer.start(older, signal));
  const meanings = life.use(Meanings.start({ store, eyes: inference, clock, log }, signal));
  const look = (text: string, stop: AbortSignal) => pictureQuery(text, inference, stop);
  return {
    inference,
    meanings,
    pictureQuery: look,
    telling,
    tellers,
    /** Anew the one that the configuration in force names. */
    askVisionServer,
    verdicts,
    checks,
    backfiller,
    closer: new Closer({ store, mediaDir, clock, log }),
  };
}
