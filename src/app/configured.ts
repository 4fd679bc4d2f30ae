import { isDeepStrictEqual } from 'node:util';
import type { CameraConfig, Config, EventConfig, IndexConfig } from '#config';
import {
  type Alert,
  type EventDefinition,
  newId,
  partsOf,
  type RecordingPolicy,
  type SceneIndex,
  type Stream,
  scheduleOf,
  toldByAudio,
  topicLevel,
} from '#domain';
import { compileRule } from '#events';
import type { Clock } from '#runtime';
import type { Store } from '#store';

const GB = 1e9;

/** Who changes what is armed, in the log of changes. */
const BY = 'configuration';

/**
 * Makes the store agree with the configuration's cameras: what it names is created or updated, matched by name; a camera
 * that has left it is stopped, and its recordings stay; indexes and alerts that have left it are stopped, too. What was
 * made over HTTP is never touched; the schedule of a group that the configuration has, and the group of an event that
 * names one, are as it says. What is as in the configuration `before` isn't touched either. Events about what is heard
 * are armed on an audio index of the camera's, as only that tells them, or tells them first.
 */
export function applyConfiguredCameras(config: Config, store: Store, clock: Clock, before?: Config): void {
  for (const group of config.groups) {
    const { name: wanted, arm: written } = group;
    if (isAmong(group, before?.groups)) continue;
    const name = groupCalled(wanted, store);
    const schedule = written && scheduleOf(written);
    if (!store.groups.get(name) || schedule) store.groups.put(name, { schedule }, BY);
  }
  const configured = store.streams.list({}).results.filter((stream) => stream.origin === 'config');
  for (const stream of configured) {
    const left = !config.cameras.some(({ name }) => name === stream.name);
    if (left && (before?.cameras.some(({ name }) => name === stream.name) ?? true)) {
      store.streams.update(stream.id, { wanted: 'stopped' });
      store.configured.put(stream.id, stream.id, 'left');
    }
  }
  for (const camera of config.cameras) {
    if (isAmong(camera, before?.cameras)) continue;
    const known = configured.find((stream) => stream.name === camera.name);
    const stream = applyCamera(camera, known, store, clock);
    const there = camera.indexes.flatMap((index) => applyIndex(index, stream, store, clock));
    settle(stream, new Set([stream.id, ...there]), store, clock);
  }
}

function isAmong(one: { name: string }, all: readonly { name: string }[] = []): boolean {
  return all.some((other) => isDeepStrictEqual(one, other));
}

/** What was in the configuration and isn't any more stops; what comes back goes on. */
function settle({ id: streamId }: Stream, there: ReadonlySet<string>, store: Store, clock: Clock): void {
  const { configured } = store;
  const known = configured.of(streamId);
  for (const id of there) {
    if (known.get(id) === 'left') put(id, true, store, clock);
    if (known.get(id) !== 'there') configured.put(id, streamId, 'there');
  }
  for (const [id, state] of known) {
    if (state === 'left' || there.has(id)) continue;
    put(id, false, store, clock);
    configured.put(id, streamId, 'left');
  }
}

function put(id: string, on: boolean, { alerts, indexes }: Store, clock: Clock): void {
  if (alerts.get(id)) alerts.setStatus(id, on ? 'enabled' : 'disabled', BY);
  else if (indexes.get(id)) {
    indexes.update(id, on ? { status: 'running', resumedMs: clock.nowMs() } : { status: 'stopped' });
  }
}

function applyCamera(camera: CameraConfig, known: Stream | undefined, store: Store, clock: Clock): Stream {
  const { url, transport, zones } = camera;
  const ways = { url, substreamUrl: camera.substream, transport, zones, recording: policyOf(camera) };
  if (known) {
    // Somebody who stopped it means that to last.
    const isBack = store.configured.of(known.id).get(known.id) !== 'there';
    return store.streams.update(known.id, { ...ways, ...(isBack ? { wanted: 'connected' } : {}) });
  }
  const stream: Stream = {
    id: newId('stream', clock.nowMs()),
    collectionId: store.defaultCollection.id,
    name: camera.name,
    ...ways,
    mediaTypes: ['video', 'audio'],
    sampleRate: 30,
    store: true,
    transcription: { wanted: false, engine: 'default', changedMs: clock.nowMs() },
    wanted: 'connected',
    origin: 'config',
    createdMs: clock.nowMs(),
  };
  store.streams.create(stream);
  return stream;
}

function policyOf({ recording }: CameraConfig): RecordingPolicy {
  const { mode, preSeconds, postSeconds, schedule, audio, keepDays, quotaGb } = recording;
  const times = schedule ? { schedule: scheduleOf(schedule) } : {};
  const limits = {
    ...(keepDays === undefined ? {} : { keepDays }),
    ...(quotaGb === undefined ? {} : { quotaBytes: quotaGb * GB }),
  };
  return { mode, preMs: preSeconds * 1000, postMs: postSeconds * 1000, audio, ...times, ...limits };
}

