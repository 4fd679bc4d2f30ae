import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { portOf } from './ports.ts';

/** Stands between two peers on loopback. */
export interface Line extends AsyncDisposable {
  port: number;
  /** Ends all connections; new ones get through. */
  cut(): void;
  /** While it is down, whoever connects is cut off at once. */
  down(): void;
  up(): void;
}

export async function startLine(port: number): Promise<Line> {
  const sockets = new Set<Socket>();
  let isDown = false;
  const server = createServer((near) => {
    if (isDown) return void near.destroy();
    const far = createConnection(port, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: portOf(server.address()),
    cut,
    down: () => {
      isDown = true;
      cut();
    },
    up: () => {
      isDown = false;
    },
    [Symbol.asyncDispose]: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
