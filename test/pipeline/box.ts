import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { vi } from 'vitest';
import {
  type Extraction,
  type Frame,
  newId,
  RECORD_ALL,
  type Scene,
  type SceneIndex,
  type Stream,
  type Zone,
} from '#domain';
import { Inference } from '#inference';
import { ModelLibrary } from '#models';
import { createLog, Lifetime, systemClock } from '#runtime';
import { Store } from '#store';
import { frame, noisy, type Painter, room } from '../inference/pictures.ts';

export const T0 = Date.UTC(2026, 0, 15, 12);

/** What is said of a picture in which nothing moves. */
export const STILL = 'all is still';

/** A stream in a real store, the built-in pack, and a detector that a test can hold up. */
export async function openBox() {
  const life = new Lifetime();
  const dir = mkdtempSync(join(tmpdir(), 'wp-pipeline-'));
  life.defer(() => rmSync(dir, { recursive: true }));
  const log = createLog('silent');
  const store = life.use(await Store.open(dir, { clock: systemClock, log }));
  const models = await ModelLibrary.open(join(dir, 'models'), log);
  const signal = new AbortController().signal;
  const inference = life.use(await Inference.start({ models, detector: 'none', log, clock: systemClock }, signal));
  const zones: Zone[] = [];
  const dropped = { windows: 0 };
  const deps = { store, inference, thumbsDir: join(dir, 'thumbs'), clock: systemClock, log, zones: () => zones };

  const stream: Stream = {
    id: newId('stream'),
    collectionId: store.defaultCollection.id,
    name: 'Yard',
    url: 'rtsp://127.0.0.1/yard',
    mediaTypes: ['video'],
    sampleRate: 30,
    store: true,
    transcription: { wanted: false, engine: 'default', changedMs: T0 },
    transport: 'tcp',
    zones,
    recording: RECORD_ALL,
    wanted: 'connected',
    origin: 'api',
    createdMs: T0,
  };
  store.streams.create(stream);

  return {
    dir,
    deps,
    store,
    stream,
    inference,
    dropped,
    outlook: {
      ...deps,
      windowDropped: () => {
        dropped.windows += 1;
      },
    },
    /** A running index; every two seconds unless told otherwise. */
    index(extraction: Extraction = { type: 'time', seconds: 2, frameCount: 1 }): SceneIndex {
      const index: SceneIndex = {
        id: newId('index'),
        streamId: stream.id,
        name: 'Scenes',
        prompt: '',
        extraction,
        extractionConfig: {},
        modelName: 'basic',
        modelConfig: {},
        status: 'running',
        resumedMs: T0,
        createdMs: T0,
      };
      store.indexes.create(index);
      return index;
    },
    /** Oldest first, times in seconds from `T0`. */
    scenes({ id }: SceneIndex): [startS: number, endS: number, text: string][] {
      const seconds = (ms: number) => (ms - T0) / 1000;
      const { scenes } = store.scenes.page(id, { page: 1, pageSize: 100 });
      return scenes.reverse().map(({ startMs, endMs, text }) => [seconds(startMs), seconds(endMs), text]);
    },
    latest: ({ id }: SceneIndex): Scene | undefined => store.scenes.latest(id),
    thumbnails(): string[] {
      try {
        const entries = readdirSync(deps.thumbsDir, { recursive: true, withFileTypes: true });
        return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
      } catch {
        return []; // None was ever written.
      }
    },
    /** Resolves as soon as it is so; looked at after every entry in the journal. */
    when(isSo: () => boolean): Promise<void> {
      return new Promise((resolve) => {
        const look = () => {
          if (!isSo()) return;
          subscription[Symbol.dispose]();
          resolve();
        };
        const subscription = store.journal.onAppend(look);
        look();
      });
    },
    /** From now on the detector keeps every caller waiting. */
    holdUp(): { asked: Promise<void>; release(): void } {
      const [asked, held] = [gate(), gate()];
      const spy = vi.spyOn(inference, 'detect').mockImplementation(async (_frame, _request, stop) => {
        asked.open();
        await Promise.race([
          held.opened,
          new Promise((_, reject) => stop.addEventListener('abort', () => reject(stop.reason))),
        ]);
        return 'none';
      });
      return {
        asked: asked.opened,
        release: () => {
          spy.mockRestore();
          held.open();
        },
      };
    },
    /** The database refuses new scenes until disposed of. */
    refuseScenes(): Disposable {
      const db = new Database(join(dir, 'watchpost.db'));
      db.exec("CREATE TRIGGER refused BEFORE INSERT ON scenes BEGIN SELECT RAISE(ABORT, 'no room'); END");
      return {
        [Symbol.dispose]() {
          db.exec('DROP TRIGGER refused');
          db.close();
        },
      };
    },
    [Symbol.asyncDispose]: () => life[Symbol.asyncDispose](),
  };
}

function gate(): { opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

export type Box = Awaited<ReturnType<typeof openBox>>;

/** What the camera shows so many seconds after `T0`. */
export function at(seconds: number, paint: Painter = room, sceneScore = 0): Frame {
  const atMs = T0 + seconds * 1000;
  return { ...frame(atMs, noisy(paint, seconds, 3)), sceneScore };
}
