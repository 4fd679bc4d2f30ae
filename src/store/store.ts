import { type Collection, newId } from '#domain';
import { type Clock, Fault, type Log } from '#runtime';
import { Alerts } from './alerts/alerts.ts';
import { ArmingLog } from './alerts/arming-log.ts';
import { Configured } from './alerts/configured.ts';
import { Deliveries } from './alerts/deliveries.ts';
import { Events } from './alerts/events.ts';
import { type EvaluationBatch, Firings } from './alerts/firings.ts';
import { Groups } from './alerts/groups.ts';
import { Marks } from './alerts/marks.ts';
import { Prompts } from './alerts/prompts.ts';
import { Questions } from './alerts/questions.ts';
import { WebhookSecrets } from './alerts/webhook-secrets.ts';
import { AssetIndexes } from './assets/asset-indexes.ts';
import { Assets } from './assets/assets.ts';
import { Cuts } from './assets/cuts.ts';
import { Jobs } from './assets/jobs.ts';
import { Renders } from './assets/renders.ts';
import { SceneCollections } from './assets/scene-collections.ts';
import { Backfills } from './backfills.ts';
import { BrokerTopics } from './broker-topics.ts';
import { Captures } from './captures/captures.ts';
import { ClockSteps } from './clock-steps.ts';
import { Collections } from './collections.ts';
import { Connection } from './connection.ts';
import type { FileSystemOf } from './file-system.ts';
import { Indexes } from './indexes.ts';
import { Journal } from './journal.ts';
import { Keys } from './keys.ts';
import { Meta } from './meta.ts';
import { databaseFile } from './paths.ts';
import { Eraser } from './recordings/eraser.ts';
import { Garbage } from './recordings/garbage.ts';
import { Holds } from './recordings/holds.ts';
import { MediaPlace } from './recordings/media-place.ts';
import { Orphans } from './recordings/orphans.ts';
import { RecordedBytes } from './recordings/recorded-bytes.ts';
import { Retention } from './recordings/retention.ts';
import { Segments } from './recordings/segments.ts';
import { Sifting } from './recordings/sifting.ts';
import { Strays } from './recordings/strays.ts';
import { Replay } from './replay.ts';
import { Backups } from './safety/backups.ts';
import { signingKey, takeBroughtKey } from './safety/identity.ts';
import { Mending } from './safety/mending.ts';
import { Scenes } from './scenes.ts';
import { findersOn } from './search/finders.ts';
import { Renewal } from './search/renewal.ts';
import { SearchApart } from './search/search-apart.ts';
import { Vectors } from './search/vectors.ts';
import { Streams } from './streams.ts';
import { Audit } from './syncing/audit.ts';
import { Boxes } from './syncing/boxes.ts';
import { Commands } from './syncing/commands.ts';
import { ConfigVersions } from './syncing/config-versions.ts';
import { Outbox } from './syncing/outbox.ts';
import { Replicas } from './syncing/replicas.ts';
import { Transcripts } from './transcripts.ts';

export interface StoreOptions {
  clock: Clock;
  log: Log;
  /** Tests pass their own. */
  fileSystemOf?: FileSystemOf;
}

const SCENES_STORED = 'SELECT coalesce(max(id) - min(id), 0) FROM scenes';

/** Everything the box remembers, one class per aggregate. Calls are synchronous and short; a write is all or nothing. */
export class Store implements AsyncDisposable {
  readonly boxId: string;
  /** 32 bytes. */
  readonly signingKey: Buffer;
  readonly collections: Collections;
  readonly streams: Streams;
  readonly indexes: Indexes;
  readonly segments: Segments;
  readonly scenes: Scenes;
  readonly backfills: Backfills;
  readonly transcripts: Transcripts;
  readonly assets: Assets;
  readonly assetIndexes: AssetIndexes;
  readonly sceneCollections: SceneCollections;
  readonly cuts: Cuts;
  readonly renders: Renders;
  readonly jobs: Jobs;
  readonly captures: Captures;
  readonly events: Events;
  readonly alerts: Alerts;
  readonly groups: Groups;
  readonly armingLog: Pick<ArmingLog, 'get' | 'list'>;
  readonly firings: Omit<Firings, 'commit' | 'receive'>;
  readonly boxes: Boxes;
  readonly replicas: Replicas;
  readonly marks: Marks;
  readonly journal: Pick<Journal, 'after' | 'cursor' | 'head' | 'onAppend'>;
  readonly deliveries: Deliveries;
  readonly outbox: Outbox;
  readonly brokerTopics: BrokerTopics;
  readonly webhookSecrets: WebhookSecrets;
  readonly keys: Keys;
  readonly audit: Audit;
  readonly configVersions: ConfigVersions;
  readonly configured: Configured;
  readonly commands: Commands;
  readonly prompts: Prompts;
  readonly questions: Omit<Questions, 'put'>;
  readonly replay: Replay;
  readonly holds: Omit<Holds, 'addFor' | 'expire' | 'goOn' | 'letAlertsGo' | 'reachNoFurther'>;
  readonly recorded: RecordedBytes;
  readonly mediaPlace: MediaPlace;
  readonly retention: Retention;
  readonly strays: Strays;
  readonly sifting: Sifting;
  readonly clockSteps: ClockSteps;
  readonly backups: Backups;
  readonly mending: Mending;
  readonly search: Pick<SearchApart, 'start' | 'status'>;
  readonly renewal: Renewal;
  readonly #connection: Connection;
  readonly #firings: Firings;

