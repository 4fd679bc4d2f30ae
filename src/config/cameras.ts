import { z } from 'zod';
import { address, name, secret, uniqueNames, weekly } from './fields.ts';

const groupName = name.max(60, 'must not be longer than 60 characters');

const notAFraction = 'must be a fraction of the picture between 0 and 1, not pixels: divide by its width or height';
const fraction = z.number('must be a number').min(0, notAFraction).max(1, notAFraction);

const point = z.tuple([fraction, fraction], 'must be a point [x, y]');

const zone = z.strictObject({
  name: name.describe('What prompts call it: "someone enters the loading zone".'),
  polygon: z
    .array(point, 'must be a list of points [[x, y], …]')
    .min(3, { error: 'needs at least 3 points', abort: true })
    .max(100, 'must not have more than 100 points')
    .refine((points) => area(points) > 1e-6, 'encloses no area: its points lie on one line')
    .describe('Corners as fractions 0–1 of the picture, origin top left; at least three; the last joins the first.'),
});

/** Shoelace formula. */
function area(points: readonly (readonly [number, number])[]): number {
  const last = points.at(-1);
  if (!last) return 0;
  let [previousX, previousY] = last;
  let doubled = 0;
  for (const [x, y] of points) {
    doubled += previousX * y - x * previousY;
    [previousX, previousY] = [x, y];
  }
  return Math.abs(doubled) / 2;
}

const event = z.strictObject({
  prompt: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .describe('What to watch for, in plain English: "someone enters the loading zone", "the lights go off".'),
  label: name.describe('Short name of the alert; the last level of its MQTT topic.'),
  callbackUrl: secret(address(['http', 'https'], 'an address'))
    .exactOptional()
    .describe('Where to POST each alert (webhook). Without it the alert goes to MQTT only.'),
  group: groupName
    .exactOptional()
    .describe('The group that it is armed and disarmed with; see `groups`. It is made when it isn’t there.'),
});

export const group = z.strictObject({
  name: groupName.describe('What the group is called, as in `group` of an event: night, away.'),
  arm: z
    .array(weekly)
    .max(20, 'must not be more than 20')
    .exactOptional()
    .describe(
      'When it is armed each week; what is done by hand holds until the next change. Default: as it was set over HTTP.',
    ),
});

const index = z.strictObject({
  name: name.describe('Name of the index, unique within its camera.'),
  prompt: z
    .string()
    .default('Describe what is happening')
    .describe(
      'What the index is to tell: what is named, colours, faces, writing, what looks like "a forklift". `config check` shows how it was understood.',
    ),
  seconds: z
    .number()
    .min(1, 'must be at least 1 second')
    .max(3600, 'must not be more than 3600 seconds')
    .default(5)
    .describe('Length of one scene window in seconds.'),
  frames: z
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(30, 'must not be more than 30')
    .default(2)
    .describe('Pictures looked at per window.'),
  events: z.array(event).default([]).describe('Alerts on what this index sees, and on what the camera hears.'),
});

const DEFAULT_INDEX = { name: 'scenes' };

const rollSeconds = z.number().min(0, 'must be at least 0').max(600, 'must not be more than 600 seconds');

const cameraRecording = z.strictObject({
  mode: z
    .enum(['continuous', 'motion', 'events'], 'must be continuous, motion or events')
    .default('continuous')
    .describe(
      'What stays: everything, where something moves, or where an alert fires. All is recorded; what is not to stay goes some minutes later, unless nobody has looked at it.',
    ),
  preSeconds: rollSeconds.default(5).describe('So much before that stays, too.'),
  postSeconds: rollSeconds.default(10).describe('So much after that stays, too.'),
  schedule: z
    .array(weekly)
    .min(1, 'must hold a time; leave it out for always')
    .max(20, 'must not be more than 20')
    .exactOptional()
    .describe('Outside these times nothing stays. Default: always.'),
  audio: z
    .boolean('must be true or false')
    .default(true)
    .describe('Whether the camera’s sound is recorded and listened to.'),
  keepDays: z
    .number()
    .positive('must be more than 0')
    .exactOptional()
    .describe('Delete what is older of this camera. Default: as `recording.keepDays` says of all.'),
  quotaGb: z
    .number()
    .positive('must be more than 0')
    .exactOptional()
    .describe('Most that this camera’s recordings take, in GB: its oldest go. Default: as much as there is room for.'),
});

const cameraAddress = secret(
  z
    .string()
    .regex(/^[a-z][a-z0-9+.-]*:\/\/\S+$/i, 'must be an address such as rtsp://user:password@192.168.1.20:554/stream1'),
);

export const camera = z.strictObject({
  name: name.describe('Name of the camera, unique on this box.'),
  url: cameraAddress.describe(
    `Address of the stream: rtsp, rtsps, rtmp, rtmps, http or https (HLS, MJPEG, MP4). Put the password in \${NAME} or \${file:/path}.`,
  ),
  substream: cameraAddress
    .exactOptional()
    .describe(
      'Address of the camera’s smaller stream: it is looked at, while `url` is only recorded. Saves most of the decoding where the main stream is large.',
    ),
  recording: cameraRecording.prefault({}).describe('What of the recording stays.'),
  transport: z
    .enum(['tcp', 'udp'], 'must be tcp or udp')
    .default('tcp')
    .describe('How RTSP media travels. UDP only where TCP does not work: lost packets show as damaged pictures.'),
  zones: uniqueNames(z.array(zone)).default([]).describe('Named regions of the picture, for prompts.'),
  indexes: uniqueNames(z.array(index))
    .prefault([DEFAULT_INDEX])
    .describe('What is looked at. Default: one index "scenes". An empty list records without looking.'),
});

export type CameraConfig = z.output<typeof camera>;
export type IndexConfig = z.output<typeof index>;
export type EventConfig = z.output<typeof event>;
export type ZoneConfig = z.output<typeof zone>;
