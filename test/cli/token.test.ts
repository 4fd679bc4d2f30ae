import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { createAdaptorServer } from '@hono/node-server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '#cli';
// Commands load what they need when they are run: that must not be a test's own time.
import { printCode } from '../../src/cli/token.ts';
import { freePort } from '../e2e/support/ports.ts';
import { openBox } from '../http/box.ts';

const never = new AbortController().signal;
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-cli-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dir, { recursive: true });
});

async function printed(...args: string[]): Promise<string> {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  expect(await runCli(['token', ...args, '--data-dir', dir], never)).toBe(0);
  vi.restoreAllMocks();
  return written.join('');
}

describe('token', () => {
  it('makes keys for what they are for, lists them without the key itself, and ends them', async () => {
    const key = await printed('create', '--label', 'laptop');
    expect(key).toMatch(/^sk-[\w-]{32}\n$/);
    await printed('create', '--label', 'other box', '--scope', 'edge');
    await printed('create', '--label', 'wall', '--scope', 'read', 'control');
    const list = await printed('list');
    expect(list).toMatch(/^1\tlaptop\tall\t\d{4}-\d\d-\d\dT[\d:.]+Z\tnever$/m);
    expect(list).toMatch(/^2\tother box\tedge\t/m);
    expect(list).toMatch(/^3\twall\tread control\t/m);
    expect(list).not.toContain(key.trim());
    await printed('revoke', '2');
    expect((await printed('list')).split('\n').map((line) => line.split('\t')[0])).toEqual(['number', '1', '3', '']);
    await expect(runCli(['token', 'revoke', '2', '--data-dir', dir], never)).rejects.toMatchObject({
      kind: 'not_found',
      message: expect.stringContaining('token list'),
    });
  });

  it('code prints where the page is and a one-time code for it, as the running box gives it for a key', async () => {
    await using box = await openBox();
    await using server = createAdaptorServer({ fetch: box.app.fetch });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    // A server on a port has this kind of address.
    const { port } = server.address() as AddressInfo;
    const config = join(dir, 'watchpost.yaml');
    await writeFile(config, `listen: 127.0.0.1:${port}\n`);
    const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await printCode({ config }, Readable.from(['sk-right\n']), never);
    const [line = ''] = said.mock.lastCall ?? [];
    const code = new RegExp(`^http://127\\.0\\.0\\.1:${port}  code (\\d{4}-\\d{4}) `).exec(String(line))?.[1];
    const signedIn = await box.app.request('http://box/v1/session', { method: 'POST', body: JSON.stringify({ code }) });
    expect(signedIn.status).toBe(200);
    await expect(printCode({ config }, Readable.from(['sk-wrong']), never)).rejects.toMatchObject({
      kind: 'unauthorized',
    });
  });

  it('code waits for no key any more when it is stopped', async () => {
    const stop = new AbortController();
    const asked = printCode({}, new PassThrough(), stop.signal);
    stop.abort();
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('code says so where no box runs', async () => {
    const config = join(dir, 'watchpost.yaml');
    await writeFile(config, `listen: 127.0.0.1:${await freePort()}\n`);
    await expect(printCode({ config }, Readable.from(['sk-right']), never)).rejects.toThrow(
      'does not answer: is Watchpost running?',
    );
  });

  it('takes no scope that there isn’t', async () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(await runCli(['token', 'create', '--scope', 'root', '--data-dir', dir], never)).toBe(2);
  });
});
