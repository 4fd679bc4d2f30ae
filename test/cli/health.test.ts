import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { health } from '../../src/cli/health.ts';
import { type TempDir, tempDir } from '../e2e/support/temp-dir.ts';

const never = new AbortController().signal;
let dir: TempDir;
let status: number;

/** A box on a port of its own, and the configuration that names it. */
async function box() {
  const server = createServer((_request, response) => response.writeHead(status).end('{}')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server on a port has this kind of address.
  const { port } = server.address() as AddressInfo;
  const config = join(dir.path, 'watchpost.yaml');
  writeFileSync(config, `listen: 127.0.0.1:${port}\n`);
  return { server, port, config };
}

beforeEach(async () => {
  dir = await tempDir();
  status = 200;
});
afterEach(async () => {
  vi.restoreAllMocks();
  await dir[Symbol.asyncDispose]();
});

it('a box that answers works, and one that does not is waited for', async () => {
  const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const { server, port, config } = await box();
  status = 503;
  await expect(health({ config, wait: 0 }, never)).rejects.toThrow(/health: answered 503/);
  const waited = health({ config, wait: 60 }, never);
  await once(server, 'request');
  status = 200;
  await waited;
  expect(said).toHaveBeenCalledExactlyOnceWith(`http://127.0.0.1:${port} works\n`);
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await expect(health({ config, wait: 0 }, never)).rejects.toThrow(/ECONNREFUSED/);
});

it('waiting ends with who waits', async () => {
  status = 503;
  const { server, config } = await box();
  const stop = new AbortController();
  const waiting = health({ config, wait: 600 }, stop.signal);
  await once(server, 'request');
  stop.abort();
  await expect(waiting).rejects.toThrow(/abort/i);
  server.close();
});
