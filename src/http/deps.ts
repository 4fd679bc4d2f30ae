import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import type { FoundCamera } from '#camera';
import type { CaptureDesk } from '#capture';
import type { Config, ShownConfig } from '#config';
import type { Delivery, Hub } from '#delivery';
import type { CameraStatus, Frame, Scope } from '#domain';
import type { Meanings } from '#events';
import type { BoxCommands, Fleet } from '#fleet';
import type { Listening, PictureQuery, SightTask } from '#inference';
import type { PushServer } from '#ingest';
import type { JobRunner } from '#jobs';
import type { ModelLibrary, PackDesk } from '#models';
import type { Author, Checks, LiveCopies, LiveViews, Summaries, Tellers, Transcriber, Verdicts } from '#pipeline';
import type { H264Renditions, MediaLinks } from '#playback';
import type { Clock, Log, RecentLines } from '#runtime';
import type { ConfigVersion, Store } from '#store';
import type { CommandLinkStatus, Sync } from '#sync';
import type { MachineStatus } from './box/machine-status.ts';
import type { Certificate } from './certificate.ts';
import type { PageSessions } from './page-sessions.ts';
import type { SessionTokens } from './streams/tokens.ts';

/** Everything the routes reach; the live parts only by the little that is asked of them. */
export interface HttpDeps {
  store: Store;
  config: Pick<Config, 'name' | 'ingest' | 'recording'> & { publicUrl?: string };
  configuration: ConfigDesk;
  supervisor: {
    reconcile(): void;
    status(): CameraStatus[];
    stopped(streamId: string): Promise<void>;
    latestFrame(streamId: string): Frame | undefined;
  };
  inference: {
    status(): { state: string; queued: number; dropped: number; restarts: number; rssMb?: number };
    has(task: SightTask): boolean;
  };
  /** A text as pictures are searched by it; undefined without a model that compares them, or when it has no time. */
  pictureQuery?: (text: string, signal: AbortSignal) => Promise<PictureQuery | undefined>;
  /** Absent: nobody on this box follows instructions. */
  tellers?: Pick<Tellers, 'present' | 'status' | 'follower'>;
  verdicts?: Pick<Verdicts, 'status'>;
  checks?: Pick<Checks, 'status'>;
  /** Absent: pictures are compared with no prompts. */
  meanings?: Pick<Meanings, 'learn' | 'prepare' | 'similar' | 'model'>;
  backfiller: { wake(): void };
  evaluator: { status(): { lag: number } };
  delivery: {
    status(): { mqtt?: { connected: boolean; lastError?: string }; dead?: number };
  } & Pick<Delivery, 'test' | 'wake'>;
  listening: Pick<Listening, 'speechAvailable' | 'status'>;
  transcriber: Pick<Transcriber, 'status'>;
  summaries: Pick<Summaries, 'status'>;
  author: Pick<Author, 'write'>;
  jobs: Pick<JobRunner, 'submit' | 'settled' | 'tellAgain' | 'cancel'>;
  liveViews: Pick<LiveViews, 'watch'>;
  liveCopies: Pick<LiveCopies, 'watch' | 'find'>;
  hub: Pick<Hub, 'accept' | 'hasRoom' | 'status'>;
  /** The connections by which hubs command this box. */
  commandLinks(): CommandLinkStatus[];
  boxCommands: Pick<BoxCommands, 'accept' | 'ask'>;
  fleet: Pick<Fleet, 'hello' | 'take' | 'offsetOf' | 'append' | 'boxes' | 'forget' | 'status'>;
  sync: Pick<Sync, 'status' | 'pause' | 'resume' | 'now' | 'request'>;
  captureDesk: Pick<CaptureDesk, 'create' | 'start' | 'stop' | 'export' | 'addressesOf'>;
  push: Pick<PushServer, 'urlFor' | 'addressOf' | 'letIn'>;
  tokens: SessionTokens;
  sessions: PageSessions;
  models: Pick<ModelLibrary, 'list'>;
  packDesk: Pick<PackDesk, 'list' | 'pull' | 'remove'>;
  links: MediaLinks;
  h264: Pick<H264Renditions, 'init' | 'media'>;
  machine: { status(): MachineStatus };
  clock: Clock;
  log: Log;
  recentLog: Pick<RecentLines, 'list'>;
  /** How cameras are looked for; as ONVIF says by default. */
  discover?(signal: AbortSignal): Promise<FoundCamera[]>;
  /** What doctor finds; it takes seconds, in a process of its own. */
  examine(signal: AbortSignal): Promise<unknown>;
  /** Ends the appliance in order, and begins another. */
  restart(): void;
  mediaDir: string;
  thumbsDir: string;
  assetsDir: string;
  uploadsDir: string;
  version: string;
  /** Absent: it speaks HTTP. */
  certificate?: Pick<Certificate, 'status'> | undefined;
  /** Where the built page lies; the package's own by default. */
  webDir?: string;
}

/** What the configuration is to become. */
export type ConfigWish =
  /** RFC 7396; lists of named things by name. */
  | { patch: unknown }
  /** All of it, with secrets as they are shown. */
  | { yaml: string }
  /** As it was. */
  | { version: number };

export interface ConfigCondition {
  /** The version in force. */
  version?: number | undefined;
  /** Nothing is lost by it; false where somebody wants it all the same. */
  lossless: boolean;
}

/** What has become of a wish. */
export interface ConfigOutcome {
  version: number;
  /** Paths. */
  changed: string[];
  /** Of those, what is in force from the next start on. */
  restartRequired: string[];
}

/** What a change takes away for ever. */
export interface ConfigLoss {
  path: string;
  message: string;
}

/** The configuration in force, and who changes it. */
export interface ConfigDesk {
  view(): ShownConfig;
  status(): { version: number; restartRequired: string[]; problem?: string };
  history(): ConfigVersion[];
  /** What would change, and what is wrong. Throws `not_found` for a version that isn't kept. */
  check(
    wish: ConfigWish,
  ): Promise<ConfigOutcome & { problems: readonly { path: string; message: string }[]; losses: ConfigLoss[] }>;
  /**
   * Throws `invalid` with all that is wrong, `conflict` when another version than `onlyIf` is in force, or when something would be
   * lost that the caller doesn't know of.
   */
  apply(wish: ConfigWish, by: string, only?: ConfigCondition): Promise<ConfigOutcome>;
  /** Throws as `apply`. */
  reload(by: string, only?: ConfigCondition): Promise<ConfigOutcome>;
}

/** Who asks. */
export interface Caller {
  keyId: number;
  /** For people: whose key it is. */
  name: string;
  scopes: readonly Scope[];
  /** Where a hub is that commands it; absent where the request comes by itself. */
  from?: string;
  /** Both are set when it is a session token made with that key. */
  sessionExpiresMs?: number;
  tokenId?: string;
}

/** `incoming` and `outgoing` are absent when a request doesn't come over a socket; `caller` is set for commands alone. */
export interface HttpEnv {
  Bindings: Partial<HttpBindings> & { caller?: Caller };
  /** `caller` is set on every route that needs a key; `detail` is what the audit log is to say beside the request. */
  Variables: { caller: Caller; detail?: string };
}
export type HttpContext = Context<HttpEnv>;
export type Routes = Hono<HttpEnv>;
