import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Alert, type Asset, newId, type Piece, type SceneIndex, type Stream } from '#domain';
import { ruleFor } from '#events';
import { type HttpServer, listen, Sockets } from '#http';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { Lifetime } from '#runtime';
import { addIndex, addScene, addStream, type Box, openBox, record, T0 } from '../http/box.ts';

/** Where the recorded clients ask for video: the stream has recordings there. */
const ASKED_S = [1_711_000_000, 1_700_000_000];
const PIECE_MS = 4000;
const LENGTH_MS = 3 * PIECE_MS;

/**
 * A box behind a real socket that holds one of each thing that the recordings name, with stand-ins for the work that needs
 * ffmpeg or models. What a recording deletes is there again for the next request that names it.
 */
export class World implements AsyncDisposable {
  readonly #life: Lifetime;
  readonly #stream: Stream;
  readonly #index: SceneIndex;
  readonly #alert: Alert;
  #video: string;
  #videoIndex: string;
  #job: string;
  /** Where the last upload address led; clients give it back in a body. */
  uploadUrl = '';
  readonly box: Box;
  readonly host: string;

  private constructor(life: Lifetime, box: Box, server: HttpServer) {
    this.#life = life;
    this.box = box;
    this.host = `127.0.0.1:${server.address.port}`;
    const { store } = box;
    this.#stream = addStream(store, { transcription: { wanted: true, engine: 'default', changedMs: T0 } });
    this.#index = addIndex(store, this.#stream.id);
    addScene(store, this.#index, 0, 'A white car stands at the gate');
    addScene(store, this.#index, 5, 'Nobody is in the yard');
    const words = [{ text: 'hello', startMs: T0, endMs: T0 + 400 }];
    store.transcripts.add({ streamId: this.#stream.id, startMs: T0, endMs: T0 + 400, text: 'hello', words });
    this.#alert = addAlert(box, this.#index);
    this.#video = addVideo(box, newId('video'));
    this.#videoIndex = addVideoIndex(box, this.#video, 'scene');
    addVideoIndex(box, this.#video, 'spoken_word');
    this.#job = addJob(box, this.#video);
  }

  static async open(): Promise<World> {
    const life = new Lifetime();
    const box = life.use(await openBox());
    const server = await listen(box.app, { host: '127.0.0.1', port: 0 }, box.deps.log, Sockets.start(box.deps));
    life.use(server);
    const world = new World(life, box, server);
    standIns(box);
    const id = world.#stream.id;
    for (const [n, atS] of ASKED_S.entries()) await record(box, id, atS - T0 / 1000, 3, `ses-asked-${n}`);
    return world;
  }

  /** The request's text with the recorder's ids and addresses replaced by this box's. */
  here(text: string): string {
    const known = text
      .replace(/http:\/\/127\.0\.0\.1:8899\/put\/tok123\?sig=zz/g, () => this.uploadUrl)
      .replace(/^\/put\/tok123\?sig=zz$/, () => this.uploadUrl.slice(`http://${this.host}`.length));
    return known.replace(/(?<![\w-])(c|rts|idx|event|alert|m|si|job)-1(?![\w-])/g, (_, kind: string) => this.#id(kind));
  }

  /** The job that the clients ask for next. */
  polls(outputUrl: string): void {
    this.#job = outputUrl.slice(outputUrl.lastIndexOf('/') + 1);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#life[Symbol.asyncDispose]();
  }

  #id(kind: string): string {
    const { store } = this.box;
    if (kind === 'c') return store.defaultCollection.id;
    if (kind === 'rts') return this.#stream.id;
    if (kind === 'idx') return this.#index.id;
    if (kind === 'event') return this.#alert.eventId;
    if (kind === 'alert') return this.#alert.id;
    if (kind === 'job') return this.#job;
    if (!store.assets.get(this.#video)) {
      this.#video = addVideo(this.box, newId('video'));
      addVideoIndex(this.box, this.#video, 'spoken_word');
    }
    if (kind === 'm') return this.#video;
    if (!store.assetIndexes.get(this.#videoIndex)) this.#videoIndex = addVideoIndex(this.box, this.#video, 'scene');
    return this.#videoIndex;
  }
}

function addAlert({ store }: Box, index: SceneIndex): Alert {
  const prompt = 'a person enters';
  const rule = ruleFor(prompt, { zones: [] });
  const event = { id: newId('event'), prompt, label: 'person', rule, createdMs: T0 };
  store.events.create(event);
  const alert: Alert = {
    id: newId('alert'),
    streamId: index.streamId,
    indexId: index.id,
    eventId: event.id,
    status: 'enabled',
    createdMs: T0,
  };
  store.alerts.create(alert);
  return alert;
}

/** Three pieces of a moving picture. */
function addVideo({ store, deps }: Box, id: string, origin?: Asset['origin']): string {
  const pieces: Piece[] = Array.from({ length: LENGTH_MS / PIECE_MS }, (_, n) => ({
    n,
    startMs: n * PIECE_MS,
    durationMs: PIECE_MS,
    path: `${id}/${n}.m4s`,
    bytes: 5,
    initPath: `${id}/init-0.mp4`,
    discontinuity: false,
  }));
  const asset: Asset = {
    id,
    kind: 'video',
    collectionId: store.defaultCollection.id,
    name: 'Yard',
    description: '',
    lengthMs: LENGTH_MS,
    bytes: 15,
    width: 640,
    height: 360,
    codecs: 'avc1.640028',
    thumbPath: `${id}/thumb.jpg`,
    origin: origin ?? { kind: 'upload', filename: 'yard.mp4' },
    createdMs: T0,
  };
  store.assets.create(asset, pieces);
  store.assets.setWords(id, [
    { text: 'q', startMs: 1000, endMs: 1400 },
    { text: 'words', startMs: 1500, endMs: 1900 },
  ]);
  mkdirSync(join(deps.assetsDir, id), { recursive: true });
  for (const [name, bytes] of media()) writeFileSync(join(deps.assetsDir, id, name), bytes);
  return id;
}

let made: Map<string, Buffer> | undefined;

/** The files of every video here, by name. */
function media(): Map<string, Buffer> {
  if (made) return made;
  const dir = mkdtempSync(join(tmpdir(), 'wp-golden-'));
  const source = ['-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=5:duration=${LENGTH_MS / 1000}`];
  const hls = [
    '-f',
    'hls',
    '-hls_time',
    String(PIECE_MS / 1000),
    '-hls_segment_type',
    'fmp4',
    '-hls_segment_filename',
    '%d.m4s',
  ];
  const video = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-g',
    '20',
    ...hls,
    '-hls_fmp4_init_filename',
    'init-0.mp4',
    'a.m3u8',
  ];
  execFileSync('ffmpeg', ['-loglevel', 'error', ...source, ...video, '-map', '0', '-frames:v', '1', 'thumb.jpg'], {
    cwd: dir,
  });
  made = new Map(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name))]));
  rmSync(dir, { recursive: true });
  return made;
}

function addVideoIndex({ store }: Box, assetId: string, kind: 'scene' | 'spoken_word'): string {
  const id = newId('index');
  const type = kind === 'scene' ? 'time' : 'transcript';
  store.assetIndexes.create({
    id,
    assetId,
    kind,
    name: kind,
    prompt: 'p',
    extraction: { type },
    extractionConfig: {},
    modelName: 'basic',
    metadata: {},
    status: 'done',
    createdMs: T0,
  });
  fill({ store }, id, kind === 'scene' ? 'A white car stands at the gate' : 'q words');
  return id;
}

function fill({ store }: Pick<Box, 'store'>, indexId: string, text: string): void {
  const record = { startMs: 1000, endMs: 3000, text, metadata: {} };
  store.assetIndexes.addRecords(indexId, [{ ...record, vector: embedText(text), model: TEXT_EMBEDDING.model }]);
}

function addJob({ store }: Box, assetId: string): string {
  const { id } = store.jobs.add({ id: newId('job'), kind: 'ingest', input: {}, createdMs: T0 });
  store.jobs.done(id, { assetId }, Date.now());
  return id;
}

/** The work of the jobs: what it makes, without looking at what it is made of. */
function standIns(box: Box): void {
  const { store } = box;
  const make = (id: string, origin?: Asset['origin']) => {
    if (!store.assets.get(id)) addVideo(box, id, origin);
    return Promise.resolve({ assetId: id });
  };
  box.handlers.ingest = () => make(newId('video'));
  box.handlers.export = ({ input }) => {
    const { streamId, startMs, endMs, assetId } = input;
    return make(String(assetId), {
      kind: 'export',
      streamId: String(streamId),
      startMs: Number(startMs),
      endMs: Number(endMs),
    });
  };
  const index = ({ input }: { input: Record<string, unknown> }) => {
    const indexId = String(input['indexId']);
    fill(box, indexId, 'Nobody is in the yard');
    store.assetIndexes.update(indexId, { status: 'done' });
    return Promise.resolve({ indexId, message: 'done' });
  };
  box.handlers.index_scenes = index;
  box.handlers.index_spoken_words = index;
}
