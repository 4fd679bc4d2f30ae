/**
 * Calls to the appliance, as whoever has signed in. Owns the difference between the box's clock and ours.
 * Every failure is an `ApiError` whose message a person can read.
 */
export class ApiError extends Error {
  /** HTTP status; 0 when the box did not answer. */
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
  get unauthorized(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

export class Api {
  #clockOffsetMs = 0;

  /** The box's time in Unix milliseconds. Differences below two seconds are not told apart from none. */
  now(): number {
    return Date.now() + this.#clockOffsetMs;
  }

  async get<T>(
    path: string,
    query: Record<string, string | number | undefined> = {},
    signal?: AbortSignal,
  ): Promise<T> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
    const suffix = search.size > 0 ? `?${search}` : '';
    return unwrap<T>(await this.fetch(path + suffix, signal ? { signal } : {}));
  }

  async post<T>(path: string, body: object, signal?: AbortSignal): Promise<T> {
    return this.send('POST', path, body, signal);
  }

  async send<T>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
    signal?: AbortSignal,
    more: Record<string, string> = {},
  ): Promise<T> {
    const init: RequestInit = {
      method,
      headers: { ...more, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
      ...(signal ? { signal } : {}),
    };
    return unwrap<T>(await this.fetch(path, init));
  }

  /** A raw answer; throws only when the box does not answer or the call was aborted. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('x-watchpost-page', '1'); // No other site can send it: see the box's sessions.
    const sentMs = Date.now();
    const response = await reach(path, { ...init, headers });
    this.#readClock(response.headers.get('date'), sentMs);
    return response;
  }

  #readClock(date: string | null, sentMs: number): void {
    const boxMs = Date.parse(date ?? '');
    if (Number.isNaN(boxMs)) return;
    const offset = boxMs + 500 - (sentMs + Date.now()) / 2;
    this.#clockOffsetMs = Math.abs(offset) < 2000 ? 0 : offset;
  }
}

/** A call that needs no key. */
export async function getPublic<T>(path: string): Promise<T> {
  return unwrap<T>(await reach(path, {}));
}

/** Whatever the box answers to a call without a key; throws only when it doesn't answer. */
export function getRaw(path: string): Promise<Response> {
  return reach(path, {});
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'The box does not answer. Is it switched on, and is this device on its network?');
  }
}

async function unwrap<T>(response: Response): Promise<T> {
  // The envelope is the appliance's contract; anything else is caught by the checks below.
  const envelope = (await response.json().catch(() => undefined)) as
    | { success?: boolean; message?: string; data?: T }
    | undefined;
  if (!response.ok || !envelope?.success || envelope.data === undefined) {
    throw new ApiError(response.status, envelope?.message || `The box answered ${response.status} without saying why.`);
  }
  return envelope.data;
}

/** The message of anything thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** True for the error of a call that we gave up ourselves. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
