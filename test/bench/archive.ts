import { newId, RECORD_ALL, type Scene, type SceneFacts } from '#domain';
import { embedText, TEXT_EMBEDDING } from '#inference';
import { createLog, systemClock } from '#runtime';
import { Store } from '#store';
import { showProgress } from './progress.ts';

const STREAMS = 4;
const DAYS = 7;
const WINDOW_MS = 5000;
const THINGS = ['person', 'car', 'dog', 'cat', 'truck', 'bicycle', 'bird', 'bus', 'horse', 'motorcycle'];
const PLACES = ['gate', 'driveway', 'garden', 'porch', 'loading dock'];
const WAYS = ['from left to right', 'from right to left', 'toward the camera', 'away from the camera'];
const COLOURS = ['grey', 'blue', 'green', 'brown', 'white', 'black', 'red'];

export interface Archive {
  streamId: string;
  indexId: string;
}

/** Stores so many scenes of the last week in the data directory, evenly over four streams that are stopped. */
export async function storeScenes(dataDir: string, count: number): Promise<Archive[]> {
  await using store = await Store.open(dataDir, { clock: systemClock, log: createLog('silent') });
  const archives = Array.from({ length: STREAMS }, (_, n) => anArchive(store, n));
  const spacingMs = Math.floor((DAYS * 86_400_000) / Math.ceil(count / STREAMS));
  const endMs = Date.now() - 60_000;
  for (let n = 0; n < count; n++) {
    const archive = pick(archives, n);
    const startMs = endMs - Math.floor((count - n) / STREAMS) * spacingMs - WINDOW_MS;
    const scene = aSceneOf(archive, n, startMs);
    store.scenes.add(scene, embedText(scene.text), TEXT_EMBEDDING.model);
    if (n % 1000 === 999) {
      showProgress('storing scenes', (n + 1) / count);
      await new Promise(setImmediate);
    }
  }
  return archives;
}

/** What may be seen in the n-th window. */
export function aSceneOf({ streamId, indexId }: Archive, n: number, startMs: number): Omit<Scene, 'id'> {
  const [thing, place, way] = [pick(THINGS, n), pick(PLACES, Math.floor(n / 7)), pick(WAYS, Math.floor(n / 31))];
  const colours = [pick(COLOURS, n), pick(COLOURS, n + 3)];
  const text = `A ${thing} moves ${way} in the ${place}. ${colours.join(' and ')} dominate.`;
  const thumbPath = `${streamId}/${n}.jpg`;
  return {
    streamId,
    indexId,
    startMs,
    endMs: startMs + WINDOW_MS,
    text,
    thumbPath,
    facts: facts(thing, place, colours),
  };
}

/** A stream that is stopped, with its index. */
export function anArchive(store: Store, n: number): Archive {
  const [streamId, indexId, nowMs] = [newId('stream'), newId('index'), Date.now()];
  store.streams.create({
    id: streamId,
    collectionId: 'default',
    name: `archive ${n}`,
    url: `rtsp://127.0.0.1/archive-${n}`,
    mediaTypes: ['video'],
    sampleRate: 30,
    store: true,
    transcription: { wanted: false, engine: 'default', changedMs: nowMs },
    transport: 'tcp',
    zones: [],
    recording: RECORD_ALL,
    wanted: 'stopped',
    origin: 'api',
    createdMs: nowMs,
  });
  store.indexes.create({
    id: indexId,
    streamId,
    name: 'scenes',
    prompt: 'Describe what is happening',
    extraction: { type: 'time', seconds: WINDOW_MS / 1000, frameCount: 2 },
    extractionConfig: { time: WINDOW_MS / 1000, frame_count: 2 },
    modelName: 'basic',
    modelConfig: {},
    status: 'stopped',
    resumedMs: nowMs,
    createdMs: nowMs,
  });
  return { streamId, indexId };
}

/** As a detector and the built-in pack tell them together. */
function facts(label: string, zone: string, colours: string[]): SceneFacts {
  const box = { x1: 0.12, y1: 0.34, x2: 0.32, y2: 0.74 };
  return {
    objects: [{ label, score: 0.87, box, track: 1, zones: [zone], entered: [zone], appeared: 'left', sinceMs: 0 }],
    gone: [],
    counts: { [label]: 1 },
    motion: { amount: 0.08, regions: [box], zones: [zone] },
    light: { brightness: 0.52 },
    colours,
    tamper: [],
    packs: ['built-in', 'yolox-nano'],
  };
}

function pick<T>(things: readonly T[], n: number): T {
  const thing = things[n % things.length];
  if (thing === undefined) throw new Error('there is nothing to pick from');
  return thing;
}
