import { Fault, messageOf } from '#runtime';

const TIMEOUT_MS = 10_000;

/**
 * POSTs the JSON. Resolves on any 2xx; else throws `unavailable` with the reason and without the address, which may
 * hold a secret. Redirects are not followed: a receiver has one address.
 */
export async function postWebhook(url: string, body: unknown, signal: AbortSignal): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'watchpost' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new Fault('unavailable', `the webhook's receiver did not answer: ${reasonOf(error)}`, { cause: error });
  }
  await response.body?.cancel();
  if (!response.ok) throw new Fault('unavailable', `the webhook's receiver answered ${response.status}`);
}

/** fetch says only "fetch failed"; the reason is its cause. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `nothing within ${TIMEOUT_MS / 1000} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return messageOf(cause ?? error);
}
