import { randomBytes } from 'node:crypto';
import { Fault, type FaultKind, isFault, type Log, messageOf } from '#runtime';
import { explanationOf } from '#store';
import type { HttpContext } from './deps.ts';

const STATUS = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  refused: 200,
  unavailable: 503,
  internal: 500,
} as const satisfies Record<FaultKind, number>;

/** The success envelope. `message` is for people; clients ignore it. */
export function ok(c: HttpContext, data: object, options: { status?: 200 | 201; message?: string } = {}): Response {
  return c.json({ success: true, message: options.message ?? '', data }, options.status ?? 200);
}

/** The failure envelope for anything thrown. */
export function failure(c: HttpContext, error: unknown, log: Log): Response {
  const { status, body } = failureOf(error, c.req, log);
  return refuse(c, status, body.error_code, body.message);
}

/** What isn't a `Fault` is a bug: the log gets it, the client a number. */
export function failureOf(
  error: unknown,
  request: { method: string; path: string },
  log: Log,
): { status: (typeof STATUS)[FaultKind]; body: { success: false; message: string; error_code: FaultKind } } {
  const known = explanationOf(error);
  const fault = isFault(known) && known.kind !== 'internal' ? known : internal(request, error, log);
  return {
    status: STATUS[fault.kind],
    body: { success: false, message: messageOf(fault), error_code: fault.kind },
  };
}

export function refuse(
  c: HttpContext,
  status: (typeof STATUS)[FaultKind] | 429,
  code: FaultKind | 'too_many_requests',
  message: string,
): Response {
  // The Node SDK shows its users nothing of a failed answer but the reason phrase.
  if (c.env?.outgoing && status !== 200) c.env.outgoing.statusMessage = reasonPhrase(message);
  return c.json({ success: false, message, error_code: code }, status);
}

function internal({ method, path }: { method: string; path: string }, error: unknown, log: Log): Fault {
  const incident = randomBytes(4).toString('hex');
  log.error({ incident, method, path, error: trace(error) }, 'request failed');
  return new Fault('internal', `something went wrong inside the appliance; its log says more under ${incident}`);
}

function trace(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** One line of printable ASCII, as HTTP/1.1 demands. */
export function reasonPhrase(message: string): string {
  return message.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 300);
}
