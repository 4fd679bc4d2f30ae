import type { Config, ConfigSource } from '#config';
import { Delivery, type DeliveryDeps, Hub } from '#delivery';
import { hashKey } from '#domain';
import { Evaluator, type EvaluatorDeps } from '#events';
import { BoxCommands } from '#fleet';
import { Certificate, createHttpApp, type HttpDeps, listen, PageSessions, SessionTokens, Sockets } from '#http';
import { ModelLibrary, PackDesk } from '#models';
import { LiveCopies, LiveViews, ViewRoom } from '#pipeline';
import { H264Renditions, MediaLinks } from '#playback';
import { type Clock, Lifetime, type Log, type Notify, RecentLines, systemClock } from '#runtime';
import type { Store } from '#store';
import type { CommandLinks } from '#sync';
import { keepBackups } from './backups.ts';
import { BoxReporter } from './box-report.ts';
import { boxOnBroker } from './broker.ts';
import { startCameras } from './cameras.ts';
import { startCaptures } from './captures.ts';
import { watchClock } from './clock-watch.ts';
import { startCommandLinks } from './command-links.ts';
import { Configuration } from './configuration.ts';
import { applyConfiguredCameras } from './configured.ts';
import { lockDataDir } from './data-lock.ts';
import { examineApart } from './doctor.ts';
import { startFleet } from './fleet.ts';
import { startHearing, startWriting } from './hearing.ts';
import { type HousekeepingDeps, keepHouse } from './housekeeping.ts';
import { startJobs } from './jobs.ts';
import { ensureFirstKey } from './keys.ts';
import { alertLinks, publicOrigin } from './links.ts';
import { MachineMeter } from './machine.ts';
import { type PartDeps, partsOf } from './parts.ts';
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
  /** Where the configuration comes from, to be read again. */
  source: ConfigSource;
  setLogLevel?: (level: Config['logLevel']) => void;
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
  /** Takes over what the configuration file says now. Never throws: `/v1/status` tells what is wrong with it. */
  reload(): Promise<unknown>;
  /** Aborted when the database has turned out to be damaged: end this and run another, which restores it. */
  readonly damaged: AbortSignal;
  /** Aborted when somebody asked for a new start: end this and run another. */
  readonly restarting: AbortSignal;
}

/**
 * Builds and starts the whole appliance; everything it started ends with it, newest first. `asWritten` is what the file
 * says; what was changed over HTTP comes on top.
 */
export async function runAppliance(
  asWritten: Config,
  options: ApplianceOptions,
  signal: AbortSignal,
): Promise<Appliance> {
  const life = new Lifetime();
  try {
    return await build(asWritten, options, life, signal);
  } catch (error) {
    await life[Symbol.asyncDispose]();
    throw error;
  }
}

