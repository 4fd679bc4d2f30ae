import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { CaptureDesk } from '#capture';
import { captureMessage, Hub, Poster } from '#delivery';
import {
  type Asset,
  type AssetIndex,
  type CameraStatus,
  type Frame,
  hashKey,
  type Job,
  type JobKind,
  newId,
  type Piece,
  RECORD_ALL,
  type RecordingSession,
  type Scene,
  type SceneFacts,
  type SceneIndex,
  type Stream,
} from '#domain';
import { BoxCommands, Fleet } from '#fleet';
import { createHttpApp, type HttpApp, type HttpDeps, jobCallback, PageSessions, SessionTokens } from '#http';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { PushServer } from '#ingest';
import { type JobHandler, JobRunner } from '#jobs';
import { PackDesk } from '#models';
import { Author, LiveCopies, LiveViews, Summaries, ViewRoom } from '#pipeline';
import { H264Renditions, MediaLinks } from '#playback';
import { createLog, Fault, RecentLines, systemClock } from '#runtime';
import { Store } from '#store';
import { Configuration } from '../../src/app/configuration.ts';
import { Published } from '../capture/published.ts';
import { type AnswerValidator, answerValidator } from '../support/openapi.ts';

const KEY = 'sk-right';
export const T0 = Date.UTC(2026, 0, 15, 12, 0, 0);

