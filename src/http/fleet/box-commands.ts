import { z } from 'zod';
import type { CommandAnswer } from '#domain';
import { Fault } from '#runtime';
import type { WaitingCommand } from '#store';
import type { HttpContext, HttpDeps } from '../deps.ts';
import { chunks, whole } from '../input.ts';
import { Api, type Method } from '../route.ts';

const LARGEST_BODY = 1024 * 1024;
const LONGEST_WAIT_S = 7 * 86_400;
const METHODS: readonly Method[] = ['get', 'post', 'put', 'patch', 'delete'];

const query = z.object({
  wait_s: whole(1, LONGEST_WAIT_S)
    .optional()
    .describe('How long it waits for a box that is away: then it is answered with 202 and the id of the command'),
});

const commandAnswer = z.object({
  command: z.string(),
  state: z.enum(['waiting', 'done', 'expired']),
  created_ms: z.number(),
  expires_ms: z.number(),
  status: z.number().optional().describe('What the box answered'),
  answer: z.unknown().optional().describe('What it answered, where that is JSON'),
});

/** The API of another box, through the connection that it keeps to this one; what may be done there, the box decides. */
export function boxCommandRoutes({ boxCommands, store, clock }: HttpDeps): Api {
  const api = new Api('Boxes');
  const boxBy = (id: string): string => {
    if (store.boxes.get(id)) return id;
    throw new Fault('not_found', 'id: no such box sends here; GET /v1/boxes lists them');
  };

  for (const method of METHODS) {
    api[method](
      '/v1/boxes/:id/api/:path{.+}',
      {
        summary: `${method.toUpperCase()} on another box: the path behind "api" is one of its own API`,
        need: 'read', // The box lets nobody do more than their key opens here.
        query,
        answer: z.never(),
        mediaType: '*/*',
      },
      async (c, { params, query }) => {
        const { keyId, name: by, scopes } = c.get('caller');
        const body = method === 'get' ? '' : await textOf(c);
        const path = pathOf(c, params.id);
        const asked = { by, scopes: [...scopes], method: c.req.method, path, ...(keyId === 0 ? {} : { keyId }) };
        const waitMs = query.wait_s === undefined ? undefined : query.wait_s * 1000;
        const answer = await boxCommands.ask(boxBy(params.id), body === '' ? asked : { ...asked, body }, waitMs);
        if (!('waiting' in answer)) return responseOf(answer);
        return c.json({ success: true, message: '', data: { command: answer.waiting, state: 'waiting' } }, 202);
      },
    );
  }

  api.get(
    '/v1/boxes/:id/commands/:command',
    { summary: 'What came of a command that waited for a box', answer: commandAnswer },
    (_c, { params }) => {
      const found = store.commands.get(boxBy(params.id), params.command);
      if (!found) throw new Fault('not_found', 'command: there is none of this id; they are forgotten after a week');
      return commandView(found, clock.nowMs());
    },
  );

  return api;
}

/** As it was asked, without what was said to this hub alone. */
function pathOf(c: HttpContext, boxId: string): string {
  const { searchParams } = new URL(c.req.url);
  const path = c.req.path.slice(`/v1/boxes/${boxId}/api`.length);
  searchParams.delete('wait_s');
  const search = searchParams.toString();
  return search === '' ? path : `${path}?${search}`;
}

async function textOf(c: HttpContext): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of c.req.raw.body ? chunks(c.req.raw.body) : []) {
    bytes += part.byteLength;
    if (bytes > LARGEST_BODY) throw new Fault('too_large', 'the body is larger than 1 MiB, the most a command has');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/** Another box is not to be trusted with this one's page: what it sends runs no scripts and is no document of ours. */
function responseOf({ status, headers, body }: CommandAnswer): Response {
  const bytes = status === 204 || status === 304 ? null : Buffer.from(body, 'base64');
  return new Response(bytes, {
    status,
    headers: { ...headers, 'Content-Security-Policy': "sandbox; default-src 'none'" },
  });
}

function commandView(found: WaitingCommand, nowMs: number): z.input<typeof commandAnswer> {
  const { errand, createdMs, expiresMs, answer } = found;
  const state = answer ? 'done' : expiresMs > nowMs ? 'waiting' : 'expired';
  const times = { created_ms: createdMs, expires_ms: expiresMs };
  return { command: errand.id, state, ...times, ...(answer ? { status: answer.status, ...jsonOf(answer) } : {}) };
}

function jsonOf({ headers, body }: CommandAnswer): { answer?: unknown } {
  if (!headers['content-type']?.startsWith('application/json')) return {};
  try {
    return { answer: JSON.parse(Buffer.from(body, 'base64').toString()) };
  } catch {
    return {}; // The box said that it is JSON.
  }
}
