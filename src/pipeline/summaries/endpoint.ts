import { ChatEndpoint, type ChatServer } from '../chat/endpoint.ts';
import { plainAnswer } from '../chat/plain.ts';
import { type Asked, INSTRUCTIONS, requestOf, type TextWriter, type WriterStatus } from './writer.ts';

export interface EndpointOptions extends ChatServer {
  timeoutMs?: number;
  mostTokens?: number;
  /** For the log: what happens while it fails. */
  meanwhile?: string;
}

const TIMEOUT_MS = 10_000;
const MOST_TOKENS = 400;
const MEANWHILE = 'summaries are extracts meanwhile';

/** A text model behind a server, which follows the prompts of audio indexes. */
export class EndpointWriter implements TextWriter {
  readonly name = 'endpoint';
  readonly #chat: ChatEndpoint;

  constructor({ timeoutMs = TIMEOUT_MS, mostTokens = MOST_TOKENS, meanwhile = MEANWHILE, ...server }: EndpointOptions) {
    this.#chat = new ChatEndpoint(server, {
      what: 'text endpoint',
      meanwhile,
      timeoutMs,
      mostTokens,
      stream: false,
      // An extract is there at once.
      retries: 0,
    });
  }

  get ready(): boolean {
    return this.#chat.ready;
  }

  status(): WriterStatus {
    return { name: this.name, ...this.#chat.status() };
  }

  /** Throws in time, whatever the server does; waiting for its turn counts. */
  async write(asked: Asked, signal: AbortSignal): Promise<string> {
    const messages = [
      { role: 'system', content: asked.instructions ?? INSTRUCTIONS },
      { role: 'user', content: requestOf(asked) },
    ] as const;
    return this.#chat.ask(messages, plainAnswer, signal);
  }
}
