import { CaptureDesk, type NewChannel } from '#capture';
import { captureMessage } from '#delivery';
import { type Asset, type Grant, newId } from '#domain';
import { JobRunner } from '#jobs';
import { type Clock, Fault, systemClock } from '#runtime';
import type { Store } from '#store';
import { links } from '../delivery/fixture.ts';
import { openStore, quiet } from '../store/fixture.ts';
import { Published } from './published.ts';

export const MIC: NewChannel = { id: 'mic:default', name: 'Microphone', type: 'audio', category: 'mic', store: true };
export const SCREEN: NewChannel = {
  id: 'display:1',
  name: 'Display',
  type: 'video',
  category: 'screen',
  store: true,
};

export interface Post {
  url: string;
  body: unknown;
  id: string;
}

/** Capture sessions over a real store and real jobs; what would need a camera, ffmpeg or a network is a test's own. */
export class Captured implements AsyncDisposable {
  readonly published = new Published();
  readonly posts: Post[] = [];
  /** Throws where the receiver doesn't take it. */
  answer: (post: Post, signal: AbortSignal) => unknown = () => undefined;
  /** Who makes sessions. */
  grants: Grant[] = [];
  /** What an export does; makes an asset by default. */
  work: () => void = () => undefined;
  desk!: CaptureDesk;
  readonly #clock: Clock;
  readonly #open: Awaited<ReturnType<typeof openStore>>;
  #jobs!: JobRunner;

  private constructor(open: Awaited<ReturnType<typeof openStore>>, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  static async open(clock: Clock = systemClock): Promise<Captured> {
    const captured = new Captured(await openStore(clock), clock);
    await captured.begin();
    return captured;
  }

  get store(): Store {
    return this.#open.store;
  }

  /** A life of the box. */
  async begin(): Promise<void> {
    const { store } = this;
    const clock = this.#clock;
    const none = async () => ({});
    const handlers = {
      ...{ export: none, ingest: none, index_scenes: none, index_spoken_words: none, timelapse: none },
      ...{ render: none, reframe: none, extract_scenes: none, describe: none },
      capture: async ({ input }: { input: Record<string, unknown> }) => {
        this.work();
        const assetId = String(input['assetId']);
        store.assets.create(assetOf(assetId, String(input['sessionId']), String(input['streamId'])), []);
        return { assetId };
      },
    };
    const payload = () => ({});
    const post = async () => undefined;
    this.#jobs = await JobRunner.start(
      { store, handlers, payload, post, clock, log: quiet },
      new AbortController().signal,
    );
    this.desk = CaptureDesk.start({
      store,
      push: this.published,
      supervisor: { reconcile: () => undefined, stopped: async () => undefined },
      jobs: this.#jobs,
      payload: (event) => captureMessage(event, { store, links }),
      post: async (url, body, id, signal) => {
        const sent = { url, body, id };
        await this.answer(sent, signal);
        signal.throwIfAborted();
        this.posts.push(sent);
      },
      clock,
      log: quiet,
    });
  }

  /** As when the power goes: nothing of it is told to the store. */
  async end(): Promise<void> {
    await this.desk[Symbol.asyncDispose]();
    await this.#jobs[Symbol.asyncDispose]();
  }

  make(callbackUrl?: string): string {
    const about = { collectionId: 'default', endUserId: 'user-1', metadata: {}, grants: this.grants };
    return this.desk.create({ ...about, ...(callbackUrl === undefined ? {} : { callbackUrl }) }).id;
  }

  /** Everything that was told of the session, in order. */
  told(id: string): string[] {
    const entries = this.store.journal.after(0, 1000, ['capture']);
    return entries.flatMap(({ ref }) => {
      const event = this.store.captures.events.get(Number(ref));
      return event?.sessionId === id ? [event.status] : [];
    });
  }

  status(id: string): string | undefined {
    return this.store.captures.get(id)?.status;
  }

  /** Sends all that the session wants. */
  publish(id: string): void {
    for (const { streamId } of this.store.captures.get(id)?.channels ?? []) this.published.begin(streamId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    await this.#open[Symbol.asyncDispose]();
  }
}

export function noReceiver(): never {
  throw new Fault('unavailable', 'the receiver answered 500');
}

function assetOf(id: string, sessionId: string, streamId: string): Asset {
  return {
    id: id || newId('video'),
    kind: id.startsWith('a-') ? 'audio' : 'video',
    collectionId: 'default',
    name: 'Capture',
    description: '',
    lengthMs: 4000,
    bytes: 1,
    width: 640,
    height: 360,
    origin: { kind: 'capture', sessionId, streamId },
    createdMs: 1,
  };
}
