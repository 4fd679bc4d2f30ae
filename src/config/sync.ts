import { z } from 'zod';
import { address, name, pemFile, secret, uniqueNames, weekly } from './fields.ts';

const required = z.string().trim().min(1, 'must not be empty');
const rollSeconds = z.number().min(0, 'must be at least 0').max(300, 'must not be more than 300 seconds');

const clips = z.union(
  [
    z.literal(false),
    z.strictObject({
      preSeconds: rollSeconds.default(5).describe('So much before the alert.'),
      postSeconds: rollSeconds.default(10).describe('So much after it; the clip goes when that is recorded.'),
    }),
  ],
  'must be false, or preSeconds and postSeconds',
);
const PICTURES = ['never', 'onAlert', 'all'] as const;
const SEGMENTS = ['never', 'onAlert', 'onMotion', 'all'] as const;

/** What goes to a target unless it is told otherwise. */
interface Usual {
  alerts: boolean;
  pictures: (typeof PICTURES)[number];
  records: boolean;
}

function send({ alerts, pictures, records }: Usual) {
  return z
    .strictObject({
      alerts: z.boolean('must be true or false').default(alerts).describe('The text of alerts.'),
      pictures: z
        .enum(PICTURES, `must be ${PICTURES.join(', ')}`)
        .default(pictures)
        .describe(
          'Thumbnails: of what made alerts fire, or of every scene. Default: a hub all, a bucket onAlert, VideoDB never.',
        ),
      clips: clips.prefault({}).describe('The recording around each alert; false: none.'),
      records: z
        .boolean('must be true or false')
        .default(records)
        .describe('Scenes and transcripts as text, so that they are searched there, too. Default: not to VideoDB.'),
      segments: z
        .enum(SEGMENTS, `must be ${SEGMENTS.join(', ')}`)
        .default('never')
        .describe(
          'Recordings beside clips: none, those in which an alert fired, those in which something moved, or all. Parts of them can be asked for at any time.',
        ),
    })
    .prefault({});
}

function target<Kind extends string, Shape extends z.ZodRawShape>(kind: Kind, usual: Usual, shape: Shape) {
  return z.strictObject({
    kind: z.literal(kind).describe('`hub`: another Watchpost; `videodb`: VideoDB’s cloud; `s3`: a bucket.'),
    name: name.max(60, 'must not be longer than 60 characters').describe('What the target is called, unique.'),
    ...shape,
    send: send(usual).describe(
      'What goes there. The most urgent goes first: alerts, pictures, clips, records, segments.',
    ),
    schedule: z
      .array(weekly)
      .min(1, 'must hold a time; leave it out for always')
      .max(20, 'must not be more than 20')
      .exactOptional()
      .describe(
        'When clips, records and segments may go, by the clock of the box; alerts and their pictures always may. Default: always.',
      ),
    maxKbps: z
      .int('must be a whole number')
      .min(8, 'must be at least 8')
      .max(10_000_000, 'must not be more than 10000000')
      .exactOptional()
      .describe('Most that is sent there, in kilobits per second. Default: as fast as the line is.'),
    metered: z
      .boolean('must be true or false')
      .default(false)
      .describe('The line costs by what goes over it: text and one picture of each alert go; the rest when asked for.'),
    caFile: pemFile.describe('PEM file of the authority that signed its certificate, when it is your own.'),
  });
}

const hub = target(
  'hub',
  { alerts: true, pictures: 'all', records: true },
  {
    url: address(['http', 'https'], 'an address').describe('Of a hub: the address under which its page opens.'),
    token: secret(required).describe(
      `Of a hub: an API key with the scope edge, made there. Write \${NAME} or \${file:/path}.`,
    ),
    allowCommands: z
      .union(
        [z.boolean(), z.array(z.enum(['read', 'control', 'all'])).min(1, 'must name a scope; false for none')],
        'must be true, false, or a list of read, control and all',
      )
      .default(false)
      .describe(
        'Of a hub: what its users may do on this box, over a connection that the box makes: true stands for [control], which looks, too.',
      ),
  },
);

const videodb = target(
  'videodb',
  { alerts: true, pictures: 'never', records: false },
  {
    url: address(['http', 'https'], 'an address')
      .default('https://api.videodb.io')
      .describe('Of VideoDB: where it is.'),
    apiKey: secret(required).describe(`Of VideoDB: your key. Write \${NAME} or \${file:/path}.`),
    collectionId: required.default('default').describe('Of VideoDB: the collection that clips become videos of.'),
    alertUrl: secret(address(['http', 'https'], 'an address'))
      .exactOptional()
      .describe('Of VideoDB: where alerts are POSTed, as webhooks are. Without it they don’t go there.'),
  },
);

const s3 = target(
  's3',
  { alerts: true, pictures: 'onAlert', records: true },
  {
    endpoint: address(['http', 'https'], 'an address')
      .exactOptional()
      .describe('Of a bucket: the server’s address. Default: Amazon’s for the region.'),
    region: required.default('us-east-1').describe('Of a bucket: where it lies.'),
    bucket: required.describe('Of a bucket: its name. It must be there.'),
    prefix: z
      .string()
      .regex(/^(?:[^/\s]+(?:\/[^/\s]+)*)?$/, 'must not begin or end with / and have no spaces')
      .default('watchpost')
      .describe('Of a bucket: what all names in it begin with.'),
    accessKeyId: required.describe('Of a bucket: the id of the key.'),
    secretAccessKey: secret(required).describe(`Of a bucket: the key. Write \${NAME} or \${file:/path}.`),
    pathStyle: z
      .boolean('must be true or false')
      .exactOptional()
      .describe('Of a bucket: whether its name stands in the path. Default: where there is an endpoint.'),
  },
);

/** Where what is stored goes, and what of it, when and how fast. */
export const sync = z.strictObject({
  targets: uniqueNames(
    z
      .array(z.discriminatedUnion('kind', [hub, videodb, s3], 'must be hub, videodb or s3'))
      .max(8, 'must not be more than 8'),
  )
    .default([])
    .describe('The places, in no order. Each gets everything that it is to get, whatever becomes of the others.'),
});

export type HubTargetConfig = z.output<typeof hub>;
export type VideoDbTargetConfig = z.output<typeof videodb>;
export type S3TargetConfig = z.output<typeof s3>;
export type TargetConfig = HubTargetConfig | VideoDbTargetConfig | S3TargetConfig;
