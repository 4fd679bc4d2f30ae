import { ChatEndpoint, type ChatServer } from '../chat/endpoint.ts';
import { plainAnswer } from '../chat/plain.ts';
import { type Asked, INSTRUCTIONS, requestOf, type TextWriter, type WriterStatus } from './writer.ts';

export interface EndpointOptions extends ChatServer {
  timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;

/** A text model behind a server, which follows the prompts of audio indexes. */
export class EndpointWriter implements TextWriter {
  readonly name = 'endpoint';
  readonly #chat: ChatEndpoint;

  constructor({ timeoutMs = TIMEOUT_MS, ...server }: EndpointOptions) {
    this.#chat = new ChatEndpoint(server, {
      what: 'text endpoint',
      meanwhile: 'summaries are extracts meanwhile',
      timeoutMs,
      mostTokens: 400,
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
      { role: 'system', content: INSTRUCTIONS },
      { role: 'user', content: requestOf(asked) },
    ] as const;
    return this.#chat.ask(messages, plainAnswer, signal);
  }
}
