import { z } from 'zod';
import { type Clock, deadline, Fault, Gate, type Log, messageOf } from '#runtime';
import { type Asked, INSTRUCTIONS, plainAnswer, requestOf, type TextWriter, type WriterStatus } from './writer.ts';

export interface EndpointOptions {
  /** What `/chat/completions` is appended to, e.g. `http://127.0.0.1:11434/v1`. */
  url: string;
  model: string;
  apiKey?: string | undefined;
  clock: Clock;
  log: Log;
  timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** After a failure it is left alone, each time longer, so that nothing waits for what doesn't answer. */
const REST_MS = { first: 10_000, longest: 300_000 };
const MOST_BYTES = 256 * 1024;
const MOST_TOKENS = 400;

const completion = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({
          content: z.union([z.string(), z.array(z.object({ text: z.string().optional() }))]),
        }),
      }),
    )
    .min(1),
});

/**
 * A server that speaks OpenAI's chat completions (Ollama, llama.cpp, vLLM and others). One request at a time. When it
 * fails it says so once in the log, and rests.
 */
export class EndpointWriter implements TextWriter {
  readonly name = 'endpoint';
  readonly #options: EndpointOptions;
  readonly #gate = new Gate(1);
  #restMs = 0;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #lastError: string | undefined;
  #asked = 0;
  #failed = 0;

  constructor(options: EndpointOptions) {
    this.#options = options;
  }

  get ready(): boolean {
    return this.#options.clock.monotonicMs() >= this.#restUntilMs;
  }

  status(): WriterStatus {
    const { model } = this.#options;
    const state = this.ready ? 'ready' : 'resting';
    const failure = this.#lastError === undefined ? {} : { lastError: this.#lastError };
    return { name: this.name, state, model, asked: this.#asked, failed: this.#failed, ...failure };
  }

  /** Throws `unavailable` in time, whatever the server does; waiting for its turn counts. */
  async write(asked: Asked, signal: AbortSignal): Promise<string> {
    const { timeoutMs = TIMEOUT_MS } = this.#options;
    using limit = deadline(signal, timeoutMs);
    try {
      using _turn = await this.#gate.enter(limit.signal);
      if (!this.ready) throw new Fault('unavailable', 'it is left alone after a failure');
      this.#asked += 1;
      const text = await this.#ask(asked, limit.signal);
      this.#well();
      return text;
    } catch (error) {
      signal.throwIfAborted();
      throw this.#ill(limit.signal.aborted ? `no answer within ${timeoutMs / 1000} s` : messageOf(error));
    }
  }

  async #ask(asked: Asked, signal: AbortSignal): Promise<string> {
    const { url, model, apiKey } = this.#options;
    const messages = [
      { role: 'system', content: INSTRUCTIONS },
      { role: 'user', content: requestOf(asked) },
    ];
    const response = await fetch(`${url.replace(/\/+$/, '')}/chat/completions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
      },
      body: JSON.stringify({ model, messages, temperature: 0, max_tokens: MOST_TOKENS, stream: false }),
      // The key is for this server and no other.
      redirect: 'error',
      signal,
    }).catch((error: unknown) => {
      throw new Fault('unavailable', `no connection (${codeOf(error)})`, { cause: error });
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Fault('unavailable', `it answered ${response.status}`);
    }
    return answerIn(await bodyOf(response));
  }

  #well(): void {
    if (this.#lastError !== undefined) this.#options.log.info('the text endpoint answers again');
    this.#lastError = undefined;
    this.#restMs = 0;
  }

  #ill(reason: string): Fault {
    const { clock, log } = this.#options;
    if (!this.ready) return new Fault('unavailable', reason);
    this.#failed += 1;
    this.#restMs = Math.min(REST_MS.longest, Math.max(REST_MS.first, this.#restMs * 2));
    this.#restUntilMs = clock.monotonicMs() + this.#restMs;
    if (this.#lastError !== reason)
      log.warn({ error: reason }, 'the text endpoint fails: summaries are extracts meanwhile');
    this.#lastError = reason;
    return new Fault('unavailable', reason);
  }
}

function answerIn(body: string): string {
  const parsed = completion.safeParse(jsonOf(body));
  const content = parsed.data?.choices[0]?.message.content;
  if (content === undefined) throw new Fault('unavailable', "its answer isn't a chat completion");
  const said = typeof content === 'string' ? content : content.map(({ text = '' }) => text).join('');
  const text = plainAnswer(said);
  if (text === '') throw new Fault('unavailable', 'its answer is empty');
  return text;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function bodyOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Fault('unavailable', 'its answer has no end');
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause && typeof cause === 'object' && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : 'refused';
}
