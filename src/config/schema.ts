import { hostname } from 'node:os';
import { z } from 'zod';
import { camera, group } from './cameras.ts';
import { address, name, pemFile, secret, uniqueNames } from './fields.ts';
import { sync } from './sync.ts';

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

function port(usual: number) {
  return z
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(65_535, 'must not be more than 65535')
    .default(usual);
}

const push = z
  .strictObject({
    rtmpPort: port(1935).describe('Where RTMP publishers connect.'),
    rtspPort: port(8554).describe('Where RTSP publishers connect.'),
  })
  .refine(({ rtmpPort, rtspPort }) => rtmpPort !== rtspPort, {
    message: 'rtmpPort and rtspPort must differ',
  });

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
  push: push
    .prefault({})
    .describe('Streams that are sent to this box, at the host of `listen`. A port opens with the first such stream.'),
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
    apiKey: secret(z.string())
      .exactOptional()
      .describe(`Key, when the server wants one: write \${NAME} or \${file:/path}.`),
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
    password: secret(z.string())
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

const tls = z.strictObject({
  certFile: z
    .string()
    .min(1, 'must not be empty')
    .describe('PEM file of the certificate, followed by those between it and its authority (fullchain.pem).'),
  keyFile: z.string().min(1, 'must not be empty').describe('PEM file of its key, without a passphrase (privkey.pem).'),
});

export const configSchema = z.strictObject({
  name: name.default(() => hostname()).describe('Name of this box. Default: its host name.'),
  listen: listen.describe('HOST:PORT of the API and the page. 127.0.0.1:8080 for this machine only.'),
  tls: tls
    .exactOptional()
    .describe(
      'Speak HTTPS with this certificate, made and renewed by an ACME client or by you: a new one is taken within a minute. Default: HTTP.',
    ),
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
