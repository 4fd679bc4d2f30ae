import type { Told } from '#domain';
import { isFault } from '#runtime';
import { ChatEndpoint, type ChatMessage, type ChatServer } from '../chat/endpoint.ts';
import { plainAnswer } from '../chat/plain.ts';
import { jpegOf } from './jpeg.ts';
import { chosen, INSTRUCTIONS, type Showing, type Teller, type TellerStatus } from './teller.ts';

export interface EndpointTellerOptions extends ChatServer {
  timeoutMs?: number;
}

/** Models that look at pictures on a small server take their time. */
const TIMEOUT_MS = 60_000;
/** What is shown at once, and less when the server says that it is too much. */
const SHOWN = { pictures: 4, side: 1024, leastSide: 256 } as const;

/** A server with a model that looks at pictures. What it found too large it isn't shown again. */
export class EndpointTeller implements Teller {
  readonly name = 'endpoint';
  readonly follows = true;
  readonly #chat: ChatEndpoint;
  readonly #model: string;
  #shown: { pictures: number; side: number } = { ...SHOWN };

  constructor({ timeoutMs = TIMEOUT_MS, ...server }: EndpointTellerOptions) {
    this.#model = server.model;
    this.#chat = new ChatEndpoint(server, {
      what: 'vision endpoint',
      meanwhile: 'scenes and alerts stay as they are',
      timeoutMs,
      mostTokens: 500,
      stream: true,
      retries: 1,
    });
  }

  get ready(): boolean {
    return this.#chat.ready;
  }

  status(): TellerStatus {
    return { name: this.name, ...this.#chat.status() };
  }

  /** Throws `too_large` when even one small picture is too much, `unavailable`, or the signal's reason. */
  async tell(showing: Showing, signal: AbortSignal): Promise<Told> {
    for (;;) {
      const messages = await this.#messages(showing);
      try {
        return { text: await this.#chat.ask(messages, plainAnswer, signal), by: this.#model };
      } catch (error) {
        if (!isFault(error, 'too_large') || !this.#showLess(showing.frames.length)) throw error;
      }
    }
  }

  async #messages({ frames, instruction }: Showing): Promise<ChatMessage[]> {
    const { pictures, side } = this.#shown;
    const jpegs = await Promise.all(chosen(frames, pictures).map((frame) => jpegOf(frame, side)));
    const images = jpegs.map((jpeg) => ({
      type: 'image_url' as const,
      image_url: { url: `data:image/jpeg;base64,${jpeg.toString('base64')}` },
    }));
    return [
      { role: 'system', content: INSTRUCTIONS },
      { role: 'user', content: [{ type: 'text', text: `Task: ${instruction}` }, ...images] },
    ];
  }

  /** Smaller pictures first, then fewer; false when there is nothing less to show. */
  #showLess(given: number): boolean {
    const { pictures, side } = this.#shown;
    const count = Math.min(pictures, given);
    if (side > SHOWN.leastSide) this.#shown = { pictures, side: Math.max(SHOWN.leastSide, Math.floor(side / 2)) };
    else if (count > 1) this.#shown = { pictures: Math.floor(count / 2), side };
    else return false;
    return true;
  }
}
