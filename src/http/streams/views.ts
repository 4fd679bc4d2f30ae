import { z } from 'zod';
import type { Alert, Collection, EventDefinition, SceneIndex, Stream, Zone } from '#domain';
import { redactCredentials } from '#runtime';
import { backfillAnswer, type Understanding, understandingAnswer } from '../indexes/index-facts.ts';

export const collectionAnswer = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    is_public: z.boolean(),
    created_at: z.string(),
  })
  .meta({ id: 'Collection' });

/** The nouns as the API writes them: snake_case, Unix seconds, never a camera's address. */
export function collectionView(collection: Collection): z.input<typeof collectionAnswer> {
  const { id, name, description, isPublic, createdMs } = collection;
  return { id, name, description, is_public: isPublic, created_at: naiveTime(createdMs) };
}

export const streamAnswer = z
  .object({
    id: z.string(),
    rtstream_id: z.string(),
    name: z.string(),
    collection_id: z.string(),
    created_at: z.string(),
    sample_rate: z.number(),
    status: z.enum(['connected', 'stopped']),
    media_types: z.array(z.enum(['audio', 'video'])),
    store: z.boolean(),
    enable_transcript: z.boolean(),
    channel_id: z
      .enum(['mic', 'screen', 'system_audio', 'camera'])
      .optional()
      .describe('Of a stream of a capture session: what it is a recording of'),
    box_id: z.string().optional().describe('The other box that sends it'),
    ingest_mode: z.enum(['push']).optional().describe('It is sent to this box, not fetched'),
    protocol: z.enum(['rtmp', 'rtsp']).optional().describe('By which it is sent'),
    push_url: z.string().optional().describe('Where to send it: a secret, told to keys that may change streams'),
  })
  .meta({ id: 'Stream' });

export function streamView(stream: Stream): z.input<typeof streamAnswer> {
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
    enable_transcript: stream.transcription.wanted,
    ...(stream.capture ? { channel_id: stream.capture.channelId } : {}),
    ...(stream.boxId === undefined ? {} : { box_id: stream.boxId }),
    ...(stream.push ? { ingest_mode: 'push', protocol: stream.push.protocol } : {}),
  };
}

export const zoneAnswer = z
  .object({ name: z.string(), polygon: z.array(z.tuple([z.number(), z.number()])) })
  .meta({ id: 'Zone' });

export function zoneView({ name, polygon }: Zone): z.input<typeof zoneAnswer> {
  return { name, polygon: polygon.map(([x, y]) => [x, y]) };
}

export const indexAnswer = z
  .object({
    rtstream_index_id: z.string(),
    rtstream_id: z.string(),
    extraction_type: z.enum(['time', 'shot', 'transcript']),
    extraction_config: z.record(z.string(), z.unknown()),
    prompt: z.string(),
    name: z.string(),
    status: z.enum(['running', 'stopped']),
    model_name: z.string(),
    created_at: z.string(),
    ...understandingAnswer,
    backfill: backfillAnswer.optional(),
  })
  .meta({ id: 'Index' });

export function indexView(
  index: SceneIndex,
  facts: Understanding & Pick<z.input<typeof indexAnswer>, 'backfill'>,
): z.input<typeof indexAnswer> {
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
    ...facts,
  };
}

export const eventAnswer = z
  .object({
    event_id: z.string(),
    event_prompt: z.string(),
    label: z.string(),
    understood: z.string(),
    needs: z.array(z.string()),
    created_at: z.string(),
  })
  .meta({ id: 'Event' });

export function eventView({ id, prompt, label, rule, createdMs }: EventDefinition): z.input<typeof eventAnswer> {
  return {
    event_id: id,
    event_prompt: prompt,
    label,
    understood: rule.understood,
    needs: rule.needs,
    created_at: naiveTime(createdMs),
  };
}

export const alertAnswer = z
  .object({
    alert_id: z.string(),
    event_id: z.string(),
    prompt: z.string(),
    label: z.string(),
    callback_url: z.string(),
    status: z.enum(['enabled', 'disabled']),
    snoozed_until: z.number().optional().describe('Unix seconds until which nobody is told of it'),
    threshold: z.number().optional().describe('0–1: nobody is told of what it is less sure of'),
    group: z.string().optional().describe('The group that it is armed and disarmed with'),
  })
  .meta({ id: 'Alert' });

export function alertView(alert: Alert, event: EventDefinition | undefined): z.input<typeof alertAnswer> {
  return {
    alert_id: alert.id,
    event_id: alert.eventId,
    prompt: event?.prompt ?? '',
    label: event?.label ?? '',
    callback_url: redactCredentials(alert.callbackUrl ?? ''),
    status: alert.status,
    ...(alert.snoozedUntilMs === undefined ? {} : { snoozed_until: alert.snoozedUntilMs / 1000 }),
    ...(alert.threshold === undefined ? {} : { threshold: alert.threshold }),
    ...(alert.group === undefined ? {} : { group: alert.group }),
  };
}

/** As VideoDB writes it: UTC without a zone, six digits of fraction. */
export function naiveTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000');
}
