import { hostname } from 'node:os';
import { z } from 'zod';
import { address, name, pemFile, uniqueNames, weekly } from './fields.ts';
import { sync } from './sync.ts';

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

const groupName = name.max(60, 'must not be longer than 60 characters');

const event = z.strictObject({
  prompt: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .describe('What to watch for, in plain English: "someone enters the loading zone", "the lights go off".'),
  label: name.describe('Short name of the alert; the last level of its MQTT topic.'),
  callbackUrl: address(['http', 'https'], 'an address')
    .exactOptional()
    .describe('Where to POST each alert (webhook). Without it the alert goes to MQTT only.'),
  group: groupName
    .exactOptional()
    .describe('The group that it is armed and disarmed with; see `groups`. It is made when it isn’t there.'),
});

const group = z.strictObject({
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

const cameraAddress = z
  .string()
  .regex(/^[a-z][a-z0-9+.-]*:\/\/\S+$/i, 'must be an address such as rtsp://user:password@192.168.1.20:554/stream1');

const camera = z.strictObject({
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

const listen = z
  .string('must be HOST:PORT, for example 0.0.0.0:8080')
  .transform((text, context) => {
    const parts = /^(?:\[([0-9a-f:]+)\]|([^\s:]+)):(\d{1,5})$/i.exec(text.trim());
    const port = Number(parts?.[3]);
    if (parts && port <= 65_535) return { host: parts[1] ?? parts[2] ?? '', port };
    context.issues.push({ code: 'custom', input: undefined, message: 'must be HOST:PORT, for example 0.0.0.0:8080' });
    return z.NEVER;
  })
  .prefault('0.0.0.0:8080');

const ingest = z.strictObject({
  allowFile: z
    .boolean()
    .default(false)
    .describe('Accept file:// addresses. Off, as whoever holds an API key could then read video files of this box.'),
  maxConnecting: z
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(64, 'must not be more than 64')
    .default(2)
    .describe('How many cameras may be connecting at once; the others wait their turn.'),
});

const recording = z.strictObject({
  segmentSeconds: z
    .int('must be a whole number')
    .min(2, 'must be at least 2')
    .max(30, 'must not be more than 30')
    .default(4)
    .describe('Shortest recorded segment; segments end at the next keyframe. A power cut loses at most the open one.'),
  reservePercent: z
    .number()
    .min(1, 'must be at least 1')
    .max(90, 'must not be more than 90')
    .default(5)
    .describe('Share of the disk that stays free: the oldest recordings are deleted to keep it.'),
  budgetGb: z
    .number()
    .positive('must be more than 0')
    .exactOptional()
    .describe('Most that all recordings take, in GB: the oldest go. Default: 85 % of their disk.'),
  keepDays: z
    .number()
    .positive('must be more than 0')
    .exactOptional()
    .describe('Delete recordings older than this. Default: keep them until the disk needs the room.'),
});

/** A server that speaks OpenAI's API; what is sent there is said in the words of `sent`. */
function modelServer(sent: string, example: string) {
  return z.strictObject({
    url: address(['http', 'https'], 'an address').describe(
      `Where it speaks OpenAI’s API, up to /chat/completions: http://127.0.0.1:11434/v1 for Ollama; llama.cpp, vLLM and others do, too. ${sent}`,
    ),
    model: z
      .string()
      .trim()
      .min(1, 'must not be empty')
      .max(200)
      .describe(`The model’s name there, for example ${example}.`),
    apiKey: z.string().exactOptional().describe(`Key, when the server wants one: write \${NAME} or \${file:/path}.`),
  });
}

const models = z.strictObject({
  autoFetch: z
    .boolean()
    .default(true)
    .describe('Fetch an object detector in the background when none is installed and there is a network.'),
  detector: name
    .exactOptional()
    .describe('The model pack that finds objects; see `watchpost models list`. Default: the best that is installed.'),
  speech: name
    .exactOptional()
    .describe('The model pack that writes down speech. Default: the largest that is installed.'),
  text: modelServer('What was said is sent there.', 'llama3.2:3b')
    .exactOptional()
    .describe(
      'A server that follows the prompts of audio indexes. Without it long scenes are extracts of what was said.',
    ),
  vision: modelServer('Pictures of indexes with model_name pro or ultra and of alerts are sent there.', 'qwen2.5vl:7b')
    .exactOptional()
    .describe(
      'A server that looks at pictures and follows the prompts of indexes with model_name pro or ultra, and looks at alerts again. Without it a pack of this box does, where one is installed.',
    ),
});

const topic = z
  .string()
  .regex(/^[^\s+#/](?:[^+#]*[^\s+#/])?$/, 'must be a topic without + and # that neither starts nor ends with /');

const mqtt = z
  .strictObject({
    url: address(['mqtt', 'mqtts', 'ws', 'wss'], 'a broker address').describe(
      'The broker, for example mqtt://192.168.1.5:1883 or mqtts://broker.example:8883.',
    ),
    username: z.string().exactOptional().describe('User name, when the broker wants one.'),
    password: z
      .string()
      .exactOptional()
      .describe(`Password: write \${NAME} or \${file:/path}, not the password itself.`),
    clientId: z
      .string()
      .regex(/^[^\s+#/]{1,128}$/, 'must be 1 to 128 characters without spaces, +, # and /')
      .exactOptional()
      .describe(
        'What the box calls itself to the broker; of two with one name only one can be connected. Default: its id.',
      ),
    topicPrefix: topic
      .default('watchpost')
      .describe('First level(s) of every topic: PREFIX/BOX/alerts/CAMERA/LABEL, PREFIX/BOX/status and more.'),
    caFile: pemFile.describe('PEM file of the authority that signed the broker’s certificate, when it is your own.'),
    certFile: pemFile.describe('PEM file of the box’s own certificate, when the broker wants one. Goes with keyFile.'),
    keyFile: pemFile.describe('PEM file of the key to certFile, without a passphrase.'),
    homeAssistant: z
      .boolean('must be true or false')
      .default(false)
      .describe('Whether Home Assistant finds the cameras, sensors and alerts of this box by itself.'),
    discoveryPrefix: topic
      .default('homeassistant')
      .describe('Where Home Assistant looks for them, if it has been told to look elsewhere.'),
  })
  .refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), {
    message: 'needs certFile and keyFile together',
  });

export const configSchema = z.strictObject({
  name: name.default(() => hostname()).describe('Name of this box. Default: its host name.'),
  listen: listen.describe('HOST:PORT of the API and the page. 127.0.0.1:8080 for this machine only.'),
  dataDir: z
    .string()
    .min(1, 'must not be empty')
    .default('./data')
    .describe('Where recordings, the database and model packs are kept. Default under systemd: $STATE_DIRECTORY.'),
  publicUrl: address(['http', 'https'], 'an address')
    .transform((url) => url.replace(/\/+$/, ''))
    .exactOptional()
    .describe(
      'Address under which others reach this box; used in the links of alerts. Default: guessed from requests.',
    ),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'must be trace, debug, info, warn, error or silent')
    .default('info')
    .describe('How much is logged. LOG_LEVEL in the environment wins.'),
  ingest: ingest.prefault({}).describe('How streams are taken in.'),
  recording: recording.prefault({}).describe('What is kept, and for how long.'),
  models: models.prefault({}).describe('Model packs.'),
  mqtt: mqtt
    .exactOptional()
    .describe('The broker that alerts go to. Without it they go to webhooks and the page only.'),
  sync: sync.prefault({}).describe('What goes elsewhere: to a hub, VideoDB’s cloud, a bucket.'),
  groups: uniqueNames(z.array(group))
    .default([])
    .describe('Groups of alerts that are armed and disarmed together. More can be made over HTTP.'),
  cameras: uniqueNames(z.array(camera)).default([]).describe('The cameras. More can be added over HTTP.'),
});

export type Config = z.output<typeof configSchema>;
export type CameraConfig = z.output<typeof camera>;
export type IndexConfig = z.output<typeof index>;
export type EventConfig = z.output<typeof event>;
export type ZoneConfig = z.output<typeof zone>;
