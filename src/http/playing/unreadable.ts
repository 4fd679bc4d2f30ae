import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { RequestError } from '@hono/node-server';
import { Fault, type Log } from '#runtime';
import { failureOf } from '../envelope.ts';

/** The envelope for a request whose address can't be read, so that no route has seen it. */
export function unreadable(error: unknown, log: Log): Response {
  const fault =
    error instanceof RequestError
      ? new Fault('invalid', 'the path or the header Host is not well formed: send http://HOST:PORT/path')
      : error;
  const { status, body } = failureOf(fault, { method: '?', path: '?' }, log);
  return Response.json(body, { status });
}

/** Answers what is no HTTP request, has too large a head or takes too long to come with the envelope, and closes. */
export function answerUnreadable(server: Server): void {
  const answers = new WeakMap<Duplex, ServerResponse>();
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    answers.set(socket, response);
    response.once('close', () => answers.delete(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const begun = answers.get(socket)?.headersSent ?? false;
    if (error.code === 'ECONNRESET' || !socket.writable || begun) return socket.destroy(error);
    const { status, message } = REASONS[error.code ?? ''] ?? NO_REQUEST;
    const text = JSON.stringify({ success: false, message, error_code: 'invalid' });
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(text)}`,
      'Connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${text}`);
  });
}

const NO_REQUEST = { status: 400, message: 'this is no HTTP request' };
const REASONS: Readonly<Record<string, typeof NO_REQUEST>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    message: 'the path and headers are larger than 16 KiB: send long values in the body',
  },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'the request took too long to come: send it again' },
};
