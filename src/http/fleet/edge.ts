import { z } from 'zod';
import { PARCEL_KINDS } from '#domain';
import { Fault, isFault } from '#runtime';
import type { HttpContext, HttpDeps } from '../deps.ts';
import { check } from '../input.ts';
import { mayTakeLong } from '../request-time.ts';
import { Api } from '../route.ts';
import { bodyOf } from '../videos/upload-body.ts';
import { boxReport, parcelHead } from './edge-parcels.ts';

/** Of the most that goes into one parcel without its bytes. */
const LARGEST_HEAD = 8 * 1024 * 1024;
/** When whoever has no room is to be asked again. */
const RETRY_AFTER_S = '30';

const taken = z.union([
  z.object({ state: z.literal('stored').describe('It is here for good') }),
  z.object({
    state: z.literal('upload').describe('Its bytes are wanted: PATCH /v1/edge/parcels/{id}'),
    id: z.string(),
    offset: z.number().describe('From here on'),
  }),
]);
const key = 'box-0123456789abcdef/alert/0123456789abcdef';
/** What it is beyond this is checked, and described in `#domain`: no client but a Watchpost sends it. */
const parcel = z
  .looseObject({
    kind: z.enum(PARCEL_KINDS),
    key: z.string().describe('The same each time it is sent'),
    startMs: z.number(),
    endMs: z.number(),
    facts: z.record(z.string(), z.unknown()),
  })
  .meta({ examples: [{ kind: 'alert', key, startMs: 1_768_478_400_000, endMs: 1_768_478_405_000, facts: {} }] });
const hello = z.object({
  hub: z.object({ boxId: z.string(), name: z.string(), version: z.string() }),
  clockMs: z.number(),
  takes: z.array(z.string()).describe('Kinds of parcels'),
});

/** Where other Watchposts say what they are, and send what they store. Each has a key of its own, with the scope `edge`. */
export function edgeRoutes(deps: HttpDeps): Api {
  const { fleet, store, config, version, clock } = deps;
  const api = new Api('Boxes');

  api.post(
    '/v1/edge/hello',
    { summary: 'A box tells of itself; the first one with a key has it from then on', body: boxReport, answer: hello },
    (c, { body }) => {
      fleet.hello(c.get('caller').keyId, body);
      return {
        hub: { boxId: store.boxId, name: config.name, version },
        clockMs: clock.nowMs(),
        takes: ['alert', 'picture', 'records', 'segment'],
      };
    },
  );

  api.post(
    '/v1/edge/parcels',
    {
      summary: 'A box sends something it has stored; sent again, it changes nothing',
      body: parcel,
      bodyLimit: LARGEST_HEAD,
      answer: taken,
    },
    (c, { body }) => retriable(c, () => fleet.take(c.get('caller').keyId, check(parcelHead, body))),
  );

  api.patch(
    '/v1/edge/parcels/:id',
    {
      summary: 'Bytes of a parcel (the body) from the header Upload-Offset on; 409 says in it where they should begin',
      file: true,
      answer: taken,
    },
    async (c, { params }) => {
      const { keyId } = c.get('caller');
      const wanted = await fleet.offsetOf(keyId, params.id);
      if (c.req.header('upload-offset') !== String(wanted)) {
        c.header('Upload-Offset', String(wanted));
        throw new Fault('conflict', `Upload-Offset: the bytes from ${wanted} on are wanted`);
      }
      if (c.env?.incoming) mayTakeLong(c.env.incoming);
      return retriable(c, () => fleet.append(keyId, params.id, wanted, bodyOf(c)));
    },
  );

  return api;
}

async function retriable<T>(c: HttpContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isFault(error, 'unavailable')) c.header('Retry-After', RETRY_AFTER_S);
    throw error;
  }
}
