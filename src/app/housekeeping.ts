import { setMaxListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { sweepUploads } from '#assets';
import type { Config } from '#config';
import type { Fleet } from '#fleet';
import { type Inference, type Listening, SIGHT_TASKS, type Telling, type Writing } from '#inference';
import type { ModelLibrary, ModelTask } from '#models';
import type { Supervisor } from '#pipeline';
import { LINKS_LAST_MS } from '#playback';
import { type Clock, isSane, type Log, messageOf, retryDelays } from '#runtime';
import type { Store } from '#store';
import { assetsDir, mediaDir, thumbsDir, uploadsDir } from './places.ts';
import { wearMeter } from './wear.ts';

const MINUTE_MS = 60_000;
/** The model's address may come back with the network at any time, and nobody waits for it. */
const FETCH_RETRY = { firstMs: 60_000, capMs: 3_600_000 };

const LISTEN: readonly ModelTask[] = ['voice-activity', 'audio-classification', 'speech-recognition'];

export interface HousekeepingDeps {
  config: Config;
  store: Store;
  models: Pick<ModelLibrary, 'forTask' | 'get' | 'lookForChanges' | 'pull'>;
  inference: Pick<Inference, 'reload'>;
  listening: Pick<Listening, 'reload'>;
  writing: Pick<Writing, 'reload'>;
  telling: Pick<Telling, 'reload'>;
  supervisor: Pick<Supervisor, 'reconcile'>;
  fleet: Pick<Fleet, 'sweep'>;
  clock: Clock;
  log: Log;
}

/** Runs until aborted; each duty fails on its own and is tried again. */
export async function keepHouse(deps: HousekeepingDeps, signal: AbortSignal): Promise<void> {
  setMaxListeners(0, signal);
  const { config, store, clock } = deps;
  const uploads = { store, uploadsDir: uploadsDir(config.dataDir) };
  await Promise.all([
    every(MINUTE_MS, 'sifting recordings', () => sift(deps, signal), deps, signal),
    every(MINUTE_MS, 'retention', () => freeSpace(deps, signal), deps, signal),
    every(MINUTE_MS, 'sweeping thumbnails', () => sweepThumbnails(deps, signal), deps, signal),
    every(MINUTE_MS, 'measuring wear', wearMeter(store, clock), deps, signal),
    every(MINUTE_MS, 'sweeping uploads', () => sweepUploads(uploads, { nowMs: clock.nowMs() }), deps, signal),
    every(60 * MINUTE_MS, 'sweeping parcels', () => deps.fleet.sweep(), deps, signal),
    every(60 * MINUTE_MS, 'forgetting cuts', () => forgetCuts(deps), deps, signal),
    every(MINUTE_MS, 'looking for model packs', () => takeUpPacks(deps), deps, signal),
    fetchDetector(deps, signal),
  ]);
}

async function every(
  ms: number,
  duty: string,
  work: () => void | Promise<void>,
  { clock, log }: HousekeepingDeps,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
    } catch (error) {
      if (!signal.aborted) log.error({ error: messageOf(error) }, `${duty} failed; will retry`);
    }
    await clock.sleep(ms, signal).catch(() => undefined);
  }
}

/** Of cameras that don't keep everything. */
async function sift({ config, store, clock, log }: HousekeepingDeps, signal: AbortSignal): Promise<void> {
  const nowMs = clock.nowMs();
  if (!isSane(nowMs) || (await store.mediaPlace.problem(mediaDir(config.dataDir))) !== undefined) return;
  for (const stream of store.streams.list().results) {
    let gone = 0;
    for (let batch = store.sifting.sift(stream, nowMs); batch && !signal.aborted; ) {
      gone += batch.deletedSegments;
      await setImmediate();
      batch = store.sifting.sift(stream, nowMs);
    }
    if (gone > 0) log.debug({ camera: stream.name, segments: gone }, 'gave up recordings that nobody wants');
  }
}

async function freeSpace({ config, store, log }: HousekeepingDeps, signal: AbortSignal): Promise<void> {
  const { reservePercent, keepDays, budgetGb } = config.recording;
  const demandPlace = () => store.mediaPlace.demand(mediaDir(config.dataDir)); // Else rows would go whose files are well.
  await demandPlace();
  const freed = await store.retention.enforce({
    mediaDir: mediaDir(config.dataDir),
    thumbsDir: thumbsDir(config.dataDir),
    assetsDir: assetsDir(config.dataDir),
    reservePercent,
    ...(keepDays === undefined ? {} : { keepDays }),
    ...(budgetGb === undefined ? {} : { budgetBytes: budgetGb * 1e9 }),
    demandPlace,
    signal,
  });
  if (freed.deletedSegments > 0) log.info(freed, 'deleted the oldest recordings');
}

/** A day of one camera's, whose kills and restored databases have left some. */
async function sweepThumbnails({ config, store, clock, log }: HousekeepingDeps, signal: AbortSignal): Promise<void> {
  const nowMs = clock.nowMs();
  if (!isSane(nowMs)) return;
  const thumbnails = await store.strays.sweepNext(thumbsDir(config.dataDir), nowMs, signal);
  if (thumbnails > 0) log.info({ thumbnails }, 'deleted thumbnails that no scene names');
}

/** Those that no valid link can lead to; none while the clock is not sane. */
function forgetCuts({ store, clock }: HousekeepingDeps): void {
  const nowMs = clock.nowMs();
  if (isSane(nowMs)) store.cuts.pruneUnused(nowMs - LINKS_LAST_MS);
}

/** Packs that a command line pulled or imported meanwhile serve without a restart. */
async function takeUpPacks(deps: HousekeepingDeps): Promise<void> {
  const { models, inference, listening, writing, telling, supervisor, log } = deps;
  const tasks = await models.lookForChanges();
  if (tasks.length === 0) return;
  log.info({ tasks }, 'model packs have changed');
  if (tasks.some((task) => SIGHT_TASKS.some((quick) => quick === task))) {
    await inference.reload();
    supervisor.reconcile(); // Models that read, or find faces, want larger frames.
  }
  if (tasks.includes('text-generation')) writing.reload();
  if (tasks.includes('image-to-text')) telling.reload();
  if (tasks.some((task) => LISTEN.includes(task))) await listening.reload();
}

/** What a box without a detector begins with. */
const FIRST_DETECTOR = 'yolox-nano';

/** On a box without a detector: fetch one as soon as there is a network. The built-in pack serves meanwhile. */
async function fetchDetector(deps: HousekeepingDeps, signal: AbortSignal): Promise<void> {
  const { config, models, inference, clock, log } = deps;
  const { autoFetch, detector = FIRST_DETECTOR } = config.models;
  const here = config.models.detector === undefined && models.forTask('object-detection').length > 0;
  if (!autoFetch || here || models.get(detector)) return;
  for (const delayMs of retryDelays(FETCH_RETRY)) {
    try {
      log.info({ model: detector }, 'fetching the object detector in the background');
      await models.pull(detector, { signal });
      await inference.reload();
      log.info({ model: detector }, 'object detector ready');
      return;
    } catch (error) {
      if (signal.aborted) return;
      log.warn(
        { model: detector, error: messageOf(error), retryInMs: delayMs },
        'object detector not fetched; the built-in pack serves. Without a network: watchpost models import DIR',
      );
      await clock.sleep(delayMs, signal).catch(() => undefined);
      if (signal.aborted) return;
    }
  }
}
