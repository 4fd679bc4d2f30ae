import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { portOf } from './ports.ts';

/** Stands between two peers on loopback. */
export interface Line extends AsyncDisposable {
  port: number;
  /** Ends all connections; new ones get through. */
  cut(): void;
  /** While it is down, whoever connects is cut off at once. */
  down(): void;
  up(): void;
  /** From now on so; without it as fast as it goes. */
  become(faults: LineFaults): void;
  /** Bytes that have come through, there and back. */
  readonly carried: { there: number; back: number };
}

export interface LineFaults {
  /** In each direction. */
  bytesPerSecond?: number;
  /** Each way. */
  delayMs?: number;
  /** A connection breaks after so many bytes there. */
  breakAfterBytes?: number;
}

/** So long the bytes of one portion take at the wanted speed. */
const PORTION_MS = 50;

export async function startLine(port: number): Promise<Line> {
  const sockets = new Set<Socket>();
  let isDown = false;
  let faults: LineFaults = {};
  const carried = { there: 0, back: 0 };
  const free = { there: 0, back: 0 };
  /** All connections share the line: waits until it is this one's turn. */
  const turn = async (way: 'there' | 'back', bytes: number) => {
    const { bytesPerSecond } = faults;
    const now = performance.now();
    free[way] = Math.max(free[way], now) + (bytesPerSecond === undefined ? 0 : (bytes / bytesPerSecond) * 1000);
    if (free[way] > now) await sleep(free[way] - now);
    carried[way] += bytes;
  };
  const carry = async (from: Socket, to: Socket, way: 'there' | 'back') => {
    let through = 0;
    // A socket without an encoding gives buffers.
    for await (const chunk of from as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.byteLength; ) {
        const { bytesPerSecond, breakAfterBytes } = faults;
        const most = bytesPerSecond === undefined ? chunk.byteLength : Math.ceil((bytesPerSecond * PORTION_MS) / 1000);
        const portion = chunk.subarray(at, at + most);
        at += portion.byteLength;
        await turn(way, portion.byteLength);
        through += portion.byteLength;
        if (faults.delayMs) setTimeout(() => to.write(portion), faults.delayMs);
        else if (!to.write(portion)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
        if (way === 'there' && breakAfterBytes !== undefined && through > breakAfterBytes) from.destroy();
      }
    }
    setTimeout(() => to.end(), faults.delayMs ?? 0);
  };
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
    carry(near, far, 'there').catch(() => far.destroy()); // One end has gone: so does the other.
    carry(far, near, 'back').catch(() => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: portOf(server.address()),
    cut,
    carried,
    become: (now) => {
      faults = now;
    },
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
