import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { RtspParts } from '../../../src/cli/capture/rtsp-parts.ts';

/** What takes RTSP in place of a box: answers each request, and remembers it. */
export interface RtspStandIn extends AsyncDisposable {
  url: string;
  /** The first line of each request. */
  asked: string[];
  packets: Buffer[];
  sockets: Set<Socket>;
  /** What it answers to RECORD. */
  answer: string;
}

export async function rtspStandIn(): Promise<RtspStandIn> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    const parts = new RtspParts();
    socket.on('data', (chunk: Buffer) => {
      for (const part of parts.push(chunk)) {
        if ('packet' in part) {
          standIn.packets.push(part.packet);
          continue;
        }
        standIn.asked.push(part.head.split('\r\n')[0] ?? '');
        const status = part.head.startsWith('RECORD') ? standIn.answer : '200 OK';
        socket.write(`RTSP/1.0 ${status}\r\n${/^cseq:.*$/im.exec(part.head)?.[0]}\r\n\r\n`);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // It listens on TCP.
  const standIn: RtspStandIn = {
    url: `rtsp://127.0.0.1:${port}/rts-1/secret`,
    asked: [],
    packets: [],
    sockets,
    answer: '200 OK',
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return standIn;
}
