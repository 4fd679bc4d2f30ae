import { type Alert, type AssetKind, newId } from '#domain';
import { type HttpServer, listen, Sockets } from '#http';
import { Lifetime } from '#runtime';
import { addIndex, addScene, addStream, type Box, openBox, record, T0 } from '../http/box.ts';
import { addAlert, addAsset, addCapture, addJob, addVideoIndex, standIns } from './seeds.ts';

/** Where the recorded clients ask for video: the stream has recordings there. */
const ASKED_S = [1_711_000_000, 1_700_000_000];

/**
 * A box behind a real socket that holds one of each thing that the recordings name, with stand-ins for the work that needs
 * ffmpeg or models. What a recording deletes is there again for the next request that names it.
 */
export class World implements AsyncDisposable {
  readonly #life: Lifetime;
  readonly #alert: Alert;
  readonly #assets = new Map<AssetKind, string>();
  #sceneIndex = '';
  readonly #session: string;
  #job: string;
  /** Where the last upload address led; clients give it back in a body. */
  uploadUrl = '';
  /** What further names of the form `name-1` stand for. */
  readonly names = new Map<string, string>();
  readonly box: Box;
  readonly host: string;

  private constructor(life: Lifetime, box: Box, server: HttpServer) {
    this.#life = life;
    this.box = box;
    this.host = `127.0.0.1:${server.address.port}`;
    const { store } = box;
    const stream = addStream(store, { transcription: { wanted: true, engine: 'default', changedMs: T0 } });
    const index = addIndex(store, stream.id);
    addScene(store, index, 0, 'A white car stands at the gate');
    addScene(store, index, 5, 'Nobody is in the yard');
    const words = [{ text: 'hello', startMs: T0, endMs: T0 + 400 }];
    store.transcripts.add({ streamId: stream.id, startMs: T0, endMs: T0 + 400, text: 'hello', words });
    this.#alert = addAlert(box, index);
    this.#videoIndex();
    this.#session = addCapture(box);
    this.#job = addJob(box, this.#asset('video'));
  }

  static async open(): Promise<World> {
    const life = new Lifetime();
    const box = life.use(await openBox());
    const server = await listen(box.app, { host: '127.0.0.1', port: 0 }, box.deps.log, {
      sockets: Sockets.start(box.deps),
    });
    life.use(server);
    const world = new World(life, box, server);
    standIns(box);
    const { streamId } = world.#alert;
    for (const [n, atS] of ASKED_S.entries()) await record(box, streamId, atS - T0 / 1000, 3, `ses-asked-${n}`);
    return world;
  }

  /** The text with names as `m-1` and the recorder's addresses replaced by what this box has for them. */
  here(text: string): string {
    const known = text
      .replace(/http:\/\/127\.0\.0\.1:8899\/put\/tok123\?sig=zz/g, () => this.uploadUrl)
      .replace(/^\/put\/tok123\?sig=zz$/, () => this.uploadUrl.slice(`http://${this.host}`.length));
    return known.replace(/(?<![\w-])([a-z]+)-1(?![\w-])/g, (name, kind: string) => this.#idOf(kind) ?? name);
  }

  /** The job that the clients ask for next. */
  polls(outputUrl: string): void {
    this.#job = outputUrl.slice(outputUrl.lastIndexOf('/') + 1);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#life[Symbol.asyncDispose]();
  }

  #idOf(kind: string): string | undefined {
    const alert = this.#alert;
    switch (kind) {
      case 'c':
        return this.box.store.defaultCollection.id;
      case 'rts':
        return alert.streamId;
      case 'idx':
        return alert.indexId;
      case 'event':
        return alert.eventId;
      case 'alert':
        return alert.id;
      case 'm':
        return this.#asset('video');
      case 'a':
        return this.#asset('audio');
      case 'img':
        return this.#asset('image');
      case 'si':
        return this.#videoIndex();
      case 'cap':
        return this.#session;
      case 'job':
        return this.#job;
      default:
        return this.names.get(kind);
    }
  }

  #asset(kind: AssetKind): string {
    const known = this.#assets.get(kind);
    if (known !== undefined && this.box.store.assets.get(known)) return known;
    const id = addAsset(this.box, newId(kind), kind);
    if (kind === 'video') addVideoIndex(this.box, id, 'spoken_word');
    this.#assets.set(kind, id);
    return id;
  }

  #videoIndex(): string {
    const video = this.#asset('video');
    if (!this.box.store.assetIndexes.get(this.#sceneIndex)) this.#sceneIndex = addVideoIndex(this.box, video, 'scene');
    return this.#sceneIndex;
  }
}
