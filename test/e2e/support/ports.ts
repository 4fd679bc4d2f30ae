import { once } from 'node:events';
import { createServer } from 'node:net';

/** A loopback port that was free a moment ago, for servers that can't tell which one they got. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server.address());
  server.close();
  await once(server, 'close');
  return port;
}

export function portOf(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
  return address.port;
}
