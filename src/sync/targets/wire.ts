import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { EnvHttpProxyAgent, request } from 'undici';
import { type Clock, Fault, messageOf, systemClock } from '#runtime';
import { badProxy, type Environment, proxiesOf } from '../proxies.ts';
import { type Line, TargetBusy } from '../target.ts';

export interface WireOptions {
  /** How the target is called in the configuration, for messages: `sync.targets.cloud`. */
  path: string;
  env?: Environment;
  /** PEM file of the authority that signed the server's certificate, in place of those that Node knows. */
  caFile?: string | undefined;
  /** How long the other side may take nothing of what is sent to it, and then how long it may take to answer. */
  stallMs?: number;
  clock?: Clock;
}

export interface Ask {
  method: string;
  headers?: Record<string, string>;
  /** Of a stream the length must be right. */
  body?: { bytes: number; pieces: AsyncIterable<Uint8Array> } | Buffer | string;
  /** Whether a redirect is an answer like others; it is never followed. */
  redirects?: boolean;
  signal: AbortSignal;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

const STALL_MS = 120_000;
const CONNECT_MS = 20_000;
const KEPT_OPEN_MS = 15_000;
const LONGEST_ANSWER = 8 * 1024 * 1024;
const LONGEST_PAUSE_MS = 3_600_000;
/** So small that a slow line is never silent for as long as servers wait. */
const PIECE = 32 * 1024;

/**
 * HTTP as the targets need it: through the proxies that the environment names, with an authority of one's own, following
 * no redirects. Whoever takes nothing for two minutes, or takes longer for the whole of an answer, is cut off; the time
 * that our own limits cost is not counted.
 */
export class Wire implements AsyncDisposable {
  readonly #options: WireOptions;
  #agent: Promise<EnvHttpProxyAgent> | undefined;

  constructor(options: WireOptions) {
    this.#options = options;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#agent?.catch(() => undefined))?.destroy();
  }

  /**
   * The whole answer, whatever its status, unless it is a redirect. Throws the signal's reason; `invalid` when the
   * configuration is the cause; `unavailable` when there is no answer. Messages name the host, and nothing else of the address.
   */
  async ask(url: URL, { method, headers, body, redirects = false, signal }: Ask): Promise<Answer> {
    this.#agent ??= this.#makeAgent();
    const dispatcher = await this.#agent.catch((error: unknown) => {
      this.#agent = undefined; // The file may be there the next time.
      throw error;
    });
    using stall = new Stall(signal, this.#options.stallMs ?? STALL_MS);
    const streamed = body !== undefined && typeof body === 'object' && 'pieces' in body;
    try {
      const response = await request(url, {
        dispatcher,
        method: methodOf(method),
        headers: { ...headers, ...(streamed ? { 'content-length': String(body.bytes) } : {}) },
        body: streamed ? Readable.from(stall.watched(body.pieces), { objectMode: false }) : (body ?? null),
        signal: stall.signal,
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      const answer = { status: response.statusCode, headers: flat(response.headers), body: await all(response.body) };
      if (!redirects && answer.status >= 300 && answer.status < 400) throw this.#redirected(url, answer);
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      throw this.#problem(url, stall.signal.aborted ? stall.signal.reason : error);
    }
  }

  /** Throws `TargetBusy` when the server has too much to do now. */
  demandTime({ status, headers }: Answer): void {
    if (![429, 503].includes(status)) return;
    const said = headers['retry-after']?.trim() ?? '';
    const nowMs = (this.#options.clock ?? systemClock).nowMs();
    const ms = /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - nowMs;
    const pauseMs = Number.isFinite(ms) ? Math.min(LONGEST_PAUSE_MS, Math.max(0, ms)) : undefined;
    throw new TargetBusy(`${this.#options.path}: it has too much to do (${status})`, pauseMs);
  }

  async #makeAgent(): Promise<EnvHttpProxyAgent> {
    const { env = process.env, path, caFile } = this.#options;
    const ca = caFile === undefined ? undefined : await authority(path, caFile);
    try {
      return new EnvHttpProxyAgent({
        ...proxiesOf(env),
        proxyTunnel: false,
        keepAliveTimeout: KEPT_OPEN_MS,
        connect: { timeout: CONNECT_MS, ...(ca && { ca }) },
        ...(ca && { requestTls: { ca } }),
      });
    } catch (error) {
      throw badProxy(error);
    }
  }

  #redirected({ host }: URL, { status, headers }: Answer): Fault {
    const to = URL.canParse(headers['location'] ?? '') ? ` to ${new URL(headers['location'] ?? '').host}` : '';
    const what = `${host} redirects${to} (${status}), which is not followed: give the address that it leads to`;
    return new Fault('unavailable', `${this.#options.path}: ${what}`);
  }

  #problem({ host }: URL, error: unknown): Error {
    if (error instanceof Fault && error.message.startsWith(this.#options.path)) return error;
    return new Fault('unavailable', `${this.#options.path}: ${host}: ${reasonOf(error)}`, { cause: error });
  }
}

/** The bytes of a body in small pieces, each when the line lets it go. */
export async function* paced(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  line: Pick<Line, 'take'>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.byteLength; at += PIECE) {
      const piece = chunk.subarray(at, at + PIECE);
      await line.take(piece.byteLength);
      yield piece;
    }
  }
}

/** Aborts with `parent`, or when the other side has been waited for too long. */
class Stall implements Disposable {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal;
  readonly #ms: number;
  readonly #end = () => this.#controller.abort(this.#parent.reason);
  #timer: NodeJS.Timeout | undefined;

  constructor(parent: AbortSignal, ms: number) {
    this.#parent = parent;
    this.#ms = ms;
    if (parent.aborted) this.#end();
    parent.addEventListener('abort', this.#end, { once: true });
    this.#wait();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** While the source is waited for, no time is counted. */
  async *watched(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    clearTimeout(this.#timer);
    for await (const piece of pieces) {
      this.#wait();
      yield piece;
      clearTimeout(this.#timer);
    }
    this.#wait();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#parent.removeEventListener('abort', this.#end);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const reason = new Error(`nothing came back for ${Math.ceil(this.#ms / 1000)} s`);
    this.#timer = setTimeout(() => this.#controller.abort(reason), this.#ms);
  }
}

async function all(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > LONGEST_ANSWER) throw new Error('its answer is far too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const given = Object.entries(headers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

function methodOf(method: string): (typeof METHODS)[number] {
  const known = METHODS.find((each) => each === method);
  if (!known) throw new Fault('internal', `${method} is not used here`);
  return known;
}

async function authority(path: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const what = `${path}.caFile: can't read ${file}: does it exist, and may Watchpost read it?`;
    throw new Fault('invalid', what, { cause: error });
  }
}

/** What went wrong in words; of several addresses that failed, the first says why. */
function reasonOf(error: unknown): string {
  let code: string | undefined;
  for (let at = error; at instanceof Error; at = at instanceof AggregateError ? at.errors[0] : at.cause) {
    if ('code' in at && typeof at.code === 'string') code = at.code;
  }
  if (code === undefined) return messageOf(error);
  if (/EXPIRED|NOT_YET_VALID/.test(code))
    return `its certificate is not valid now (${code}): is the box's clock right?`;
  if (/ALTNAME/.test(code)) return `its certificate is another server's (${code})`;
  if (/SELF_SIGNED|ISSUER|LEAF_SIGNATURE|CERT/.test(code)) {
    return `its certificate is signed by nobody known (${code}): give your own authority's file as caFile`;
  }
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE')
    return `the connection broke off (${code})`;
  return `no connection (${code})`;
}
