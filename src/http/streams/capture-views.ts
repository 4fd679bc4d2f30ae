import { z } from 'zod';
import { CAPTURE_STATUSES, type CaptureSession } from '#domain';
import { redactCredentials } from '#runtime';
import type { HttpDeps } from '../deps.ts';
import { naiveTime } from './views.ts';

const status = z.enum(CAPTURE_STATUSES);
const category = z.enum(['mic', 'screen', 'system_audio', 'camera']);
const mediaType = z.enum(['audio', 'video']);

/** Without `id`: the Python client takes one name of the two, and fails over the other. */
export const newSessionAnswer = z.object({
  session_id: z.string(),
  collection_id: z.string(),
  end_user_id: z.string(),
  status,
  callback_url: z.string().optional(),
  ws_connection_id: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()),
  created_at: z.string(),
});

export const sessionAnswer = newSessionAnswer
  .extend({
    id: z.string(),
    channels: z.array(
      z.object({
        channel_id: z.string().describe('As the client named it'),
        name: z.string(),
        type: mediaType,
        store: z.boolean(),
        is_primary: z.boolean(),
      }),
    ),
    primary_video_channel_id: z.string().optional(),
    rtstreams: z.array(
      z.object({
        rtstream_id: z.string(),
        id: z.string(),
        channel_id: category.describe('What it is a recording of; "name" is what the client calls it'),
        name: z.string(),
        media_types: z.array(mediaType),
        status: z.enum(['connected', 'stopped']),
        collection_id: z.string(),
        created_at: z.string(),
        sample_rate: z.number(),
      }),
    ),
    export_status: z.enum(['exporting', 'exported', 'failed']).optional(),
    exported_video_id: z.string().optional(),
    error: z.object({ message: z.string() }).optional(),
  })
  .meta({ id: 'CaptureSession' });

export function newSessionView(session: CaptureSession): z.input<typeof newSessionAnswer> {
  const { id, collectionId, endUserId, callbackUrl, wsConnectionId, metadata, createdMs } = session;
  return {
    session_id: id,
    collection_id: collectionId,
    end_user_id: endUserId,
    status: session.status,
    ...(callbackUrl === undefined ? {} : { callback_url: redactCredentials(callbackUrl) }),
    ...(wsConnectionId === undefined ? {} : { ws_connection_id: wsConnectionId }),
    metadata,
    created_at: naiveTime(createdMs),
  };
}

export function sessionView(session: CaptureSession, { store }: HttpDeps): z.input<typeof sessionAnswer> {
  const { id, channels, primaryChannelId, exported } = session;
  const error = session.error ?? exported?.error;
  return {
    ...newSessionView(session),
    id,
    channels: channels.map((channel) => ({
      channel_id: channel.id,
      name: channel.name,
      type: channel.type,
      store: channel.store,
      is_primary: channel.id === primaryChannelId,
    })),
    ...(primaryChannelId === undefined ? {} : { primary_video_channel_id: primaryChannelId }),
    rtstreams: channels.flatMap(({ streamId, category }) => {
      const stream = store.streams.get(streamId);
      if (!stream) return [];
      return [
        {
          rtstream_id: stream.id,
          id: stream.id,
          channel_id: category,
          name: stream.name,
          media_types: stream.mediaTypes,
          status: stream.wanted,
          collection_id: stream.collectionId,
          created_at: naiveTime(stream.createdMs),
          sample_rate: stream.sampleRate,
        },
      ];
    }),
    ...(exported ? { export_status: exported.status } : {}),
    ...(exported?.assetId === undefined ? {} : { exported_video_id: exported.assetId }),
    ...(error === undefined ? {} : { error: { message: error } }),
  };
}
