import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault } from '#runtime';
import { noRoom } from './space.ts';

/** A server that sends nothing for so long is gone. */
const SILENCE_MS = 30_000;
const MOST_REDIRECTS = 5;

/**
 * Downloads an http(s) address into a file. Throws `refused` for what isn't there, isn't media or is larger than `room`
 * bytes, `unavailable` for a server that can't be reached or falls silent; nothing repeats the address.
 */
export async function download(
  address: string,
  file: string,
  room: number,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const silence = new Silence(signal);
  try {
    const response = await follow(address, silence);
    const size = Number(response.headers.get('content-length') ?? 0);
    if (size > room) throw noRoom();
    if (/^text\/html/.test(response.headers.get('content-type') ?? '')) {
      throw new Fault('refused', 'url: leads to a web page, not to a media file; pages such as YouTube are not read');
    }
    if (!response.body) throw new Fault('refused', 'url: the server sent an empty answer');
    let received = 0;
    // Node's and the DOM's declarations of the same class differ.
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    body.on('data', (chunk: Buffer) => {
      silence.heard();
      received += chunk.length;
      if (size > 0) progress(received / size);
      if (received > room) body.destroy(noRoom());
    });
    await pipeline(body, createWriteStream(file), { signal: silence.signal });
  } catch (error) {
    signal.throwIfAborted();
    if (silence.signal.aborted)
      throw new Fault('unavailable', `url: the server sent nothing for ${SILENCE_MS / 1000} s`);
    if (error instanceof Fault) throw error;
    throw new Fault('unavailable', 'url: the server can not be reached, or broke off', { cause: error });
  } finally {
    silence[Symbol.dispose]();
  }
}

async function follow(address: string, silence: Silence): Promise<Response> {
  let url = address;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
    const response = await fetch(webAddress(url), { redirect: 'manual', signal: silence.signal });
    silence.heard();
    if (response.ok) return response;
    await response.body?.cancel();
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (location === null) throw new Fault('refused', `url: the server answered ${response.status}`);
    url = URL.canParse(location, url) ? new URL(location, url).href : '';
  }
  throw new Fault('refused', `url: the server redirected more than ${MOST_REDIRECTS} times`);
}

function webAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new Fault('invalid', 'url: must be an http:// or https:// address, or the upload_url that this box gave out');
}

/** Aborts after a while in which nothing was heard, or with the signal it was given. */
class Silence implements Disposable {
  readonly #cut = new AbortController();
  readonly #parent: AbortSignal;
  readonly #stop = () => this.#cut.abort();
  #timer: NodeJS.Timeout;

  constructor(parent: AbortSignal) {
    this.#parent = parent;
    parent.addEventListener('abort', this.#stop, { once: true });
    this.#timer = setTimeout(this.#stop, SILENCE_MS);
  }

  get signal(): AbortSignal {
    return this.#cut.signal;
  }

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#stop, SILENCE_MS);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#parent.removeEventListener('abort', this.#stop);
  }
}
