import { z } from 'zod';
import { adviceFor, discoverCameras, type FoundCamera, onvifStreams, probeSource, stillOf } from '#camera';
import { Fault, isFault, messageOf } from '#runtime';
import type { HttpDeps } from '../deps.ts';
import { snake } from '../indexes/scene-views.ts';
import { Api } from '../route.ts';
import { transport, url } from './cameras.ts';

/** Cameras that are tried at once, each by one program after the other. */
const MOST_AT_ONCE = 2;

const facts = z.object({
  video_codec: z.string().optional().describe('Absent: it sends sound only, and its size and rate are 0'),
  width: z.number(),
  height: z.number(),
  fps: z.number(),
  keyframe_interval_s: z.number().optional().describe('Absent: fewer than two keyframes came in five seconds'),
  audio_codec: z.string().optional(),
  audio_sample_rate: z.number().optional(),
  audio_channels: z.number().optional(),
  clock_offset_ms: z.number().optional(),
  transport: z.enum(['tcp', 'udp', 'http', 'rtmp', 'file']),
});

const onvifStream = z.object({
  name: z.string().describe('As the camera calls it'),
  url: z.string().describe('Without user and password'),
  codec: z.string().describe('Empty where the camera does not tell it; the figures are 0 then'),
  width: z.number(),
  height: z.number(),
  fps: z.number(),
  kbps: z.number(),
});

/** A camera is tried before it is added: what it sends, what to change in its settings, and how it looks. */
export function probeRoutes({ config, discover }: Pick<HttpDeps, 'config' | 'discover'>): Api {
  const api = new Api('Control');
  let trying = 0;

  api.post(
    '/v1/control/cameras/probe',
    {
      summary: 'Tries a camera without adding it: what it sends and how it looks, or why not; takes some ten seconds',
      body: z.object({ url, transport: transport.default('tcp') }),
      answer: z.object({
        facts,
        advice: z.array(z.string()).describe('What to change in its settings'),
        picture: z.string().optional().describe('A JPEG as data: URL'),
        problem: z.string().optional().describe('Why there is no picture'),
      }),
    },
    async (c, { body }) => {
      if (trying >= MOST_AT_ONCE) throw new Fault('unavailable', 'too many cameras are being tried: try again');
      const { signal } = c.req.raw;
      const options = { transport: body.transport, allowFile: config.ingest.allowFile, signal };
      trying += 1;
      try {
        const found = await probeSource(body.url, options).catch(refuse);
        // Everything that a camera can be known by is told in the answer's own words.
        const told = snake(found) as z.input<typeof facts>;
        const picture = found.videoCodec === undefined ? {} : await look(stillOf(body.url, options));
        return { facts: told, advice: adviceFor(found), ...picture };
      } finally {
        trying -= 1;
      }
    },
  );

  let searching: Promise<FoundCamera[]> | undefined;
  api.post(
    '/v1/control/cameras/discover',
    {
      summary: 'Looks for ONVIF cameras on the networks of this box; takes some seconds',
      answer: z.object({
        cameras: z.array(
          z.object({
            address: z.string().describe('The IP address that answered'),
            name: z.string().optional().describe('As the camera calls itself'),
            hardware: z.string().optional(),
          }),
        ),
      }),
    },
    async () => {
      // Whoever asks meanwhile gets the same answer; nobody ends it for the others.
      const { signal } = new AbortController();
      searching ??= (discover?.(signal) ?? discoverCameras({ signal })).finally(() => {
        searching = undefined;
      });
      return { cameras: await searching };
    },
  );

  api.post(
    '/v1/control/cameras/streams',
    {
      summary: 'Asks a camera over ONVIF which streams it has, the largest picture first; takes some seconds',
      body: z.object({
        url: z
          .string('must be onvif://user:password@host')
          .max(2048, 'must not be longer than 2048 characters')
          .meta({ examples: ['onvif://user:password@192.168.1.20'] }),
      }),
      answer: z.object({ streams: z.array(onvifStream) }),
    },
    async (c, { body }) => {
      if (trying >= MOST_AT_ONCE) throw new Fault('unavailable', 'too many cameras are being tried: try again');
      trying += 1;
      try {
        return { streams: await onvifStreams(body.url, c.req.raw.signal).catch(refuse) };
      } finally {
        trying -= 1;
      }
    },
  );

  return api;
}

/** What a camera answers is no failure of this box, and its password is not the caller's. */
function refuse(error: unknown): never {
  if (isFault(error, 'unavailable') || isFault(error, 'unauthorized')) throw new Fault('refused', error.message);
  throw error;
}

async function look(still: Promise<Buffer>): Promise<{ picture: string } | { problem: string }> {
  try {
    return { picture: `data:image/jpeg;base64,${(await still).toString('base64')}` };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}