/** An app over a real store in a directory of its own, with stand-ins for the parts that need cameras and models. */
export interface Box extends AsyncDisposable {
  app: HttpApp;
  deps: HttpDeps;
  store: Store;
  dir: string;
  live: {
    statuses: CameraStatus[];
    frames: Map<string, Frame>;
    reconciled: number;
    woken: number;
    detector: string;
    speech: boolean;
  };
  /** What clients of capture sessions send. */
  published: Published;
  /** What jobs do; a test sets those that it begins. */
  handlers: Partial<Record<JobKind, JobHandler>>;
  /** Calls a route with the right key; a body that isn't text is sent as JSON. The answer is as it is documented. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

export interface Answer {
  status: number;
  success: boolean;
  message: string;
  error_code?: string;
  // Tests read whatever the route under test promises.
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests check.
  data: any;
  headers: Headers;
}

export async function openBox(overrides: Partial<HttpDeps> = {}): Promise<Box> {
  const dir = await mkdtemp(join(tmpdir(), 'watchpost-http-'));
  const log = createLog('silent');
  const store = await Store.open(dir, { clock: systemClock, log });
  store.keys.add(hashKey(KEY), 'test');
  const live: Box['live'] = {
    statuses: [],
    frames: new Map(),
    reconciled: 0,
    woken: 0,
    detector: 'ready',
    speech: false,
  };
  const hub = Hub.start({
    store,
    links: boxLinks,
    streamName: (id) => store.streams.get(id)?.name ?? id,
    clock: systemClock,
    log,
  });
  const links = new MediaLinks(store.signingKey, systemClock);
  const h264 = new H264Renditions(1);
  const handlers: Box['handlers'] = {};
  const jobs = await startJobs(handlers, { store, links });
  const source = { text: 'name: test box', env: {} };
  const configuration = await Configuration.open({ source, store, log });
  configuration.follow([], () => undefined);
  const published = new Published();
  const supervisor: HttpDeps['supervisor'] = {
    reconcile: () => {
      live.reconciled += 1;
    },
    status: () => live.statuses,
    stopped: async () => {},
    latestFrame: (id) => live.frames.get(id),
  };
  const captureDesk = CaptureDesk.start({
    store,
    push: published,
    supervisor,
    jobs,
    payload: (event) => captureMessage(event, { store, links: boxLinks }),
    post: new Poster({ store, clock: systemClock }).post,
    clock: systemClock,
    log,
  });
  const deps: HttpDeps = {
    store,
    configuration,
    config: {
      name: 'test box',
      ingest: { allowFile: false, maxConnecting: 2, push: { rtmpPort: 1935, rtspPort: 8554 } },
      recording: { segmentSeconds: 4, reservePercent: 1 },
    },
    supervisor,
    inference: {
      status: () => ({ state: live.detector, queued: 0, dropped: 0, restarts: 0 }),
      has: (task) => task === 'object-detection' && live.detector !== 'none',
    },
    backfiller: {
      wake: () => {
        live.woken += 1;
      },
    },
    evaluator: { status: () => ({ lag: 0 }) },
    delivery: {
      status: () => ({ mqtt: { connected: false, lastError: 'away' } }),
      test: async () => ({ kind: 'refused', reason: 'this test posts nothing' }),
      wake: () => undefined,
    },
    listening: {
      get speechAvailable() {
        return live.speech;
      },
      status: () => ({ voice: AWAY, sounds: AWAY, speech: AWAY }),
    },
    transcriber: { status: () => NOTHING_WRITTEN },
    summaries: new Summaries(),
    author: new Author([]),
    jobs,
    hub,
    sync: {
      status: () => [],
      pause: () => undefined,
      resume: () => undefined,
      now: () => undefined,
      request: async () => [],
    },
    fleet: await Fleet.start({
      store,
      mediaDir: dir,
      thumbsDir: join(dir, 'thumbs'),
      incomingDir: join(dir, 'incoming'),
      reservePercent: () => 0,
      clock: systemClock,
    }),
    liveViews: new LiveViews(new ViewRoom(), systemClock),
    liveCopies: new LiveCopies(new ViewRoom(), systemClock, log),
    captureDesk,
    push: new PushServer({
      signingKey: store.signingKey,
      host: '127.0.0.1',
      ports: { rtmp: 1935, rtsp: 8554 },
      clock: systemClock,
      log,
    }),
    tokens: new SessionTokens(store.signingKey, systemClock),
    sessions: new PageSessions(store.signingKey, store.boxId, systemClock),
    models: { list: () => [] },
    packDesk: await PackDesk.open(join(dir, 'models'), log, []),
    links,
    h264,
    machine: { status: () => ({ cores: 4, limits: [], earlierLimits: [] }) },
    clock: systemClock,
    log,
    commandLinks: () => [],
    boxCommands: new BoxCommands({ store, clock: systemClock }),
    recentLog: new RecentLines(),
    examine: async () => [],
    discover: async () => [],
    restart: () => undefined,
    mediaDir: join(dir, 'media'),
    thumbsDir: join(dir, 'thumbs'),
    assetsDir: join(dir, 'assets'),
    uploadsDir: join(dir, 'uploads'),
    version: '0.0.0-test',
    webDir: join(dir, 'web'),
    ...overrides,
  };
  await mkdir(deps.mediaDir);
  const app = createHttpApp(deps);
  return {
    app,
    deps,
    store,
    dir,
    live,
    handlers,
    call: (method, path, body, headers = {}) => call(app, method, path, body, headers),
    published,
    [Symbol.asyncDispose]: async () => {
      await captureDesk[Symbol.asyncDispose]();
      await jobs[Symbol.asyncDispose]();
      await h264[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
}

const boxLinks = {
  streamUrl: (_: unknown, origin = 'http://box') => origin,
  playerUrl: (_: unknown, origin = 'http://box') => origin,
  assetUrls: (_: unknown, origin = 'http://box') => ({ stream_url: origin, player_url: origin }),
};

/** The real runner, with stand-ins for the work. */
function startJobs(handlers: Box['handlers'], { store, links }: Pick<HttpDeps, 'store' | 'links'>): Promise<JobRunner> {
  const work: JobHandler = async (job, context) => {
    const handler = handlers[job.kind];
    if (!handler) throw new Fault('refused', `this test does no ${job.kind}`);
    return handler(job, context);
  };
  const payload = (job: Job) => jobCallback(job, { store, links }, 'http://box');
  const all = {
    capture: work,
    export: work,
    ingest: work,
    index_scenes: work,
    index_spoken_words: work,
    timelapse: work,
    render: work,
    reframe: work,
    extract_scenes: work,
    describe: work,
  };
  const { post } = new Poster({ store, clock: systemClock });
  const deps = { store, handlers: all, payload, post, clock: systemClock, log: createLog('silent') };
  return JobRunner.start(deps, new AbortController().signal);
}

async function call(
  app: HttpApp,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const response = await app.request(`http://box.local:8080${path}`, {
    method,
    headers: { 'x-access-token': KEY, 'content-type': 'application/json', ...headers },
    ...(text === undefined ? {} : { body: text }),
  });
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  // The envelope is what every route promises.
  const envelope = (await response.json()) as Omit<Answer, 'status' | 'headers'>;
  expect(typeof envelope.success).toBe('boolean');
  const problems = (await validator(app))(method, path, response.status, envelope);
  expect(problems.filter((problem) => !problem.includes('is not documented'))).toEqual([]);
  return { ...envelope, status: response.status, headers: response.headers };
}

const AWAY = { state: 'none', restarts: 0 } as const;
const NOTHING_WRITTEN = { lagMs: 0, waiting: 0, spoolBytes: 0, gaps: 0, transcribed: 0, perStream: {} };

let known: AnswerValidator | undefined;

/** The document is the same for every app. */
async function validator(app: HttpApp): Promise<AnswerValidator> {
  known ??= answerValidator((await (await app.request('http://box/v1/openapi.json')).json()) as object);
  return known;
}

export function addStream(store: Store, change: Partial<Stream> = {}): Stream {
  const stream: Stream = {
    id: newId('stream'),
    collectionId: store.defaultCollection.id,
    name: 'Gate',
    url: 'rtsp://admin:canary@10.0.0.9/stream1',
    mediaTypes: ['video'],
    sampleRate: 30,
    store: true,
    transcription: { wanted: false, engine: 'default', changedMs: T0 },
    transport: 'tcp',
    zones: [],
    recording: RECORD_ALL,
    wanted: 'connected',
    origin: 'api',
    createdMs: T0,
    ...change,
  };
  store.streams.create(stream);
  return stream;
}

export function addIndex(store: Store, streamId: string, change: Partial<SceneIndex> = {}): SceneIndex {
  const index: SceneIndex = {
    id: newId('index'),
    streamId,
    name: 'scenes',
    prompt: 'Describe the scene',
    extraction: { type: 'time', seconds: 5, frameCount: 2 },
    extractionConfig: { time: 5, frame_count: 2 },
    modelName: 'basic',
    modelConfig: {},
    status: 'running',
    resumedMs: T0,
    createdMs: T0,
    ...change,
  };
  store.indexes.create(index);
  return index;
}

const FACTS: SceneFacts = {
  objects: [
    {
      label: 'traffic light',
      score: 0.9,
      box: { x1: 0.1, y1: 0.1, x2: 0.2, y2: 0.4 },
      track: 1,
      zones: ['gate'],
      entered: [],
      sinceMs: T0,
    },
  ],
  gone: [],
  counts: { 'traffic light': 1 },
  motion: { amount: 0.25, regions: [], zones: [] },
  light: { brightness: 0.5 },
  colours: ['grey'],
  tamper: [],
  packs: ['built-in'],
};

export function addScene(
  store: Store,
  index: SceneIndex,
  fromS: number,
  text: string,
  change: Partial<Scene> = {},
): Scene {
  const scene = {
    streamId: index.streamId,
    indexId: index.id,
    startMs: T0 + fromS * 1000,
    endMs: T0 + (fromS + 5) * 1000,
    text,
    facts: FACTS,
    ...change,
  };
  return store.scenes.add(scene, embedText(text), TEXT_EMBEDDING.model);
}

/** Records segments of four seconds from `fromS` on, each file holding its own path as bytes. Returns their row ids. */
export async function record(box: Box, streamId: string, fromS: number, count: number, sessionId = 'ses-1') {
  const session: RecordingSession = {
    id: sessionId,
    streamId,
    startedMs: T0 + fromS * 1000,
    initPath: `${streamId}/${sessionId}/init.mp4`,
    codecs: 'avc1.640028',
    width: 640,
    height: 360,
  };
  const ids: number[] = [];
  await put(join(box.deps.mediaDir, session.initPath), `init ${sessionId}`);
  for (let i = 0; i < count; i += 1) {
    const startMs = T0 + (fromS + i * 4) * 1000;
    const path = `${streamId}/${sessionId}/${startMs}-${startMs + 4000}.m4s`;
    await put(join(box.deps.mediaDir, path), path);
    const segment = { streamId, sessionId, startMs, endMs: startMs + 4000, path, bytes: path.length };
    ids.push(box.store.segments.add(segment, session));
  }
  return ids;
}

/** A video of pieces of four seconds, each file holding its own path as bytes. */
export async function addVideo(box: Box, pieces: number, change: Partial<Asset> = {}): Promise<Asset> {
  const id = change.id ?? newId('video');
  const asset: Asset = {
    id,
    kind: 'video',
    collectionId: box.store.defaultCollection.id,
    name: 'Delivery',
    description: '',
    lengthMs: pieces * 4000,
    bytes: pieces * 1000,
    width: 640,
    height: 360,
    thumbPath: `${id}/thumb.jpg`,
    origin: { kind: 'upload', filename: 'delivery.mp4' },
    createdMs: T0,
    ...change,
  };
  const list: Piece[] = Array.from({ length: pieces }, (_, n) => ({
    n,
    startMs: n * 4000,
    durationMs: 4000,
    path: `${id}/${String(n).padStart(6, '0')}.m4s`,
    bytes: 1000,
    initPath: `${id}/init-0.mp4`,
    discontinuity: false,
    ...(asset.origin.kind === 'export' ? { recordedMs: asset.origin.startMs + n * 4000 } : {}),
  }));
  for (const path of [`${id}/init-0.mp4`, `${id}/thumb.jpg`, ...list.map((piece) => piece.path)]) {
    await put(join(box.deps.assetsDir, path), path);
  }
  box.store.assets.create(asset, list);
  return asset;
}

/** An index over a video's scenes, done, with a record of four seconds for each text. */
export function addVideoIndex(
  box: Box,
  assetId: string,
  texts: readonly string[],
  change: Partial<AssetIndex> = {},
): AssetIndex {
  const index: AssetIndex = {
    id: newId('index'),
    assetId,
    kind: 'scene',
    name: 'Who comes',
    prompt: 'Describe the scene',
    extraction: { type: 'time' },
    extractionConfig: { time: 4, frame_count: 1 },
    metadata: {},
    modelName: 'basic',
    status: 'done',
    createdMs: T0,
    ...change,
  };
  box.store.assetIndexes.create(index);
  const records = texts.map((text, n) => ({
    startMs: n * 4000,
    endMs: n * 4000 + 4000,
    text,
    metadata: { counts: [{ label: 'person', count: 1 }] },
    vector: embedText(text),
    model: TEXT_EMBEDDING.model,
  }));
  box.store.assetIndexes.addRecords(index.id, records);
  return index;
}

export async function put(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}