/** Returns the ids of the indexes and alerts that it is made of. */
function applyIndex(wanted: IndexConfig, stream: Stream, store: Store, clock: Clock): string[] {
  const same = store.indexes
    .listByStream(stream.id)
    .find(
      ({ name, extraction }) =>
        name === wanted.name &&
        extraction.type === 'time' &&
        extraction.seconds === wanted.seconds &&
        extraction.frameCount === wanted.frames,
    );
  const index = same ?? createIndex(wanted, bySeconds(wanted), stream, store, clock);
  if (same && same.prompt !== wanted.prompt) store.indexes.update(same.id, { prompt: wanted.prompt });
  const there = [index.id];
  for (const wish of wanted.events) {
    const event = eventFor(wish, stream, store, clock);
    const place = toldByAudio(event.rule) ? audioIndex(stream, store, clock) : index;
    if (partsOf(event.rule).some(({ subject }) => subject.kind === 'speech')) {
      there.push(audioIndex(stream, store, clock).id);
      startTranscription(stream, store, clock);
    }
    there.push(place.id, arm(event, wish, place, store, clock).id);
  }
  return there;
}

/** Where what is heard is told first: the stream's own audio index, made when an event asks for it. */
function audioIndex(stream: Stream, store: Store, clock: Clock): SceneIndex {
  const known = store.indexes
    .listByStream(stream.id)
    .find(({ name, extraction }) => name === HEARD.name && extraction.type === 'transcript');
  return known ?? createIndex(HEARD, HEARD_BY_SENTENCE, stream, store, clock);
}

function startTranscription({ id }: Stream, store: Store, clock: Clock): void {
  const before = store.streams.get(id)?.transcription;
  if (!before || before.wanted) return;
  store.streams.update(id, { transcription: { ...before, wanted: true, changedMs: clock.nowMs() } });
}

type Cut = Pick<SceneIndex, 'extraction' | 'extractionConfig'>;

const HEARD = { name: 'heard', prompt: 'What is said' };
const HEARD_BY_SENTENCE: Cut = {
  extraction: { type: 'transcript', segmenter: 'sentence', value: 1 },
  extractionConfig: { segmenter: 'sentence', segmentation_value: 1 },
};

function bySeconds({ seconds, frames: frameCount }: IndexConfig): Cut {
  return {
    extraction: { type: 'time', seconds, frameCount },
    extractionConfig: { time: seconds, frame_count: frameCount },
  };
}

function createIndex(
  { name, prompt }: Pick<IndexConfig, 'name' | 'prompt'>,
  cut: Cut,
  stream: Stream,
  store: Store,
  clock: Clock,
): SceneIndex {
  const index: SceneIndex = {
    id: newId('index'),
    streamId: stream.id,
    name,
    prompt,
    ...cut,
    modelName: 'basic',
    modelConfig: {},
    status: 'running',
    resumedMs: clock.nowMs(),
    createdMs: clock.nowMs(),
  };
  store.indexes.create(index);
  return index;
}

function eventFor({ prompt, label }: EventConfig, stream: Stream, store: Store, clock: Clock): EventDefinition {
  const known = store.events.list().find((event) => event.prompt === prompt && event.label === label);
  if (known) return known;
  const rule = compileRule(prompt, { zones: stream.zones.map((zone) => zone.name) });
  const event = { id: newId('event'), prompt, label, rule, createdMs: clock.nowMs() };
  store.events.create(event);
  return event;
}

function arm(event: EventDefinition, wish: EventConfig, index: SceneIndex, store: Store, clock: Clock): Alert {
  const { callbackUrl, group } = wish;
  const known = store.alerts
    .listByIndex(index.id)
    .find((alert) => alert.eventId === event.id && alert.callbackUrl === callbackUrl);
  const alert: Alert = known ?? {
    id: newId('alert'),
    streamId: index.streamId,
    indexId: index.id,
    eventId: event.id,
    ...(callbackUrl ? { callbackUrl } : {}),
    status: 'enabled',
    createdMs: clock.nowMs(),
  };
  if (!known) store.alerts.create(alert, BY);
  if (group !== undefined) store.alerts.setGroup(alert.id, groupCalled(group, store), BY);
  return alert;
}

/** One that was made over HTTP may be written otherwise ("Night"): no two are the same on MQTT. */
function groupCalled(name: string, store: Store): string {
  return store.groups.list().find((known) => topicLevel(known.name) === topicLevel(name))?.name ?? name;
}
