import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { Outlet } from '../../src/ingest/outlet.ts';
import { portOf } from '../e2e/support/ports.ts';

const MIB = 1024 * 1024;
const picture = (n: number) => Buffer.alloc(MIB, n);

it('a reader that hangs is sent no more than it can be, and the newest when it goes on', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reader = connect(portOf(server.address()), '127.0.0.1');
  const [socket]: Socket[] = await once(server, 'connection');
  if (!socket) throw new Error('nobody came');
  const outlet = new Outlet(socket);
  reader.pause();
  for (let n = 0; n < 100; n += 1) outlet.send(picture(1));
  expect(socket.writableLength).toBeLessThan(10 * MIB);
  expect(outlet.dropped).toBeGreaterThan(60);

  let read = 0;
  const seen = new Set<number>();
  reader.on('data', (data: Buffer) => {
    read += data.length;
    for (const byte of data) seen.add(byte);
  });
  reader.resume();
  while (socket.writableLength > 0) await once(socket, 'drain');
  outlet.send(picture(2), false); // Only understood with what was dropped.
  outlet.send(picture(3), true);
  outlet.send(picture(4), false);
  socket.end();
  await once(reader, 'end');
  expect([...seen].sort()).toEqual([1, 3, 4]);
  expect(read).toBe((100 + 3 - outlet.dropped) * MIB);
  server.close();
});
