import { deadline, Fault, type FaultKind, isAbort, messageOf } from '#runtime';

/** Where a box is, and what opens it. */
export interface BoxOptions {
  url: string;
  /** A session token (`st-…`) or, where there is none, an API key. */
  token?: string;
  key?: string;
}

const ANSWER_MS = 15_000;
const KINDS: Readonly<Record<number, FaultKind>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
};

/** A box as its clients see it: VideoDB's routes with one credential. */
export class Box {
  readonly url: string;
  readonly #credential: string;

  /** Throws `invalid` without an address or a credential that may be one. */
  constructor({ url, token, key }: BoxOptions) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new Fault('invalid', `--url: "${url}" is no address such as http://127.0.0.1:8080`);
    const credential = token || key;
    if (!credential) {
      throw new Fault(
        'invalid',
        'the box wants to know who asks: put a session token in WATCHPOST_TOKEN or an API key in WATCHPOST_API_KEY',
      );
    }
    this.url = url.endsWith('/') ? url : `${url}/`;
    this.#credential = credential;
  }

  /**
   * The `data` of the answer; `T` is what the route is documented to give. Throws `unavailable` when nothing answers in
   * time or the box can't now, else what the box refuses in its own words.
   */
  async ask<T>(method: 'GET' | 'POST', path: string, signal: AbortSignal, body?: object): Promise<T> {
    using limit = deadline(signal, ANSWER_MS);
    const headers = { 'x-access-token': this.#credential, ...(body && { 'content-type': 'application/json' }) };
    const sent = { method, headers, signal: limit.signal, ...(body && { body: JSON.stringify(body) }) };
    try {
      const response = await fetch(new URL(path, this.url), sent);
      return dataOf(response.status, await response.text()) as T; // What the route is documented to give.
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Fault) throw error;
      throw new Fault(
        'unavailable',
        `nothing answers at ${this.url}: ${isAbort(error) ? 'no answer in time' : reasonOf(error)}`,
      );
    }
  }
}

function dataOf(status: number, text: string): unknown {
  const { success, data, message } = envelope(text);
  if (success === true) return data;
  const why = typeof message === 'string' && message !== '' ? message : `no Watchpost answers there (status ${status})`;
  throw new Fault(KINDS[status] ?? (status < 300 ? 'refused' : 'unavailable'), why);
}

function envelope(text: string): { success?: unknown; data?: unknown; message?: unknown } {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? answer : {};
  } catch {
    return {}; // It is something else that answers, such as a proxy.
  }
}

/** `fetch` says only that it failed; why is beneath. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}