async function build(
  asWritten: Config,
  options: ApplianceOptions,
  life: Lifetime,
  signal: AbortSignal,
): Promise<Appliance> {
  const { log, recentLog = new RecentLines(), notify = () => undefined } = options;
  const restart = new AbortController();
  const clock = systemClock;
  const { dataDir } = asWritten;
  const places = await makePlaces(dataDir);
  life.use(lockDataDir(dataDir));
  const watchdog = life.use(feedWatchdog(notify, log));
  const store = life.use(await openSound({ config: asWritten, ...places, clock, log }, signal));
  const configuration = await Configuration.open({ ...options, store });
  const config = configuration.inForce;
  options.setLogLevel?.(config.logLevel);
  const certificate = config.tls && (await Certificate.load(config.tls));
  const base = { config, store, clock, log };
  life.use(store.search.start(base, signal));
  const firstKey = ensureFirstKey(store, options.firstKey, log);
  const sessions = new PageSessions(store.signingKey, store.boxId, clock);
  const models = await ModelLibrary.open(modelsDir(dataDir), log);
  const seeing = await startSeeing({ ...base, models, ...places }, life, signal);

  let { port } = config.listen;
  const origin = () => publicOrigin(config, port);
  const { links, delivery, hub } = await startMessages(base, origin, life, signal);
  const evaluator = await startEvents(config, { ...base, models, ...seeing }, life, signal);

  const hearing = await startHearing({ ...base, models, hub }, life, signal);
  const { writing, ...writers } = await startWriting({ ...base, models, ...hearing }, life, signal);

  const errands = { ...base, ...seeing, links, delivery, origin, ...places };
  const jobs = life.use(await startJobs(errands, signal));
  const reporter = new BoxReporter(clock.nowMs());
  const { supervisor, push } = await startCameras({ ...base, ...seeing, hearing }, places, life);
  const captureDesk = life.use(startCaptures({ ...errands, supervisor, push, jobs }));
  // What a crash left without a row has one by now: it may be the recording around an alert.
  const sync = life.use(await startSync({ ...errands, reporter }));

  watchdog.attend(supervisor);
  delivery.attend(boxOnBroker({ config, configuration, ...seeing, supervisor, ...places, url: origin }));
  const parts = { configuration, supervisor, evaluator, delivery, sync, jobs, hub, sessions, models, links };
  const examine = (asked: AbortSignal) => examineApart(dataDir, asked);
  const packDesk = life.use(await PackDesk.open(modelsDir(dataDir), log));
  const machine = life.use(await MachineMeter.start(clock));
  const control = {
    packDesk,
    machine,
    recentLog,
    reporter,
    examine,
    push,
    captureDesk,
    restart: () => restart.abort(),
  };
  const fleet = await startFleet({ ...base, ...places });
  const open = { ...base, ...seeing, ...hearing, ...writers, ...places, ...parts, ...control, fleet, certificate };
  const { commandLinks, ...address } = await serve(open, life);
  port = address.port;
  const followers = { supervisor, delivery, sync, commandLinks, ...writers };
  startFollowing(configuration, { ...base, ...options, ...seeing, ...followers });
  life.use(startHousekeeping({ ...base, models, ...seeing, ...hearing, writing, supervisor, fleet }));
  ready(notify, life);
  log.info({ url: origin(), dataDir, cameras: config.cameras.length }, 'watchpost is running');

  const ends = {
    damaged: store.damaged,
    restarting: restart.signal,
    [Symbol.asyncDispose]: () => life[Symbol.asyncDispose](),
  };
  const reload = () => configuration.reload().catch(() => undefined); // It has been logged, and the status says so.
  return { url: origin(), ...firstPass(firstKey, store, sessions), store, reload, ...ends };
}

/** The API and the page, on a port, and by way of the hubs that may command this box. */
async function serve(
  parts: Omit<HttpDeps, 'boxCommands' | 'commandLinks' | 'tokens' | 'liveViews' | 'liveCopies' | 'h264' | 'version'> & {
    config: Config;
    certificate: Certificate | undefined;
    reporter: BoxReporter;
  },
  life: Lifetime,
): Promise<{ port: number; commandLinks: CommandLinks }> {
  const { config, store, clock, log, certificate, reporter } = parts;
  const tokens = new SessionTokens(store.signingKey, clock);
  const room = new ViewRoom();
  const live = {
    liveViews: life.use(new LiveViews(room, clock)),
    liveCopies: life.use(new LiveCopies(room, clock, log)),
  };
  const h264 = life.use(new H264Renditions(H264_AT_ONCE));
  let links: CommandLinks | undefined;
  const commands = { boxCommands: life.use(new BoxCommands(parts)), commandLinks: () => links?.status() ?? [] };
  const deps = { ...parts, ...commands, ...live, tokens, h264, version };
  reporter.attend(deps);
  const app = createHttpApp(deps);
  const doors = { sockets: Sockets.start(deps), certificate };
  const server = life.use(await listen(app, config.listen, log, doors));
  links = await startCommandLinks(app, deps, life);
  return { port: server.address.port, commandLinks: links };
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

/** A configuration that changes. */
function startFollowing(
  configuration: Configuration,
  {
    setLogLevel = () => undefined,
    ...deps
  }: Omit<PartDeps, 'setLogLevel'> & Pick<ApplianceOptions, 'setLogLevel'> & { store: Store; clock: Clock },
): void {
  const { config, store, clock } = deps;
  const keep = (before: Config) => applyConfiguredCameras(config, store, clock, before);
  configuration.follow(partsOf({ ...deps, setLogLevel }), keep);
}

async function startEvents(
  config: Config,
  { models, ...deps }: Omit<EvaluatorDeps, 'mqttTopic' | 'stampOf'> & { models: ModelLibrary },
  life: Lifetime,
  signal: AbortSignal,
): Promise<Evaluator> {
  life.use(startSchedules(deps));
  const options = {
    ...deps,
    stampOf: stampsOf(models),
    get mqttTopic() {
      return config.mqtt !== undefined;
    },
  };
  return life.use(await Evaluator.start(options, signal));
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