  private constructor(connection: Connection, key: Buffer, clock: Clock) {
    const meta = new Meta(connection);
    const journal = new Journal(connection);
    const search = searchOn(connection);
    const [vectors, pictures] = vectorsOn(connection, search);
    const eraser = new Eraser(connection, [vectors, pictures]);
    const orphans = new Orphans(connection, eraser, [vectors, pictures]);
    this.#connection = connection;
    this.search = search;
    const holds = new Holds(connection, meta);
    this.holds = holds;
    this.renewal = new Renewal(connection, meta, { vectors, pictures });
    const questions = new Questions(connection, journal);
    this.questions = questions;
    this.#firings = new Firings(connection, journal, { clock, holds, questions });
    this.signingKey = key;
    this.boxId = meta.once('box_id', () => newId('box'));
    const collections = new Collections(connection, meta, clock);
    this.collections = collections;
    this.streams = new Streams(connection, { collections, orphans, journal, key, clock });
    this.indexes = new Indexes(connection);
    this.segments = new Segments(connection, journal);
    this.scenes = new Scenes(connection, collections, journal, { vectors, pictures, search: search.finders.scenes });
    this.backfills = new Backfills(connection);
    this.transcripts = new Transcripts(connection, collections, journal, search.finders.transcripts);
    this.assets = new Assets(connection, collections);
    this.assetIndexes = new AssetIndexes(connection, collections, search.finders.assets);
    this.sceneCollections = new SceneCollections(connection);
    this.cuts = new Cuts(connection, clock);
    this.renders = new Renders(connection);
    this.jobs = new Jobs(connection);
    this.captures = new Captures(connection, this, journal, clock);
    this.events = new Events(connection);
    const armingLog = new ArmingLog(connection, journal, clock);
    this.armingLog = armingLog;
    this.groups = new Groups(connection, armingLog, clock);
    this.alerts = new Alerts(connection, armingLog, this.groups);
    this.firings = this.#firings;
    this.boxes = new Boxes(connection, clock);
    this.replicas = new Replicas(connection, this, { firings: this.#firings, orphans });
    this.marks = new Marks(connection, journal, clock);
    this.journal = journal;
    this.deliveries = new Deliveries(connection, clock);
    this.outbox = new Outbox(connection, journal);
    this.brokerTopics = new BrokerTopics(meta);
    this.webhookSecrets = new WebhookSecrets(connection, meta, key);
    this.keys = new Keys(connection, clock);
    this.audit = new Audit(connection, clock);
    this.configVersions = new ConfigVersions(connection, key, clock);
    this.configured = new Configured(connection);
    this.commands = new Commands(connection, clock);
    this.prompts = new Prompts(connection);
    this.replay = new Replay(connection);
    this.sifting = new Sifting(connection, eraser, journal);
    this.recorded = new RecordedBytes(connection);
    this.strays = new Strays(connection);
    this.mediaPlace = new MediaPlace(connection, meta);
    this.clockSteps = new ClockSteps(connection);
    this.retention = retentionOf(this, connection, { eraser, orphans, holds, clock });
    this.mending = new Mending(connection);
    this.backups = new Backups(connection, meta, clock);
  }

  /**
   * Opens or makes `watchpost.db` and `signing.key` in the data directory. Throws `refused` when a newer Watchpost wrote
   * the database or it lies on a network file system, `internal` when it is damaged (see `restoreDamaged`).
   */
  static async open(dir: string, options: StoreOptions): Promise<Store> {
    const { log, fileSystemOf } = options;
    const connection = await Connection.open(databaseFile(dir), log, fileSystemOf);
    try {
      await takeBroughtKey(dir, connection);
      return new Store(connection, await signingKey(dir), options.clock);
    } catch (error) {
      connection[Symbol.dispose]();
      throw error;
    }
  }

  /** Aborted when the database has turned out to be damaged: end everything, restore it, and start again. */
  get damaged(): AbortSignal {
    return this.#connection.damaged;
  }

  get defaultCollection(): Collection {
    const collection = this.collections.get('default');
    if (!collection) throw new Fault('internal', 'the default collection is gone from the database');
    return collection;
  }

  /** What the evaluator found, and how far it has come: all of it or nothing, and on disk when this returns. */
  commitEvaluation(batch: EvaluationBatch): void {
    this.#firings.commit(batch);
  }

  /** All that was written by now is on disk when it resolves; nobody waits for the disk meanwhile. Throws `unavailable`. */
  settle(): Promise<void> {
    return this.#connection.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection[Symbol.dispose]();
  }
}

/** Of words, and of pictures. */
function vectorsOn(connection: Connection, search: SearchApart): [Vectors, Vectors] {
  const of = (name: 'vectors' | 'pictures') => new Vectors(connection, name, (change) => search.tell(name, change));
  return [of('vectors'), of('pictures')];
}

function searchOn(connection: Connection): SearchApart {
  const scenesStored = connection.sql.prepare<[], number>(SCENES_STORED).pluck();
  return new SearchApart(connection.sql.name, findersOn(connection), () => scenesStored.get() ?? 0);
}

function retentionOf(
  { recorded, clockSteps, streams }: Pick<Store, 'recorded' | 'clockSteps' | 'streams'>,
  connection: Connection,
  parts: { eraser: Eraser; orphans: Orphans; holds: Holds; clock: Clock },
): Retention {
  const garbage = new Garbage(connection);
  return new Retention({ ...parts, garbage, recorded, clockSteps, limits: () => limitsOf(streams) });
}

function limitsOf(streams: Streams) {
  return streams.list().results.map(({ id, recording }) => ({ id, ...recording }));
}
