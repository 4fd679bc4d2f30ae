import type { CameraConfig, Config, EventConfig, IndexConfig } from '#config';
import { newId, type SceneIndex, type Stream } from '#domain';
import { compileRule } from '#events';
import type { Clock } from '#runtime';
import type { Store } from '#store';

/**
 * Makes the store agree with the configuration file's cameras: what it names is created or updated, matched by name;
 * a camera that has left the file is stopped, and its recordings stay. What was made over HTTP is never touched.
 */
export function applyConfiguredCameras(config: Config, store: Store, clock: Clock): void {
  const configured = store.streams.list({}).results.filter((stream) => stream.origin === 'config');
  for (const stream of configured) {
    if (!config.cameras.some((camera) => camera.name === stream.name))
      store.streams.update(stream.id, { wanted: 'stopped' });
  }
  for (const camera of config.cameras) {
    const known = configured.find((stream) => stream.name === camera.name);
    const stream = applyCamera(camera, known, store, clock);
    for (const index of camera.indexes) applyIndex(index, stream, store, clock);
  }
}

function applyCamera(camera: CameraConfig, known: Stream | undefined, store: Store, clock: Clock): Stream {
  const { url, transport, zones } = camera;
  if (known) return store.streams.update(known.id, { url, transport, zones, wanted: 'connected' });
  const stream: Stream = {
    id: newId('stream', clock.nowMs()),
    collectionId: store.defaultCollection.id,
    name: camera.name,
    url,
    mediaTypes: ['video', 'audio'],
    sampleRate: 30,
    store: true,
    transcription: { wanted: false, engine: 'default', changedMs: clock.nowMs() },
    transport,
    zones,
    wanted: 'connected',
    origin: 'config',
    createdMs: clock.nowMs(),
  };
  store.streams.create(stream);
  return stream;
}

function applyIndex(wanted: IndexConfig, stream: Stream, store: Store, clock: Clock): void {
  const same = store.indexes
    .listByStream(stream.id)
    .find(
      ({ name, extraction }) =>
        name === wanted.name &&
        extraction.type === 'time' &&
        extraction.seconds === wanted.seconds &&
        extraction.frameCount === wanted.frames,
    );
  const index = same ?? createIndex(wanted, stream, store, clock);
  if (same && same.prompt !== wanted.prompt) store.indexes.update(same.id, { prompt: wanted.prompt });
  for (const event of wanted.events) arm(event, index, stream, store, clock);
}

function createIndex(wanted: IndexConfig, stream: Stream, store: Store, clock: Clock): SceneIndex {
  const index: SceneIndex = {
    id: newId('index'),
    streamId: stream.id,
    name: wanted.name,
    prompt: wanted.prompt,
    extraction: { type: 'time', seconds: wanted.seconds, frameCount: wanted.frames },
    extractionConfig: { time: wanted.seconds, frame_count: wanted.frames },
    modelName: 'basic',
    modelConfig: {},
    status: 'running',
    resumedMs: clock.nowMs(),
    createdMs: clock.nowMs(),
  };
  store.indexes.create(index);
  return index;
}

function arm(wanted: EventConfig, index: SceneIndex, stream: Stream, store: Store, clock: Clock): void {
  const { prompt, label, callbackUrl } = wanted;
  const known = store.events.list().find((event) => event.prompt === prompt && event.label === label);
  const event = known ?? {
    id: newId('event'),
    prompt,
    label,
    rule: compileRule(prompt, { zones: stream.zones.map((zone) => zone.name) }),
    createdMs: clock.nowMs(),
  };
  if (!known) store.events.create(event);
  const armed = store.alerts.listByIndex(index.id);
  if (armed.some((alert) => alert.eventId === event.id && alert.callbackUrl === callbackUrl)) return;
  store.alerts.create({
    id: newId('alert'),
    streamId: stream.id,
    indexId: index.id,
    eventId: event.id,
    ...(callbackUrl ? { callbackUrl } : {}),
    status: 'enabled',
    createdMs: clock.nowMs(),
  });
}
