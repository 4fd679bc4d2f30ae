import type { Server } from 'node:net';
import { Fault } from '#runtime';

/** The port that a listening TCP server was given. */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Fault('internal', 'the server does not listen on TCP');
  return address.port;
}
