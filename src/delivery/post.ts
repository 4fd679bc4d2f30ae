import { deadline, Fault } from '#runtime';

const TIMEOUT_MS = 10_000;
const MAX_REDIRECTS = 3;

/**
 * Posts JSON and returns when the receiver answered 2xx. Follows redirects only on the same host. Throws `invalid` for
 * an address that can't be posted to, `unavailable` saying what the receiver did; neither repeats the address.
 */
export async function post(target: string, payload: unknown, id: string, signal: AbortSignal): Promise<void> {
  using limit = deadline(signal, TIMEOUT_MS);
  let url = addressOf(target);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const response = await send(url, JSON.stringify(payload), id, limit.signal, signal);
    await response.body?.cancel();
    if (response.ok) return;
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (location === null) throw new Fault('unavailable', `the receiver answered ${response.status}`);
    url = redirected(url, location);
  }
  throw new Fault('unavailable', `the receiver redirected more than ${MAX_REDIRECTS} times`);
}

async function send(url: URL, body: string, id: string, limit: AbortSignal, stop: AbortSignal): Promise<Response> {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'watchpost',
    'idempotency-key': id,
    ...(url.username ? { authorization: basic(url) } : {}),
  };
  try {
    return await fetch(bare, { method: 'POST', headers, body, redirect: 'manual', signal: limit });
  } catch (error) {
    stop.throwIfAborted();
    if (limit.aborted) throw new Fault('unavailable', `no answer within ${TIMEOUT_MS / 1000} s`);
    throw new Fault('unavailable', `no connection (${codeOf(error)})`, { cause: error });
  }
}

function basic(url: URL): string {
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function addressOf(target: string): URL {
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new Fault('invalid', 'callback_url: must be an http:// or https:// address');
}

/** Another host would get what was meant for this one; a step down from https would show it to everybody. */
function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const safe = to && to.hostname === from.hostname && (to.protocol === from.protocol || to.protocol === 'https:');
  if (!safe) throw new Fault('unavailable', 'the receiver redirects to another host, which is not followed');
  to.username = from.username;
  to.password = from.password;
  return to;
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause && typeof cause === 'object' && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : 'refused';
}
