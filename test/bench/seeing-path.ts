import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Frame, newId, RECORD_ALL, type SceneIndex, type Stream } from '#domain';
import { Inference, Observer } from '#inference';
import { ModelLibrary } from '#models';
import { createLog, Lifetime, systemClock } from '#runtime';
import { Store } from '#store';
import { loadRequest } from '../../src/inference/loads.ts';
import { see } from '../../src/pipeline/see.ts';
import { SoundSight } from '../../src/pipeline/sound-sight.ts';
import { tempDir } from '../e2e/support/temp-dir.ts';
import { until } from '../e2e/support/waiting.ts';
import { framesOf } from '../inference/references.ts';
import { showProgress } from './progress.ts';

/** Several, so that the model always has something to do. */
const STREAMS = 4;
const ROUNDS = 4;
const ROUND_MS = 5000;
const HEIGHT = 360;
/** Seconds of the clip in which somebody is there all the time: every window is looked at. */
const BUSY: readonly [number, number] = [93, 119];
const BARE = fileURLToPath(new URL('bare-model.mjs', import.meta.url));
const T0 = Date.UTC(2026, 0, 15, 12);

export interface PathMeasure {
  /** The bare model, in a process that does nothing else. */
  barePerS: number;
  /** The same model at the end of the whole path. */
  runsPerS: number;
  windowsPerS: number;
  dropped: number;
  /** Share of the clip's windows for which no model ran. */
  gateSaved: number;
}

/** Path and bare model take turns, so that what else the machine does meets them alike. */
export async function measurePath(packDir: string, clip: string): Promise<PathMeasure> {
  const frames = await clipFrames(clip);
  await using dir = await tempDir();
  const life = new Lifetime();
  try {
    const box = await openBox(packDir, dir.path, life);
    showProgress('counting what the gate saves');
    const gateSaved = await savedByGate(box, frames);
    const bare = await bareModel(box, life);
    const rounds = { bare: 0, runs: 0, windows: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      showProgress('the path and the bare model in turn', round / ROUNDS);
      rounds.bare += await bare(ROUND_MS);
      const path = await wholePath(box, frames.slice(...BUSY), ROUND_MS);
      rounds.runs += path.runs;
      rounds.windows += path.windows;
    }
    const { dropped } = box.inference.status();
    const perS = (sum: number) => sum / ROUNDS;
    return {
      barePerS: perS(rounds.bare),
      runsPerS: perS(rounds.runs),
      windowsPerS: perS(rounds.windows),
      dropped,
      gateSaved,
    };
  } finally {
    await life[Symbol.asyncDispose]();
  }
}

/** One a second. */
async function clipFrames(clip: string): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of framesOf(clip, 1, HEIGHT)) frames.push(frame);
  return frames;
}

interface Box {
  store: Store;
  inference: Inference;
  thumbsDir: string;
  file: string;
  threads: number;
}

async function openBox(packDir: string, dir: string, life: Lifetime): Promise<Box> {
  const about = { clock: systemClock, log: createLog('silent') };
  const store = life.use(await Store.open(dir, about));
  const models = await ModelLibrary.open(join(dir, 'models'), about.log);
  const pack = await models.importPack(packDir);
  const { signal } = new AbortController();
  const inference = life.use(await Inference.start({ models, detector: pack.name, ...about }, signal));
  await until('the detector', () => inference.status().state === 'ready');
  return { store, inference, thumbsDir: join(dir, 'thumbs'), file: pack.file, threads: loadRequest(pack).threads };
}

/** How often it runs in a second, in a process that does nothing else. */
async function bareModel({ file, threads }: Box, life: Lifetime): Promise<(ms: number) => Promise<number>> {
  const bare = fork(BARE, [file, String(threads)], { execArgv: [] });
  life.defer(() => void bare.kill());
  await once(bare, 'message');
  return async (ms) => {
    bare.send(ms);
    const [perS]: unknown[] = await once(bare, 'message');
    return Number(perS);
  };
}

/** Some streams at once, each as fast as it goes, from frames to scenes with thumbnails; both are per second. */
async function wholePath(box: Box, frames: readonly Frame[], ms: number): Promise<{ runs: number; windows: number }> {
  const began = performance.now();
  const done = { runs: 0, windows: 0 };
  const isOver = () => performance.now() - began >= ms;
  const looks = Array.from({ length: STREAMS }, () => look(box, endless(frames, isOver, done), done));
  await Promise.all(looks);
  const perS = 1000 / (performance.now() - began);
  return { runs: done.runs * perS, windows: done.windows * perS };
}

async function savedByGate(box: Box, frames: readonly Frame[]): Promise<number> {
  const done = { runs: 0 };
  await look(box, again(frames, 0), done);
  return 1 - done.runs / frames.length;
}

async function look(box: Box, frames: AsyncIterable<Frame>, done: { runs: number }): Promise<void> {
  const { store, thumbsDir } = box;
  const index = anIndex(store);
  const sight = {
    observer: new Observer(index, counting(box.inference, done)),
    sounds: new SoundSight(undefined),
    sceneId: undefined,
  };
  const outlook = {
    store,
    thumbsDir,
    clock: systemClock,
    log: createLog('silent'),
    zones: () => [],
    windowDropped: () => undefined,
  };
  await see(frames, index, sight, outlook, new AbortController().signal);
}

/** The detector only: it is what the bare model is compared with. */
function counting(inference: Inference, done: { runs: number }): ConstructorParameters<typeof Observer>[1] {
  return {
    status: () => inference.status(),
    has: (task) => inference.has(task),
    ask: (...question) => inference.ask(...question),
    detect: async (...question) => {
      const found = await inference.detect(...question);
      if (Array.isArray(found)) done.runs += 1;
      return found;
    },
  };
}

async function* endless(
  frames: readonly Frame[],
  isOver: () => boolean,
  done: { windows: number },
): AsyncGenerator<Frame> {
  for (let round = 0; !isOver(); round++) {
    for await (const frame of again(frames, round * frames.length)) {
      if (isOver()) return;
      done.windows += 1;
      yield frame;
    }
  }
}

/** As if they were new: nobody remembers what was seen in them. */
async function* again(frames: readonly Frame[], seconds: number): AsyncGenerator<Frame> {
  for (const [i, frame] of frames.entries()) {
    yield { ...frame, atMs: T0 + (seconds + i) * 1000, rgb: frame.rgb.subarray() };
  }
}

/** Of a stream of its own, with one picture a second. */
function anIndex(store: Store): SceneIndex {
  const stream: Stream = {
    id: newId('stream'),
    collectionId: store.defaultCollection.id,
    name: 'Room',
    url: 'rtsp://127.0.0.1/room',
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
  };
  store.streams.create(stream);
  const index: SceneIndex = {
    id: newId('index'),
    streamId: stream.id,
    name: 'Scenes',
    prompt: '',
    extraction: { type: 'time', seconds: 1, frameCount: 1 },
    extractionConfig: {},
    modelName: 'basic',
    modelConfig: {},
    status: 'running',
    resumedMs: T0,
    createdMs: T0,
  };
  store.indexes.create(index);
  return index;
}
