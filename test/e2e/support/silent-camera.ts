import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { portOf } from './ports.ts';

export interface Listener extends AsyncDisposable {
  port: number;
  connections: number;
}

/** Takes connections and never says a word: a camera that hangs. */
export async function startSilentCamera(): Promise<Listener> {
  const sockets = new Set<Socket>();
  const listener = {
    port: 0,
    connections: 0,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  const server = createServer((socket) => {
    listener.connections += 1;
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  listener.port = portOf(server.address());
  return listener;
}
