import { z } from 'zod';
import { attentionAnswer } from '../box/attention.ts';
import { boxStatus } from '../box/status.ts';
import type { HttpDeps } from '../deps.ts';
import { whole } from '../input.ts';
import { Api, Reply } from '../route.ts';

const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50 } as const;
/** In which an answer is sent before everything ends. */
const FAREWELL_MS = 1000;

const line = z.record(z.string(), z.unknown());

/** The box from afar: how it is, what it logged, and a fresh start. */
export function controlRoutes(deps: HttpDeps): Api {
  const api = new Api('Control');

  api.get(
    '/v1/control/status',
    {
      summary: 'Whether all is well, in one answer: what a person should look at',
      answer: z.object({
        ok: z.boolean(),
        attention: attentionAnswer,
        box: z.object({ id: z.string(), name: z.string(), version: z.string(), uptime_s: z.number() }),
        cameras: z.number(),
        recording: z.number().describe('Cameras that are being recorded'),
      }),
    },
    async () => {
      const status = await boxStatus(deps);
      const { attention } = status;
      const { uptimeS, ...box } = status.box;
      const recording = status.cameras.filter(({ phase }) => phase === 'recording').length;
      return {
        ok: attention.length === 0,
        attention,
        box: { ...box, uptime_s: uptimeS },
        cameras: status.cameras.length,
        recording,
      };
    },
  );

  api.get(
    '/v1/control/log',
    {
      summary: 'The last lines of the log, oldest first; it has 2000',
      query: z.object({
        lines: whole(1, 2000).default(200),
        level: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('trace'),
      }),
      answer: z.object({ lines: z.array(line) }),
    },
    (_c, { query: { lines, level } }) => {
      const found: Record<string, unknown>[] = [];
      for (const text of deps.recentLog.list().reverse()) {
        const one = parsed(text);
        if (Number(one['level'] ?? Infinity) >= LEVELS[level]) found.push(one);
        if (found.length === lines) break;
      }
      return { lines: found.reverse() };
    },
  );

  api.post(
    '/v1/control/restart',
    { summary: 'Ends everything in order and starts it anew, in a second', answer: z.object({}) },
    () => {
      setTimeout(() => deps.restart(), FAREWELL_MS).unref();
      return new Reply({}, 'it restarts; cameras are recorded again within seconds');
    },
  );

  return api;
}

/** A line that was cut short is no JSON any more. */
function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return { msg: text };
  }
}
