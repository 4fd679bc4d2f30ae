import type { MiddlewareHandler } from 'hono';
import { z } from 'zod';
import type { AuditEntry } from '#domain';
import { isFault, messageOf } from '#runtime';
import { addressOf } from '../address.ts';
import type { HttpContext, HttpDeps, HttpEnv } from '../deps.ts';
import { whole } from '../input.ts';
import { Api } from '../route.ts';

const LONGEST = 500;
/** What changes a box: this one, or one that it commands. */
const CONTROL = /^\/v1\/(control\/|boxes\/[^/]+\/api\/)/;

/**
 * Writes down who did what: every change under /v1/control/, every change of another box that somebody asks for here, and
 * everything that a hub commands. A handler may say more
 * in `c.set('detail', …)`, without secrets. When it can't be written down, the log has it instead.
 */
export function audited({ store, log }: Pick<HttpDeps, 'store' | 'log'>): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    await next();
    const looks = c.req.method === 'GET' || c.req.method === 'HEAD';
    const { name, from } = c.get('caller');
    if (from === undefined && (looks || !CONTROL.test(c.req.path))) return;
    const entry = { who: name, from: from ?? addressOf(c), what: whatOf(c), ...outcomeOf(c) };
    try {
      store.audit.note(entry, looks);
    } catch (error) {
      log.error({ ...entry, error: messageOf(error) }, 'what was done could not be written down');
    }
  };
}

function whatOf({ req }: HttpContext): string {
  return `${req.method} ${req.path}`.slice(0, LONGEST);
}

function outcomeOf(c: HttpContext): Pick<AuditEntry, 'result' | 'detail'> {
  // Without an error it is what another box answered.
  if (!c.error) return { result: c.res.status < 400 ? 'done' : `${c.res.status}`, ...detailOf(c.get('detail')) };
  return { result: isFault(c.error) ? c.error.kind : 'internal', ...detailOf(messageOf(c.error)) };
}

function detailOf(text: string | undefined): Pick<AuditEntry, 'detail'> {
  return text ? { detail: text.slice(0, LONGEST) } : {};
}

const entryAnswer = z.object({
  id: z.number(),
  at_ms: z.number(),
  who: z.string(),
  from: z.string().describe('The address that it came from'),
  what: z.string(),
  result: z.string().describe('"done", or the kind of failure'),
  detail: z.string().optional(),
  times: z.number().describe('How often the same was asked within an hour, where it changed nothing'),
});

/** GET /v1/control/audit */
export function auditRoutes({ store }: Pick<HttpDeps, 'store'>): Api {
  const api = new Api('Control');
  api.get(
    '/v1/control/audit',
    {
      summary: 'Who changed what over the control routes, and what hubs commanded; newest first, the last 10 000',
      query: z.object({ limit: whole(1, 1000).default(100), before: whole(1, Number.MAX_SAFE_INTEGER).optional() }),
      answer: z.object({ entries: z.array(entryAnswer) }),
    },
    (_c, { query: { limit, before } }) => {
      const entries = store.audit.list({ limit, ...(before === undefined ? {} : { beforeId: before }) });
      return { entries: entries.map(({ atMs, ...entry }) => ({ ...entry, at_ms: atMs })) };
    },
  );
  return api;
}
