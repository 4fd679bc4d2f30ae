import { Fault } from '#runtime';
import { demandReach, type Reach, reachOf } from './reach.ts';
import { makeRoom, noRoom } from './space.ts';
import { receiveUpload, tooLong, type UploadPlaces } from './uploads.ts';

/** A server that sends less than this in such a time is gone, or holds up those who wait. */
const SILENCE_MS = 30_000;
const LEAST_BYTES = 16 * 1024;
const MOST_REDIRECTS = 5;

/**
 * Downloads what lies at an http(s) address into the uploads directory. Throws `refused` for what isn't there, isn't
 * media or has no room, `unavailable` for a server that can't be reached or falls silent; nothing repeats the address.
 */
export async function download(
  address: string,
  name: string,
  places: UploadPlaces,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<void> {
  await asking(signal, async (silence) => {
    const response = await follow(address, silence);
    const size = Number(response.headers.get('content-length') ?? 0);
    if (size > (await makeRoom(places, size))) throw noRoom();
    if (/^text\/html/.test(response.headers.get('content-type') ?? '')) {
      throw new Fault('refused', 'url: leads to a web page, not to a media file; pages such as YouTube are not read');
    }
    if (!response.body) throw new Fault('refused', 'url: the server sent an empty answer');
    await receiveUpload(name, metered(response.body, size, silence, progress), places);
  });
}

/** What lies at an http(s) address. Throws as `download` does, and `too_large` beyond `most` bytes. */
export function fetchBytes(address: string, most: number, signal: AbortSignal): Promise<Buffer> {
  return asking(signal, async (silence) => {
    const { body } = await follow(address, silence);
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of body ?? []) {
      silence.heard(part.byteLength);
      length += part.byteLength;
      if (length > most) throw tooLong(most);
      parts.push(part);
    }
    return Buffer.concat(parts);
  });
}

/** Says what it means when the server doesn't answer, or not to its end. */
async function asking<T>(signal: AbortSignal, ask: (silence: Silence) => Promise<T>): Promise<T> {
  using silence = new Silence(signal);
  try {
    return await ask(silence);
  } catch (error) {
    signal.throwIfAborted();
    if (silence.signal.aborted) {
      throw new Fault('unavailable', `url: the server sent next to nothing for ${SILENCE_MS / 1000} s`);
    }
    if (error instanceof Fault) throw error;
    throw new Fault('unavailable', 'url: the server can not be reached, or broke off', { cause: error });
  }
}

async function* metered(
  body: AsyncIterable<Uint8Array>,
  size: number,
  silence: Silence,
  progress: (share: number) => void,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  for await (const chunk of body) {
    silence.heard(chunk.byteLength);
    received += chunk.byteLength;
    if (size > 0) progress(Math.min(1, received / size));
    yield chunk;
  }
}

async function follow(address: string, silence: Silence): Promise<Response> {
  let url = webAddress(address);
  let from: Reach = 'own'; // Who gives the address may ask whatever the box can reach.
  for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
    const reach = await reachOf(url);
    demandReach(reach, from);
    from = reach;
    const response = await fetch(url, { redirect: 'manual', signal: silence.signal });
    silence.heard(LEAST_BYTES);
    if (response.ok) return response;
    await response.body?.cancel();
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (location === null) throw new Fault('refused', `url: the server answered ${response.status}`);
    url = webAddress(URL.canParse(location, url.href) ? new URL(location, url).href : '');
  }
  throw new Fault('refused', `url: the server redirected more than ${MOST_REDIRECTS} times`);
}

function webAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new Fault('invalid', 'url: must be an http:// or https:// address, or the upload_url that this box gave out');
}

/** Aborts after a while in which next to nothing was heard, or with the signal it was given; and in the end. */
class Silence implements Disposable {
  readonly #cut = new AbortController();
  readonly #parent: AbortSignal;
  readonly #stop = () => this.#cut.abort();
  #timer: NodeJS.Timeout;
  #bytes = 0;

  constructor(parent: AbortSignal) {
    this.#parent = parent;
    parent.addEventListener('abort', this.#stop, { once: true });
    this.#timer = setTimeout(this.#stop, SILENCE_MS);
    if (parent.aborted) this.#stop();
  }

  get signal(): AbortSignal {
    return this.#cut.signal;
  }

  heard(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < LEAST_BYTES) return;
    this.#bytes = 0;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#stop, SILENCE_MS);
  }

  /** Lets go of a connection that is still open. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#parent.removeEventListener('abort', this.#stop);
    this.#stop();
  }
}
