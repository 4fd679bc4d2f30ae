import { z } from 'zod';
import type { NewChannel } from '#capture';
import { CAPTURE_STATUSES, type CaptureSession, categoryOf } from '#domain';
import { Fault } from '#runtime';
import { origin } from '../address.ts';
import { grantOf } from '../auth.ts';
import type { HttpDeps } from '../deps.ts';
import { callbackAddress, connectionId, flag, text } from '../input.ts';
import { Api } from '../route.ts';
import { demandNoCallback, sessionBy } from './capture.ts';

const MOST_CHANNELS = 8;

const channel = z.object({
  channel_id: text(200, 'mic:default').describe('mic…, display… or screen…, system_audio…, camera…'),
  channel_name: z.string('must be text').max(200, 'must not be longer than 200 characters').nullish(),
  type: z.enum(['audio', 'video'], 'must be "audio" or "video"').nullish(),
  store: flag.nullish().describe('Whether its recording stays; true when left out'),
  is_primary: flag.nullish(),
});
const starting = z.object({
  session_id: text(200, 'cap-1'),
  channels: z
    .array(channel, 'must be a list such as [{"channel_id": "mic:default"}]')
    .min(1, 'must name a channel, e.g. [{"channel_id": "mic:default"}]')
    .max(MOST_CHANNELS, `must not be more than ${MOST_CHANNELS}`),
  primary_video_channel_id: text(200, 'display:1').optional(),
  ws_connection_id: connectionId.optional(),
  callback_url: callbackAddress.describe('Used where the session was made without one'),
});

const status = z.enum(CAPTURE_STATUSES);
const stateAnswer = z.object({ session_id: z.string(), status });
const recorderAnswer = stateAnswer.extend({
  channels: z.array(
    z.object({
      channel_id: z.string(),
      rtsp_url: z
        .string()
        .optional()
        .describe('Where to publish it, a secret; while the session is starting or active'),
    }),
  ),
  primary_video_channel_id: z.string().optional(),
  export_status: z.enum(['exporting', 'exported', 'failed']).optional(),
  exported_video_id: z.string().optional(),
  error: z.object({ message: z.string() }).optional(),
});

/** What the program that captures asks: starts a session, learns where to send each channel, stops it. */
export function captureRecorderRoutes(deps: HttpDeps): Api {
  const { captureDesk } = deps;
  const api = new Api('Capture');

  api.post(
    '/capture/session/start',
    {
      summary: 'Starts a capture session: makes a stream of each channel, and waits until all of them are sent',
      token: true,
      body: starting,
      answer: stateAnswer,
    },
    (c, { body }) => {
      demandNoCallback(c, body.callback_url);
      sessionBy(deps, body.session_id);
      const primary = body.primary_video_channel_id ?? body.channels.find((one) => one.is_primary)?.channel_id;
      const wish = {
        channels: channelsOf(body.channels),
        primaryChannelId: primary,
        callbackUrl: body.callback_url || undefined,
        wsConnectionId: body.ws_connection_id,
      };
      return stateView(captureDesk.start(body.session_id, wish, grantOf(c)));
    },
  );

  api.get(
    '/capture/session/:session',
    {
      summary: 'How a session stands, for its recorder: where to send each channel by RTSP',
      need: 'all',
      token: true,
      answer: recorderAnswer,
    },
    async (c, { params }) => {
      const { channels } = sessionBy(deps, params.session);
      await Promise.all(channels.map(({ streamId }) => deps.push.letIn(streamId)));
      const session = sessionBy(deps, params.session);
      const host = new URL(origin(c, deps.config)).hostname;
      const addresses = captureDesk.addressesOf(session, host, grantOf(c));
      const { primaryChannelId, exported } = session;
      const error = session.error ?? exported?.error;
      return {
        ...stateView(session),
        channels: session.channels.map(({ id }) => {
          const url = addresses.find((address) => address.channelId === id)?.url;
          return { channel_id: id, ...(url === undefined ? {} : { rtsp_url: url }) };
        }),
        ...(primaryChannelId === undefined ? {} : { primary_video_channel_id: primaryChannelId }),
        ...(exported ? { export_status: exported.status } : {}),
        ...(exported?.assetId === undefined ? {} : { exported_video_id: exported.assetId }),
        ...(error === undefined ? {} : { error: { message: error } }),
      };
    },
  );

  api.post(
    '/capture/session/:session/stop',
    { summary: 'Stops a session; any number of times', token: true, answer: stateAnswer },
    (_c, { params }) => {
      return stateView(captureDesk.stop(sessionBy(deps, params.session).id));
    },
  );

  return api;
}

function stateView({ id, status }: CaptureSession): z.input<typeof stateAnswer> {
  return { session_id: id, status };
}

/** Throws `invalid` for two of one name, and for what can't be of the type that is said. */
function channelsOf(wishes: z.output<typeof channel>[]): NewChannel[] {
  const seen = new Set<string>();
  return wishes.map((wish, n) => {
    const { channel_id: id } = wish;
    if (seen.has(id)) throw new Fault('invalid', `channels[${n}].channel_id: "${id}" is there twice`);
    seen.add(id);
    const known = categoryOf(id);
    const natural = known === 'screen' || known === 'camera' ? 'video' : 'audio';
    const type = wish.type ?? natural;
    if (known !== undefined && type !== natural) {
      throw new Fault('invalid', `channels[${n}].type: "${id}" is ${natural}, not ${type}`);
    }
    const category = known ?? (type === 'video' ? 'screen' : 'mic');
    return { id, name: wish.channel_name || id, type, category, store: wish.store ?? true };
  });
}
