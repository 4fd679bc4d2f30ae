import type { Config } from '#config';
import { Delivery, type DeliveryDeps, Hub } from '#delivery';
import { hashKey } from '#domain';
import { Evaluator, type EvaluatorDeps } from '#events';
import { Certificate, createHttpApp, listen, PageSessions, SessionTokens, Sockets } from '#http';
import { ModelLibrary } from '#models';
import { type PipelineDeps, Supervisor } from '#pipeline';
import { H264Renditions, MediaLinks } from '#playback';
import { Gate, Lifetime, type Log, type Notify, RecentLines, systemClock } from '#runtime';
import type { Store } from '#store';
import { keepBackups } from './backups.ts';
import { boxOnBroker } from './broker.ts';
import { checkCameras } from './check-cameras.ts';
import { watchClock } from './clock-watch.ts';
import { applyConfiguredCameras } from './configured.ts';
import { lockDataDir } from './data-lock.ts';
import { startFleet } from './fleet.ts';
import { startHearing, startWriting } from './hearing.ts';
import { type HousekeepingDeps, keepHouse } from './housekeeping.ts';
import { startJobs } from './jobs.ts';
import { ensureFirstKey } from './keys.ts';
import { alertLinks, publicOrigin } from './links.ts';
import { makePlaces, modelsDir } from './places.ts';
import { openSound } from './restored.ts';
import { startSchedules } from './schedules.ts';
import { startSeeing } from './seeing.ts';
import { stampsOf } from './stamps.ts';
import { startSync } from './syncing.ts';
import { version } from './version.ts';
import { feedWatchdog } from './watchdog.ts';

/** Players that need another codec than their camera's are served by one core at most. */
const H264_AT_ONCE = 1;

export interface ApplianceOptions {
  log: Log;
  /** What was logged last, for whoever looks from afar. */
  recentLog?: RecentLines;
  notify?: Notify;
  /** Used as an API key from now on, instead of a random first one. */
  firstKey?: string | undefined;
}

export interface Appliance extends AsyncDisposable {
  /** Where the page and the API are. */
  readonly url: string;
  /** The API key in plain text, and a code that signs in once with it on the page; only when it was made by this start. */
  readonly first?: { key: string; code: string };
  readonly store: Store;
  /** Aborted when the database has turned out to be damaged: end this and run another, which restores it. */
  readonly damaged: AbortSignal;
  /** Aborted when somebody asked for a new start: end this and run another. */
  readonly restarting: AbortSignal;
}

/** Builds and starts the whole appliance; everything it started ends with it, newest first. */
export async function runAppliance(config: Config, options: ApplianceOptions, signal: AbortSignal): Promise<Appliance> {
  const life = new Lifetime();
  try {
    return await build(config, options, life, signal);
  } catch (error) {
    await life[Symbol.asyncDispose]();
    throw error;
  }
}

async function build(
  config: Config,
  options: ApplianceOptions,
  life: Lifetime,
  signal: AbortSignal,
): Promise<Appliance> {
  const { log, recentLog = new RecentLines(), notify = () => undefined } = options;
  const restart = new AbortController();
  const clock = systemClock;
  const { dataDir } = config;
  checkCameras(config); // A mistake in the file is an error now, not a camera that never connects.

  const certificate = config.tls && (await Certificate.load(config.tls));
  const places = await makePlaces(dataDir);
  life.use(lockDataDir(dataDir));
  const watchdog = life.use(feedWatchdog(notify, log));
  const store = life.use(await openSound({ config, ...places, clock, log }, signal));
  const base = { config, store, clock, log };
  life.use(store.search.start(base, signal));
  const firstKey = ensureFirstKey(store, options.firstKey, log);
  const sessions = new PageSessions(store.signingKey, store.boxId, clock);
  const models = await ModelLibrary.open(modelsDir(dataDir), log);
  const seeing = await startSeeing({ ...base, models, ...places }, life, signal);
  const { inference } = seeing;

  let origin = publicOrigin(config, config.listen.port);
  const { links, delivery, hub } = await startMessages(base, () => origin, life, signal);
  const evaluator = await startEvents(config, { ...base, models, ...seeing }, life, signal);

  const hearing = await startHearing({ ...base, models, hub }, life, signal);
  const { summaries, writing } = await startWriting({ ...base, models, ...hearing }, life, signal);

  const errands = { ...base, inference, links, delivery, origin: () => origin, ...places };
  const jobs = life.use(await startJobs(errands, signal));
  const sync = life.use(await startSync(errands));

  const supervisor = life.use(await startCameras({ ...base, ...seeing, hearing }, places));

  watchdog.attend(supervisor);
  delivery.attend(boxOnBroker({ config, inference, supervisor, ...places, url: () => origin }));
  const parts = { supervisor, evaluator, delivery, sync, jobs, hub, summaries, sessions, models, links, certificate };
  const deps = {
    ...{ ...base, ...seeing, ...hearing, ...parts, ...places, recentLog, version },
    fleet: await startFleet({ ...base, ...places }),
    tokens: new SessionTokens(store.signingKey, clock),
    h264: life.use(new H264Renditions(H264_AT_ONCE)),
    restart: () => restart.abort(),
  };
  const server = life.use(
    await listen(createHttpApp(deps), config.listen, log, { sockets: Sockets.start(deps), certificate }),
  );
  origin = publicOrigin(config, server.address.port);
  life.use(startHousekeeping({ ...base, models, ...seeing, ...hearing, writing, supervisor, fleet: deps.fleet }));
  ready(notify, life);
  log.info({ url: origin, dataDir, cameras: config.cameras.length }, 'watchpost is running');

  const ends = {
    damaged: store.damaged,
    restarting: restart.signal,
    [Symbol.asyncDispose]: () => life[Symbol.asyncDispose](),
  };
  return { url: origin, ...firstPass(firstKey, store, sessions), store, ...ends };
}

