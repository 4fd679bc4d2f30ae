import { z } from 'zod';
import type { Alert, Collection, EventDefinition, Firing, Scene, SceneFacts, SceneIndex, Stream } from '#domain';
import { redactCredentials } from '#runtime';
import type { HttpDeps } from './deps.ts';

export const collectionAnswer = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  is_public: z.boolean(),
  created_at: z.string(),
});

/** The nouns as the API writes them: snake_case, Unix seconds, never a camera's address. */
export function collectionView(collection: Collection): z.input<typeof collectionAnswer> {
  const { id, name, description, isPublic, createdMs } = collection;
  return { id, name, description, is_public: isPublic, created_at: naiveTime(createdMs) };
}

export function streamView(stream: Stream): object {
  return {
    id: stream.id,
    rtstream_id: stream.id,
    name: stream.name,
    collection_id: stream.collectionId,
    created_at: naiveTime(stream.createdMs),
    sample_rate: stream.sampleRate,
    status: stream.wanted,
    media_types: stream.mediaTypes,
    store: stream.store,
    enable_transcript: stream.enableTranscript,
  };
}

export function indexView(index: SceneIndex): object {
  return {
    rtstream_index_id: index.id,
    rtstream_id: index.streamId,
    extraction_type: index.extraction.type,
    extraction_config: index.extractionConfig,
    prompt: index.prompt,
    name: index.name,
    status: index.status,
    model_name: index.modelName,
    created_at: naiveTime(index.createdMs),
  };
}

export function eventView({ id, prompt, label, rule, createdMs }: EventDefinition): object {
  return {
    event_id: id,
    event_prompt: prompt,
    label,
    understood: rule.understood,
    needs: rule.needs,
    created_at: naiveTime(createdMs),
  };
}

export function alertView(alert: Alert, event: EventDefinition | undefined): object {
  return {
    alert_id: alert.id,
    event_id: alert.eventId,
    prompt: event?.prompt ?? '',
    label: event?.label ?? '',
    callback_url: redactCredentials(alert.callbackUrl ?? ''),
    status: alert.status,
  };
}

/** A scene as VideoDB's records and search results show it; labels are values there, as its Node SDK rewrites keys. */
export function recordView(scene: Scene, { links }: Pick<HttpDeps, 'links'>, origin: string): object {
  return {
    start: scene.startMs / 1000,
    end: scene.endMs / 1000,
    text: scene.text,
    description: scene.text,
    scene_id: scene.id,
    metadata: metadata(scene.facts),
    ...(scene.thumbPath ? { thumbnail_url: origin + links.thumbPath(scene.id) } : {}),
  };
}

function metadata(facts: SceneFacts): object {
  const counts = Object.entries(facts.counts).map(([label, count]) => ({ label, count }));
  return { ...snake(facts), counts };
}

type Names = Pick<HttpDeps, 'store' | 'links'>;

/** A scene as our own routes show it. */
export function sceneView(scene: Scene, { store, links }: Names): object {
  return {
    id: scene.id,
    stream_id: scene.streamId,
    stream_name: store.streams.get(scene.streamId)?.name ?? '',
    index_id: scene.indexId,
    start: scene.startMs / 1000,
    end: scene.endMs / 1000,
    text: scene.text,
    facts: snake(scene.facts),
    ...(scene.thumbPath ? { thumbnail_url: links.thumbPath(scene.id) } : {}),
  };
}

/** A firing as our own routes show it. */
export function firingView(firing: Firing, { store, links }: Names): object {
  return {
    id: firing.id,
    alert_id: firing.alertId,
    event_id: firing.eventId,
    label: firing.label,
    stream_id: firing.streamId,
    stream_name: store.streams.get(firing.streamId)?.name ?? '',
    index_id: firing.indexId,
    scene_id: firing.sceneId,
    start: firing.startMs / 1000,
    end: firing.endMs / 1000,
    timestamp: new Date(firing.atMs).toISOString(),
    confidence: firing.confidence,
    explanation: firing.explanation,
    ...(store.scenes.get(firing.sceneId)?.thumbPath ? { thumbnail_url: links.thumbPath(firing.sceneId) } : {}),
  };
}

/** The same value with snake_case keys, all the way down. Keys with other characters (labels) stay as they are. */
export function snake(value: object): object;
export function snake(value: unknown): unknown;
export function snake(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snake);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snake(member),
    ]),
  );
}

/** As VideoDB writes it: UTC without a zone, six digits of fraction. */
function naiveTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000');
}
