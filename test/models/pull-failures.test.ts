import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelLibrary } from '#models';
import { digest, entry, failure, pull, quiet, serve, weights, whole } from './tiny-pull.ts';

const run = promisify(execFile);
const MB = 2 ** 20;

let dir: string;
let models: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-pull-'));
  models = join(dir, 'models');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Neither a pack nor a lock on one is left. */
async function nothingInstalled(): Promise<void> {
  const library = await ModelLibrary.open(models, quiet, []);
  expect(library.list()).toEqual([]);
  const names = await readdir(models);
  expect(names.filter((name) => name !== '.tiny.incoming')).toEqual([]);
}

describe('a pull that can not succeed', () => {
  it('finds out before it begins that there is too little room, and names both numbers', async () => {
    await using server = await serve(whole);
    const free = async () => 100 * MB;
    expect(await failure(pull(models, entry(server.url), { free }))).toMatchObject({
      kind: 'too_large',
      message: expect.stringMatching(/tiny needs 3\.0 MB .*has 104\.9 MB free, and 268\.4 MB must stay free/),
    });
    expect(server.asked).toEqual([]);
    await nothingInstalled();
    await pull(models, entry(server.url), { free: async () => 260 * MB });
  });

  it('counts what has come already as room', async () => {
    await using server = await serve(whole);
    await mkdir(join(models, '.tiny.incoming'), { recursive: true });
    await writeFile(join(models, '.tiny.incoming', 'tiny.onnx'), weights);
    await pull(models, entry(server.url), { free: async () => 0 });
    expect(server.asked).toEqual([]);
  });

  it('leaves nothing on a disk that fills up meanwhile', async (context) => {
    await mkdir(models);
    const mounted = await failure(run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'watchpost-test', models]));
    if (mounted) context.skip('only root may mount a small disk');
    try {
      await using server = await serve(whole);
      expect(await failure(pull(models, entry(server.url), { free: async () => 1000 * MB }))).toMatchObject({
        kind: 'too_large',
        message: expect.stringMatching(/became full after \d\.\d MB of 3\.0 MB, which were deleted: free some space/),
      });
      await nothingInstalled();
      expect(await readdir(join(models, '.tiny.incoming'))).toEqual([]);
    } finally {
      await run('umount', [models]);
    }
  });

  it.each([
    [404, 'not_found', /answered 404: the file is not there/],
    [403, 'unavailable', /answered 403: .*import the pack/],
    [503, 'unavailable', /answered 503: try later/],
  ])('says what to do when the server answers %i', async (status, kind, message) => {
    await using server = await serve((_request, response) => {
      response.writeHead(status).end('<html>');
    });
    expect(await failure(pull(models, entry(server.url)))).toMatchObject({
      kind,
      message: expect.stringMatching(message),
    });
    await nothingInstalled();
  });

  it('says that there is no network, and what to do without one', async () => {
    const error = await failure(pull(models, entry('http://hub.invalid')));
    expect(error).toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/hub\.invalid.*ENOTFOUND|EAI_AGAIN/),
    });
    expect(error?.message).toMatch(/HTTPS_PROXY.*--from.*watchpost models import DIR/);
    await nothingInstalled();
  });

  it('follows redirects, but not for ever', async () => {
    await using server = await serve((request, response) => {
      const to = request.url === '/tiny.onnx' ? '/elsewhere' : request.url === '/round' ? '/round' : undefined;
      if (to) response.writeHead(302, { location: to }).end();
      else response.end(weights);
    });
    await pull(models, entry(server.url));
    expect(server.asked).toEqual(['GET /tiny.onnx', 'GET /elsewhere']);
    await rm(models, { recursive: true });
    const circular = { ...entry(server.url), url: `${server.url}/round` };
    expect(await failure(pull(models, circular))).toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/redirect/),
    });
    await nothingInstalled();
  });

  it('begins anew when the file on the server is shorter than what has come', async () => {
    const part = `tiny.onnx.${digest.slice(0, 8)}.part`;
    await mkdir(join(models, '.tiny.incoming'), { recursive: true });
    await writeFile(join(models, '.tiny.incoming', part), weights.subarray(0, 2_000_000));
    await using server = await serve((request, response) => {
      if (request.headers.range) response.writeHead(416).end();
      else response.end(weights);
    });
    expect(await failure(pull(models, entry(server.url)))).toMatchObject({
      message: expect.stringMatching(/416.*begin anew/),
    });
    await pull(models, entry(server.url));
    expect((await stat(join(models, 'tiny', 'tiny.onnx'))).size).toBe(weights.length);
  });
});

describe('licences', () => {
  it('takes open ones, others only when they are accepted by name', async () => {
    await using server = await serve(whole);
    const own = entry(server.url, 'Example Research Licence');
    expect(await failure(pull(models, own, { acceptedLicences: ['Another'] }))).toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/"Example Research Licence".*--accept-licence "Example Research Licence"/),
    });
    expect(server.asked).toEqual([]);
    await nothingInstalled();
    const library = await pull(models, own, { acceptedLicences: ['example research licence'] });
    expect(library.get('tiny')?.licence).toBe('Example Research Licence');
  });
});
