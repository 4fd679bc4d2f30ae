import { type Clock, deadline, Fault, Gate, isFault, type Log, messageOf } from '#runtime';
import { type Complaint, readRefusal, readReply, tooLarge } from './reply.ts';

export type ChatPart = { type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string } };
export interface ChatMessage {
  role: 'system' | 'user';
  content: string | ChatPart[];
}

export interface ChatServer {
  /** What `/chat/completions` is appended to, e.g. `http://127.0.0.1:11434/v1`. */
  url: string;
  model: string;
  apiKey?: string | undefined;
  clock: Clock;
  log: Log;
}

export interface ChatManners {
  /** For the log: `text endpoint`. */
  what: string;
  /** For the log: what happens while it fails. */
  meanwhile: string;
  timeoutMs: number;
  mostTokens: number;
  /** Whether answers are asked for bit by bit; a server that doesn't know how is asked for them whole. */
  stream: boolean;
  /** How often a question is put again where the server says that this may help. */
  retries: number;
}

export interface ChatStatus {
  /** `resting`: left alone for a while after a failure. */
  state: 'ready' | 'resting';
  model: string;
  asked: number;
  failed: number;
  lastError?: string;
}

/** After a failure it is left alone, each time longer, so that nothing waits for what doesn't answer. */
const REST_MS = { first: 10_000, longest: 300_000 };
const RETRY_MS = 500;
const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** How this server wants to be asked; it is found out by asking. */
interface Dialect {
  stream: boolean;
  system: boolean;
  limit: 'max_tokens' | 'max_completion_tokens';
}

/** The server answers, but not this; it may say when to come again. */
class Refusal extends Fault {
  readonly passes: boolean;
  readonly retryAfterMs: number | undefined;
  constructor(status: number, noPictures: boolean, retryAfterMs: number | undefined) {
    super('unavailable', noPictures ? `it answered ${status}: its model takes no pictures` : refused(status));
    this.passes = PASSING.has(status);
    this.retryAfterMs = retryAfterMs;
  }
}

function refused(status: number): string {
  if (status >= 300 && status < 400) return `it answered ${status}: redirects aren't followed, the key is for it alone`;
  return `it answered ${status}${status === 404 ? ': are its address and the model’s name right?' : ''}`;
}

/**
 * A server that speaks OpenAI's chat completions (Ollama, llama.cpp, vLLM and others). One request at a time. When it
 * fails it says so once in the log, and rests: as long as the server asks, or longer each time. Nothing that the server
 * writes into an error, and no key, comes into a message.
 */
export class ChatEndpoint {
  readonly #server: ChatServer;
  readonly #manners: ChatManners;
  readonly #gate = new Gate(1);
  #dialect: Dialect;
  #restMs = 0;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #lastError: string | undefined;
  #asked = 0;
  #failed = 0;

  constructor(server: ChatServer, manners: ChatManners) {
    this.#server = server;
    this.#manners = manners;
    this.#dialect = { stream: manners.stream, system: true, limit: 'max_tokens' };
  }

  get ready(): boolean {
    return this.#server.clock.monotonicMs() >= this.#restUntilMs;
  }

