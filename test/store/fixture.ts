import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Alert,
  type Asset,
  type AssetIndex,
  type EventDefinition,
  type Firing,
  newId,
  RECORD_ALL,
  type RecordingSession,
  type Scene,
  type SceneFacts,
  type SceneIndex,
  type Segment,
  type Stream,
} from '#domain';
import { type Clock, createLog } from '#runtime';
import { Store } from '#store';

export const NOON = Date.UTC(2025, 5, 15, 12);
export const DAY = 86_400_000;
export const quiet = createLog('silent');

/** A clock that stands where it is put. */
export function standingClock(nowMs = NOON): Clock & { now: number } {
  return {
    now: nowMs,
    nowMs() {
      return this.now;
    },
    monotonicMs() {
      return this.now;
    },
    sleep: () => Promise.reject(new Error('nothing here sleeps')),
  };
}

/** A store in a directory of its own; both are gone when it is disposed. */
export async function openStore(clock: Clock = standingClock()) {
  const dir = mkdtempSync(join(tmpdir(), 'wp-store-'));
  const store = await Store.open(dir, { clock, log: quiet });
  return {
    store,
    dir,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true });
    },
  };
}

export function aStream(overrides: Partial<Stream> = {}): Stream {
  return {
    id: newId('stream'),
    collectionId: 'default',
    name: 'Front door',
    url: 'rtsp://user:secret@127.0.0.1/front',
    mediaTypes: ['video'],
    sampleRate: 30,
    store: true,
    transcription: { wanted: false, engine: 'default', changedMs: NOON },
    transport: 'tcp',
    zones: [
      {
        name: 'gate',
        polygon: [
          [0, 0],
          [1, 0],
          [1, 1],
        ],
      },
    ],
    recording: RECORD_ALL,
    wanted: 'connected',
    origin: 'api',
    createdMs: NOON,
    ...overrides,
  };
}

export function anIndex(streamId: string, overrides: Partial<SceneIndex> = {}): SceneIndex {
  return {
    id: newId('index'),
    streamId,
    name: 'scenes',
    prompt: 'Describe the scene',
    extraction: { type: 'time', seconds: 5, frameCount: 2 },
    extractionConfig: { time: 5, frame_count: 2 },
    modelName: 'basic',
    modelConfig: {},
    status: 'running',
    resumedMs: NOON,
    createdMs: NOON,
    ...overrides,
  };
}

const FACTS: SceneFacts = {
  objects: [],
  gone: [],
  counts: {},
  motion: { amount: 0, regions: [], zones: [] },
  light: { brightness: 0.5 },
  colours: ['grey'],
  tamper: [],
  packs: ['built-in'],
};

export function aScene(index: SceneIndex, overrides: Partial<Scene> = {}): Omit<Scene, 'id'> {
  return {
    streamId: index.streamId,
    indexId: index.id,
    startMs: NOON,
    endMs: NOON + 5000,
    text: 'A person walks through the gate.',
    facts: FACTS,
    ...overrides,
  };
}

export function anAsset(overrides: Partial<Asset> = {}): Asset {
  return {
    id: newId('video'),
    kind: 'video',
    collectionId: 'default',
    name: 'Clip',
    description: '',
    lengthMs: 60_000,
    bytes: 1000,
    width: 640,
    height: 360,
    origin: { kind: 'upload', filename: 'clip.mp4' },
    createdMs: NOON,
    ...overrides,
  };
}

export function anAssetIndex(assetId: string, overrides: Partial<AssetIndex> = {}): AssetIndex {
  return {
    id: newId('index'),
    assetId,
    kind: 'scene',
    name: 'scenes',
    prompt: 'Describe the scene',
    extraction: { type: 'time' },
    extractionConfig: {},
    metadata: {},
    modelName: 'basic',
    status: 'done',
    createdMs: NOON,
    ...overrides,
  };
}

export function aSession(streamId: string, overrides: Partial<RecordingSession> = {}): RecordingSession {
  const id = overrides.id ?? newId('session');
  return {
    id,
    streamId,
    startedMs: NOON,
    initPath: `${streamId}/2025-06-15/${id}/init.mp4`,
    width: 1920,
    height: 1080,
    ...overrides,
  };
}

export function aSegment(session: RecordingSession, startMs: number, overrides: Partial<Segment> = {}): Segment {
  const endMs = overrides.endMs ?? startMs + 4000;
  return {
    streamId: session.streamId,
    sessionId: session.id,
    startMs,
    endMs,
    path: session.initPath.replace('init.mp4', `${startMs}-${endMs}.m4s`),
    bytes: 1000,
    ...overrides,
  };
}

export function anEvent(overrides: Partial<EventDefinition> = {}): EventDefinition {
  return {
    id: newId('event'),
    prompt: 'a person is at the gate',
    label: 'person-at-gate',
    rule: {
      version: 2,
      subject: { kind: 'object', name: 'person', labels: ['person'] },
      relation: 'present',
      zone: 'gate',
      needs: ['object-detection'],
      understood: 'A person is in the zone gate.',
    },
    createdMs: NOON,
    ...overrides,
  };
}

export function anAlert(index: SceneIndex, event: EventDefinition, overrides: Partial<Alert> = {}): Alert {
  return {
    id: newId('alert'),
    streamId: index.streamId,
    indexId: index.id,
    eventId: event.id,
    callbackUrl: 'https://example.com/hook',
    status: 'enabled',
    createdMs: NOON,
    ...overrides,
  };
}

export function aFiring(alert: Alert, startMs = NOON, overrides: Partial<Firing> = {}): Firing {
  return {
    id: newId('firing'),
    alertId: alert.id,
    eventId: alert.eventId,
    label: 'person-at-gate',
    streamId: alert.streamId,
    indexId: alert.indexId,
    sceneId: 1,
    atMs: startMs,
    startMs,
    endMs: startMs + 5000,
    confidence: 0.9,
    explanation: 'A person was in the zone gate.',
    evidence: { rule: anEvent().rule, packs: ['yolox-nano'], sceneText: 'A person walks through the gate.' },
    ...overrides,
  };
}

/** A stream with one running index. */
export function aCamera(store: Store, overrides: Partial<Stream> = {}): { stream: Stream; index: SceneIndex } {
  const stream = aStream(overrides);
  store.streams.create(stream);
  const index = anIndex(stream.id);
  store.indexes.create(index);
  return { stream, index };
}

/** One enabled alert on a new camera. */
export function anArmedCamera(store: Store) {
  const camera = aCamera(store);
  const event = anEvent();
  store.events.create(event);
  const alert = anAlert(camera.index, event);
  store.alerts.create(alert);
  return { ...camera, event, alert };
}

/** Unit vector along one of 8 axes: two of them are either the same or have nothing in common. */
export function axis(n: number): Float32Array {
  return Float32Array.from({ length: 8 }, (_, i) => (i === n ? 1 : 0));
}

/** Counts how often the event loop serves others. */
export function countTurns() {
  let count = 0;
  let counting = true;
  const next = () => {
    count++;
    if (counting) setImmediate(next);
  };
  setImmediate(next);
  return {
    get count() {
      return count;
    },
    [Symbol.dispose]() {
      counting = false;
    },
  };
}