function firstPass(key: string | undefined, store: Store, sessions: PageSessions): Pick<Appliance, 'first'> {
  const stored = key === undefined ? undefined : store.keys.find(hashKey(key));
  return key !== undefined && stored ? { first: { key, code: sessions.newCode(stored.id) } } : {};
}

async function startMessages(
  base: Omit<DeliveryDeps, 'mqtt' | 'links' | 'streamName'> & { config: Config },
  origin: () => string,
  life: Lifetime,
  signal: AbortSignal,
) {
  const { config, store, clock } = base;
  const links = new MediaLinks(store.signingKey, clock);
  const streamName = (id: string) => store.streams.get(id)?.name ?? id;
  const messages = { ...base, links: alertLinks(links, origin), streamName };
  const delivery = life.use(await startDelivery(config, messages, signal));
  return { links, delivery, hub: life.use(Hub.start(messages)) };
}

function startDelivery({ mqtt }: Config, deps: Omit<DeliveryDeps, 'mqtt'>, signal: AbortSignal): Promise<Delivery> {
  return Delivery.start({ ...deps, ...(mqtt ? { mqtt } : {}) }, signal);
}

async function startEvents(
  { mqtt }: Config,
  { models, ...deps }: Omit<EvaluatorDeps, 'mqttTopic' | 'stampOf'> & { models: ModelLibrary },
  life: Lifetime,
  signal: AbortSignal,
): Promise<Evaluator> {
  life.use(startSchedules(deps));
  const options = { ...deps, stampOf: stampsOf(models), mqttTopic: mqtt !== undefined };
  return life.use(await Evaluator.start(options, signal));
}

function startCameras(
  deps: Omit<PipelineDeps, 'camera' | 'thumbsDir' | 'demandPlace'> & { config: Config },
  { mediaDir, thumbsDir }: { mediaDir: string; thumbsDir: string },
): Promise<Supervisor> {
  const { config, store, clock } = deps;
  applyConfiguredCameras(config, store, clock);
  const { maxConnecting, allowFile } = config.ingest;
  const { segmentSeconds } = config.recording;
  const camera = { mediaDir, segmentSeconds, allowFile, spawnGate: new Gate(maxConnecting), clock };
  const demandPlace = () => store.mediaPlace.demand(mediaDir);
  return Supervisor.start({ ...deps, camera, thumbsDir, demandPlace });
}

function startHousekeeping(deps: HousekeepingDeps): AsyncDisposable {
  const stop = new AbortController();
  const ended = Promise.all([keepHouse, keepBackups, watchClock].map((keep) => keep(deps, stop.signal)));
  return {
    [Symbol.asyncDispose]: () => {
      stop.abort();
      return ended.then(() => undefined);
    },
  };
}

function ready(notify: Notify, life: Lifetime): void {
  notify('READY=1');
  life.defer(() => notify('STOPPING=1'));
}
