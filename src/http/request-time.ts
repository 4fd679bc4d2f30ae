import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** A request must have come in within this time, however slowly its bytes drip. */
const REQUEST_MS = 60_000;

const patient = new WeakSet<IncomingMessage>();

/** Takes the limit off this request; the one on silence stays. To be called when its sender is known to be allowed. */
export function mayTakeLong(request: IncomingMessage): void {
  patient.add(request);
}

/** Cuts requests that take too long to come in. Node's own limit knows no exceptions, so the server must have it off. */
export function limitRequestTime(server: Server, limitMs = REQUEST_MS): void {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.complete) return;
    const timer = setTimeout(() => {
      if (request.complete || patient.has(request)) return;
      if (!response.headersSent) request.socket.write(TIMEOUT);
      request.socket.destroySoon();
    }, limitMs);
    response.once('close', () => clearTimeout(timer));
    request.once('end', () => clearTimeout(timer));
  });
}

const BODY = JSON.stringify({
  success: false,
  message: `the request took longer than ${REQUEST_MS / 1000} s to come in`,
  error_code: 'invalid',
});
const TIMEOUT = [
  'HTTP/1.1 408 Request Timeout',
  'Content-Type: application/json',
  `Content-Length: ${BODY.length}`,
  'Connection: close',
  '',
  BODY,
].join('\r\n');
