import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

interface Asked {
  path: string;
  authorization: string | undefined;
  body: { model: string; messages: { role: string; content: string }[]; stream: boolean };
}

/** What a chat completion looks like. */
export function completion(content: unknown): string {
  return JSON.stringify({
    id: 'x',
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content } }],
  });
}

/** The same bit by bit, as server-sent events. */
export function streamed(bits: readonly unknown[], ends = true): string {
  const events = bits.map((content) => JSON.stringify({ choices: [{ index: 0, delta: { content } }] }));
  return [...events, ...(ends ? ['[DONE]'] : [])].map((event) => `data: ${event}\n\n`).join('');
}

export interface ChatServer extends AsyncDisposable {
  url: string;
  asked: Asked[];
  /** How the next requests are answered. */
  answer: (response: ServerResponse, asked: Asked, request: IncomingMessage) => void;
}

/** A server that speaks OpenAI's chat completions as the test says. */
export async function startChatServer(): Promise<ChatServer> {
  const chat: Omit<ChatServer, typeof Symbol.asyncDispose> = {
    url: '',
    asked: [],
    answer: (response) => void response.end(completion('A summary.')),
  };
  const server = createServer(async (request, response) => {
    const sent = await text(request).catch(() => undefined);
    if (sent === undefined) return; // Who asks was killed in the middle of it.
    const asked: Asked = {
      path: `${request.method} ${request.url}`,
      authorization: request.headers.authorization,
      body: JSON.parse(sent),
    };
    chat.asked.push(asked);
    response.setHeader('content-type', 'application/json');
    chat.answer(response, asked, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  chat.url = `http://127.0.0.1:${address.port}/v1`;
  return Object.assign(chat, {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}
