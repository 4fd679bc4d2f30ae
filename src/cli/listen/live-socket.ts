import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { Fault, messageOf } from '#runtime';

const HANDSHAKE_MS = 15_000;
/** How long the box may take to say goodbye when we stop. */
const GOODBYE_MS = 1500;
/** The box pings every 20 seconds. When nothing was heard of it for so long, nobody is there any more. */
const SILENCE_MS = 50_000;

/**
 * One connection for live events, until it ends: every message goes to `take`, in order. Returns when `signal` aborts;
 * throws `forbidden` when the address opens nothing (any more), else `unavailable` with why it ended, or what `take` throws.
 */
export function followLive(url: string, take: (text: string) => void, signal: AbortSignal): Promise<void> {
  const socket = new WebSocket(url, { handshakeTimeout: HANDSHAKE_MS });
  return new Promise<void>((resolve, reject) => {
    let problem: unknown;
    const fail = (why: unknown): void => {
      problem ??= why;
      socket.terminate();
    };
    let silence = setTimeout(() => undefined, 0);
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(fail, SILENCE_MS, new Fault('unavailable', `the box was silent for ${SILENCE_MS / 1000} s`));
    };
    const leave = (): void => {
      if (socket.readyState === socket.OPEN) socket.close(1000);
      setTimeout(() => socket.terminate(), socket.readyState === socket.CLOSING ? GOODBYE_MS : 0).unref();
    };
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    heard();
    socket.on('ping', heard);
    socket.on('message', (data: Buffer) => {
      heard();
      try {
        if (problem === undefined) take(data.toString());
      } catch (error) {
        fail(error);
      }
    });
    socket.on('unexpected-response', (_request, answer: IncomingMessage) => fail(refusal(answer)));
    socket.on('error', (error) => {
      problem ??= new Fault('unavailable', messageOf(error));
    });
    socket.once('close', (code, reason) => {
      clearTimeout(silence);
      signal.removeEventListener('abort', leave);
      if (signal.aborted) resolve();
      else reject(problem ?? new Fault('unavailable', `the box ended the connection (${code}) ${reason}`.trimEnd()));
    });
  });
}

function refusal({ statusCode = 0 }: IncomingMessage): Fault {
  const kind = statusCode === 401 || statusCode === 403 ? 'forbidden' : 'unavailable';
  return new Fault(kind, `the box refused the connection (status ${statusCode})`);
}
