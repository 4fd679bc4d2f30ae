import { Fault, messageOf, redactCredentials } from '#runtime';
import type { Digest } from './digest.ts';

/** What a hub says of one of its files. */
export interface HubFile {
  bytes: number;
  digest: Digest;
  /** The commit that it is of, where the hub tells. */
  commit: string | undefined;
}

const MOST_REDIRECTS = 5;
const PATIENCE_MS = 30_000;

/** Address of a file in a repository of a hub. */
export function hubAddress(base: string, repo: string, revision: string, file: string): string {
  return `${base.replace(/\/+$/, '')}/${repo}/resolve/${revision}/${file}`;
}

/**
 * Asks for size and content hash of a file without fetching it: of large files the hub tells the SHA-256, of small ones
 * git's own hash. Throws `unavailable` when it can't be reached or tells neither.
 */
export async function askHub(url: string, signal: AbortSignal): Promise<HubFile> {
  let at = url;
  let commit: string | undefined;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const { status, headers } = await head(at, signal);
    commit ??= headers.get('x-repo-commit') ?? undefined;
    const linked = headers.get('x-linked-etag');
    const location = headers.get('location');
    if (linked !== null) return { commit, ...fileOf(url, linked, headers.get('x-linked-size')) };
    if (status === 200) return { commit, ...fileOf(url, headers.get('etag'), headers.get('content-length')) };
    if (status < 300 || status >= 400 || location === null) {
      throw new Fault('unavailable', `${redactCredentials(url)} answered ${status}: try later, or another mirror`);
    }
    at = new URL(location, at).href;
  }
  throw new Fault('unavailable', `${redactCredentials(url)} leads round in circles`);
}

async function head(url: string, signal: AbortSignal): Promise<Response> {
  // Only the headers of one answer: short enough for a signal that nothing else holds.
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error(`no answer within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  try {
    return await fetch(url, {
      method: 'HEAD',
      redirect: 'manual',
      headers: { 'accept-encoding': 'identity' },
      signal: AbortSignal.any([signal, silence.signal]),
    });
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
    throw new Fault('unavailable', `${redactCredentials(url)}: ${messageOf(error)}${cause}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function fileOf(url: string, etag: string | null, size: string | null): { bytes: number; digest: Digest } {
  const hex = /^(?:W\/)?"?([0-9a-f]{40}|[0-9a-f]{64})"?$/.exec(etag ?? '')?.[1];
  const bytes = Number(size);
  if (hex !== undefined && bytes > 0) return { bytes, digest: { kind: hex.length === 64 ? 'sha256' : 'git', hex } };
  throw new Fault(
    'unavailable',
    `${redactCredentials(url)}: the server tells neither size nor hash: use another mirror`,
  );
}
