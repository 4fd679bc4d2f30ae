/** How long a request may take to come in: not long, unless its route has said so. */

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { limitRequestTime, mayTakeLong } from '../../src/http/request-time.ts';

const LIMIT_MS = 100;
let server: ReturnType<typeof createServer>;

beforeEach(async () => {
  server = createServer((request: IncomingMessage, response) => {
    if (request.url === '/patient') mayTakeLong(request);
    if (request.url === '/early') response.writeHead(200).flushHeaders();
    const answer = () => response.end('all of it is here');
    if (request.url === '/slow-answer') return void setTimeout(answer, 3 * LIMIT_MS);
    request.resume().on('end', answer);
  });
  limitRequestTime(server, LIMIT_MS);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => void server.close());

/** Sends the head of a request that announces two bytes, and the first of them, unless it is to be both. */
function begin(path: string, body = 'a'): Socket {
  const { port } = server.address() as AddressInfo; // A TCP server's is always of this form.
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined); // It is cut.
  socket.write(`POST ${path} HTTP/1.1\r\nHost: box\r\nContent-Length: 2\r\nConnection: close\r\n\r\n${body}`);
  return socket;
}

it('cuts a request whose body takes too long, telling why', async () => {
  const answer = await text(begin('/'));
  expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ success: false, error_code: 'invalid' });
});

it('cuts one that is being answered already', async () => {
  expect(await text(begin('/early')).catch(() => 'cut')).not.toContain('all of it');
});

it('lets one that may take long go on, and one that has come in wait for its answer', async () => {
  const patient = begin('/patient');
  const waiting = begin('/slow-answer', 'ab');
  const told = [text(patient), text(waiting)];
  await text(begin('/')); // It was begun after them, and is over.
  patient.write('b');
  expect(await Promise.all(told)).toEqual([
    expect.stringContaining('all of it is here'),
    expect.stringContaining('all of it is here'),
  ]);
});
