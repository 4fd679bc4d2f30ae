import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CatalogueEntry, ModelLibrary, type ModelPack, type PullOptions } from '#models';
import { hubLayout } from './hub-layout.ts';
import { COMMIT, type Hub, serveHub } from './hub-server.ts';
import { serve } from './tiny-pull.ts';

const quiet = pino({ level: 'silent' });
const never = new AbortController().signal;
const LATER = 'decade'.padEnd(40, '0');
const entry: CatalogueEntry = {
  name: 'whisper',
  task: 'speech-recognition',
  adds: 'for tests',
  repo: 'someone/whisper',
  revision: 'main',
  files: Object.keys(hubLayout()),
  licence: 'Apache-2.0',
  memoryMb: 1,
  memoryIs: 'estimated',
  tiers: [],
};

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-lock-'));
});
afterEach(() => rm(dir, { recursive: true }));

const lockFile = () => join(dir, 'models.lock.json');
async function pull(url: string, options: Partial<PullOptions> & { of?: CatalogueEntry } = {}): Promise<ModelPack> {
  const { of = entry, ...more } = options;
  const library = await ModelLibrary.open(dir, quiet, [of]);
  return library.pull(of.name, { signal: never, from: url, env: {}, ...more });
}
const configOf = (pack: ModelPack) => readFile(join(pack.dir, 'config.json'));

/** The branch moves on: what was there stays under its commit. */
function moveOn(hub: Hub): void {
  hub.earlier[hub.commit] = { ...hub.files };
  hub.files['config.json'] = Buffer.from(`${hub.files['config.json']} `);
  hub.commit = LATER;
}

describe('the lock file', () => {
  it('says what was fetched: commit, files, sizes, hashes', async () => {
    await using hub = await serveHub();
    const pack = await pull(hub.url);
    const { packs } = JSON.parse(await readFile(lockFile(), 'utf8'));
    expect(packs).toEqual({ whisper: { from: 'someone/whisper@main', commit: COMMIT, files: expect.any(Array) } });
    const sorted = (files: { name: string }[]) => [...files].sort((a, b) => a.name.localeCompare(b.name));
    expect(sorted(packs.whisper.files)).toEqual(sorted(pack.files));
  });

  it('makes the next pull fetch the same, without asking what there is now', async () => {
    await using hub = await serveHub();
    const first = await configOf(await pull(hub.url));
    moveOn(hub);
    await rm(join(dir, 'whisper'), { recursive: true });
    hub.asked.length = 0;
    expect(await configOf(await pull(hub.url))).toEqual(first);
    expect(hub.asked.filter((one) => one.startsWith('HEAD'))).toEqual([]);
    expect(hub.asked.filter((one) => one.includes('/resolve/main/'))).toEqual([]);
  });

  it('lets a plain file server be a mirror, which tells no hashes', async () => {
    await using hub = await serveHub();
    await pull(hub.url);
    const { files } = hub;
    await using mirror = await serve((request, response) => {
      const name = /^\/someone\/whisper\/resolve\/[0-9a-f]{40}\/(.+)$/.exec(request.url ?? '')?.[1] ?? '';
      response.writeHead(files[name] ? 200 : 404).end(files[name]);
    });
    const pack = await pull(mirror.url);
    expect(await configOf(pack)).toEqual(files['config.json']);
  });

  it('refuses other bytes from the same commit', async () => {
    await using hub = await serveHub();
    await pull(hub.url);
    hub.files['config.json'] = Buffer.from('x'.repeat(hub.files['config.json']?.length ?? 0));
    await expect(pull(hub.url)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/other bytes/),
    });
    expect((await ModelLibrary.open(dir, quiet, [entry])).get('whisper')).toBeDefined();
  });

  it('moves on when it is asked to', async () => {
    await using hub = await serveHub();
    await pull(hub.url);
    moveOn(hub);
    const pack = await pull(hub.url, { update: true });
    expect(await configOf(pack)).toEqual(hub.files['config.json']);
    expect(JSON.parse(await readFile(lockFile(), 'utf8')).packs.whisper.commit).toBe(LATER);
  });

  it('moves on when the catalogue asks for something else', async () => {
    await using hub = await serveHub();
    await pull(hub.url);
    moveOn(hub);
    const pack = await pull(hub.url, { of: { ...entry, revision: LATER } });
    expect(await configOf(pack)).toEqual(hub.files['config.json']);
  });

  it('stays as it was when a pull fails', async () => {
    await using hub = await serveHub();
    await pull(hub.url);
    const before = await readFile(lockFile(), 'utf8');
    moveOn(hub);
    hub.instead = (request, response) => {
      if (request.method !== 'GET') return false;
      response.writeHead(503).end();
      return true;
    };
    await expect(pull(hub.url, { update: true })).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await readFile(lockFile(), 'utf8')).toBe(before);
  });

  it('loses nothing when several packs are pulled at once', async () => {
    await using hub = await serveHub();
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map((name) => pull(hub.url, { of: { ...entry, name } })));
    expect(Object.keys(JSON.parse(await readFile(lockFile(), 'utf8')).packs)).toEqual(names);
  });

  it('is named when it can not be understood', async () => {
    await using hub = await serveHub();
    await writeFile(lockFile(), '{"packs": {"whisper": {}}}');
    await expect(pull(hub.url)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/models\.lock\.json.*put it right, or delete it/),
    });
    expect(hub.asked).toEqual([]);
  });
});

describe('another hub', () => {
  it('is named by HF_ENDPOINT', async () => {
    await using hub = await serveHub();
    const library = await ModelLibrary.open(dir, quiet, [entry]);
    await library.pull('whisper', { signal: never, env: { HF_ENDPOINT: `${hub.url}/` } });
    expect(library.get('whisper')).toBeDefined();
  });
});