  status(): ChatStatus {
    const state = this.ready ? 'ready' : 'resting';
    const failure = this.#lastError === undefined ? {} : { lastError: this.#lastError };
    return { state, model: this.#server.model, asked: this.#asked, failed: this.#failed, ...failure };
  }

  /**
   * What it says to the messages, as `read` takes it. Throws in time, whatever the server does (waiting for its turn
   * counts): `too_large` when it wants less at once, else `unavailable`; or the signal's reason.
   */
  async ask(messages: readonly ChatMessage[], read: (reply: string) => string, signal: AbortSignal): Promise<string> {
    const { timeoutMs } = this.#manners;
    using limit = deadline(signal, timeoutMs);
    try {
      using _turn = await this.#gate.enter(limit.signal);
      if (!this.ready) throw new Fault('unavailable', 'it is left alone after a failure');
      this.#asked += 1;
      const text = read(await this.#patiently(messages, limit.signal));
      if (text === '') throw new Fault('unavailable', 'its answer is empty');
      this.#well();
      return text;
    } catch (error) {
      signal.throwIfAborted();
      if (isFault(error, 'too_large')) throw error;
      const late = limit.signal.aborted;
      throw this.#ill(late ? `no answer within ${timeoutMs / 1000} s` : messageOf(error), late ? undefined : error);
    }
  }

  async #patiently(messages: readonly ChatMessage[], signal: AbortSignal): Promise<string> {
    const { retries, timeoutMs } = this.#manners;
    for (let left = retries; ; left -= 1) {
      try {
        return await this.#once(messages, signal);
      } catch (error) {
        const waitMs = error instanceof Refusal && error.passes ? (error.retryAfterMs ?? RETRY_MS) : Infinity;
        if (left <= 0 || waitMs > timeoutMs / 2) throw error;
        await this.#server.clock.sleep(waitMs, signal);
      }
    }
  }

  async #once(messages: readonly ChatMessage[], signal: AbortSignal): Promise<string> {
    const response = await this.#post(messages, signal);
    if (response.ok) return readReply(response);
    const why = await readRefusal(response);
    if (why.tooLarge) throw tooLarge();
    if (this.#learn(why)) return this.#once(messages, signal);
    throw new Refusal(response.status, why.noPictures, retryAfterMs(response, this.#server.clock));
  }

  /** Whether it is to be asked in another way from now on; each way is tried once. */
  #learn({ noStream, noSystem, newLimit }: Complaint): boolean {
    const { stream, system, limit } = this.#dialect;
    if (newLimit && limit === 'max_tokens') this.#dialect.limit = 'max_completion_tokens';
    else if (noSystem && system) this.#dialect.system = false;
    else if (noStream && stream) this.#dialect.stream = false;
    else return false;
    return true;
  }

  async #post(messages: readonly ChatMessage[], signal: AbortSignal): Promise<Response> {
    const { url, model, apiKey } = this.#server;
    const { stream, system, limit } = this.#dialect;
    const asked = { model, messages: system ? messages : folded(messages), temperature: 0, stream };
    return fetch(`${url.replace(/\/+$/, '')}/chat/completions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: stream ? 'text/event-stream, application/json' : 'application/json',
        ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
      },
      body: JSON.stringify({ ...asked, [limit]: this.#manners.mostTokens }),
      // The key is for this server and no other.
      redirect: 'manual',
      signal,
    }).catch((error: unknown) => {
      throw new Fault('unavailable', `no connection (${codeOf(error)})`, { cause: error });
    });
  }

  #well(): void {
    if (this.#lastError !== undefined) this.#server.log.info(`the ${this.#manners.what} answers again`);
    this.#lastError = undefined;
    this.#restMs = 0;
  }

  #ill(reason: string, error: unknown): Fault {
    const { clock, log } = this.#server;
    if (!this.ready) return new Fault('unavailable', reason);
    const { what, meanwhile } = this.#manners;
    this.#failed += 1;
    const wantedMs = (error instanceof Refusal && error.retryAfterMs) || 0;
    this.#restMs = Math.min(REST_MS.longest, Math.max(REST_MS.first, this.#restMs * 2, wantedMs));
    this.#restUntilMs = clock.monotonicMs() + this.#restMs;
    if (this.#lastError !== reason) log.warn({ error: reason }, `the ${what} fails: ${meanwhile}`);
    this.#lastError = reason;
    return new Fault('unavailable', reason);
  }
}

/** What the system says, said by the user first. */
function folded(messages: readonly ChatMessage[]): ChatMessage[] {
  const parts = messages.flatMap(({ content }): ChatPart[] =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : content,
  );
  return [{ role: 'user', content: parts }];
}

/** Seconds or a date; nothing where it says neither. */
function retryAfterMs({ headers }: Response, clock: Clock): number | undefined {
  const said = headers.get('retry-after')?.trim();
  if (!said) return undefined;
  const ms = /^\d+(?:\.\d+)?$/.test(said) ? Number(said) * 1000 : Date.parse(said) - clock.nowMs();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause && typeof cause === 'object' && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : 'refused';
}
