import type { Response } from 'undici';
import { Fault } from '#runtime';
import type { Digest } from './digest.ts';
import { refusal } from './download.ts';
import { shown, type Web } from './web.ts';

/** What a hub says of one of its files. */
export interface HubFile {
  bytes: number;
  digest: Digest;
  /** The commit that it is of, where the hub tells. */
  commit: string | undefined;
}

const MOST_REDIRECTS = 5;
const PATIENCE_MS = 30_000;
/** It becomes a part of addresses. */
const COMMIT = /^[\w-]{1,64}$/;

/** Address of a file in a repository of a hub. */
export function hubAddress(base: string, repo: string, revision: string, file: string): string {
  return `${base.replace(/\/+$/, '')}/${repo}/resolve/${revision}/${file}`;
}

/**
 * Asks for size and content hash of a file without fetching it: of large files the hub tells the SHA-256, of small ones
 * git's own hash. Throws `not_found` when it hasn't the file, `unavailable` when it can't be reached or tells neither.
 */
export async function askHub(web: Pick<Web, 'request'>, url: string, signal: AbortSignal): Promise<HubFile> {
  let at = url;
  let commit: string | undefined;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const { status, headers } = await head(web, at, signal);
    commit ??= COMMIT.exec(headers.get('x-repo-commit') ?? '')?.[0];
    const linked = headers.get('x-linked-etag');
    const location = headers.get('location');
    if (linked !== null) return { commit, ...fileOf(url, linked, headers.get('x-linked-size')) };
    if (status === 200) return { commit, ...fileOf(url, headers.get('etag'), headers.get('content-length')) };
    if (status < 300 || status >= 400 || location === null) throw refusal(url, status);
    at = new URL(location, at).href;
    // Who could change what is said of the file could change the file.
    if (url.startsWith('https:') && !at.startsWith('https:')) {
      throw new Fault(
        'unavailable',
        `${shown(url)} leads to an address without TLS (${shown(at)}): use another mirror`,
      );
    }
  }
  throw new Fault('unavailable', `${shown(url)} leads round in circles: try another mirror`);
}

async function head(web: Pick<Web, 'request'>, url: string, signal: AbortSignal): Promise<Response> {
  // Only the headers of one answer: short enough for a signal that nothing else holds.
  const silence = new AbortController();
  const hush = () => silence.abort(new Fault('unavailable', `${shown(url)} gave no answer within ${PATIENCE_MS} ms`));
  const timer = setTimeout(hush, PATIENCE_MS);
  try {
    const headers = { 'accept-encoding': 'identity' };
    const either = AbortSignal.any([signal, silence.signal]);
    return await web.request(url, { method: 'HEAD', redirect: 'manual', headers, signal: either });
  } finally {
    clearTimeout(timer);
  }
}

function fileOf(url: string, etag: string | null, size: string | null): { bytes: number; digest: Digest } {
  const hex = /^(?:W\/)?"?([0-9a-f]{40}|[0-9a-f]{64})"?$/.exec(etag ?? '')?.[1];
  const bytes = Number(size);
  if (hex !== undefined && bytes > 0) return { bytes, digest: { kind: hex.length === 64 ? 'sha256' : 'git', hex } };
  throw new Fault('unavailable', `${shown(url)}: the server tells neither size nor hash: use another mirror`);
}
