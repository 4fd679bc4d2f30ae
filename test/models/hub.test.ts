import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Response } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CatalogueEntry, ModelLibrary, type ModelPack, type Progress, type PullOptions } from '#models';
import { askHub } from '../../src/models/hub.ts';
import { writerFiles } from '../inference/tiny-writer.ts';
import { hubLayout } from './hub-layout.ts';
import { COMMIT, type Hub, serveHub } from './hub-server.ts';

const quiet = pino({ level: 'silent' });
const never = new AbortController().signal;
const entry: CatalogueEntry = {
  name: 'whisper-tiny.en',
  task: 'speech-recognition',
  adds: 'for tests',
  repo: 'someone/whisper-tiny.en',
  revision: 'main',
  files: Object.keys(hubLayout()),
  licence: 'Apache-2.0',
  memoryMb: 1,
  memoryIs: 'estimated',
  tiers: [],
};

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-hub-'));
});
afterEach(() => rm(dir, { recursive: true }));

const open = () => ModelLibrary.open(join(dir, 'models'), quiet, [entry]);
const pull = (library: ModelLibrary, hub: Hub, options: Partial<PullOptions> = {}) =>
  library.pull(entry.name, { signal: never, from: hub.url, env: {}, ...options });

describe('pulling a pack of several files', () => {
  it('asks the hub what they must be, takes all of one commit, and records them', async () => {
    await using hub = await serveHub();
    const library = await open();
    const progress: Progress[] = [];
    const pack: ModelPack = await pull(library, hub, { onProgress: (now) => progress.push(now) });
    expect(pack).toMatchObject({ name: 'whisper-tiny.en', task: 'speech-recognition', licence: 'Apache-2.0' });
    expect(pack.files.map(({ name }) => name).sort()).toEqual([...entry.files].sort());
    expect(await library.verify(entry.name)).toEqual({ ok: true });
    const manifest = JSON.parse(await readFile(join(pack.dir, 'model.json'), 'utf8'));
    expect(manifest.source).toEqual({ repo: 'someone/whisper-tiny.en', revision: COMMIT });
    const fetched = hub.asked.filter((one) => one.startsWith('GET') && one.includes('/resolve/'));
    expect(fetched).toEqual(entry.files.map((name) => `GET /someone/whisper-tiny.en/resolve/${COMMIT}/${name}`));
    const ended = progress.filter(({ done, bytes }) => done === bytes).map(({ file, number }) => `${number} ${file}`);
    expect([...new Set(ended)]).toEqual(entry.files.map((name, at) => `${at + 1} ${name}`));
    expect(progress[0]).toMatchObject({ of: entry.files.length, bytes: hub.files['config.json']?.length });
  });

  it('takes one that writes text in the same way', async () => {
    const files = writerFiles({ says: ['.'] });
    await using hub = await serveHub(files);
    const text: CatalogueEntry = {
      name: 'smol',
      task: 'text-generation',
      adds: 'for tests',
      repo: 'someone/smol',
      revision: 'main',
      files: Object.keys(files),
      licence: 'MIT',
      memoryMb: 1,
      memoryIs: 'estimated',
      tiers: [],
    };
    const library = await ModelLibrary.open(join(dir, 'models'), quiet, [text]);
    const pack = await library.pull('smol', { signal: never, from: hub.url, env: {} });
    expect(pack).toMatchObject({ name: 'smol', task: 'text-generation', licence: 'MIT', precision: 'fp32' });
    expect(await library.verify('smol')).toEqual({ ok: true });
    expect(library.forTask('text-generation')).toHaveLength(1);
  });

  it('goes on after the file that failed', async () => {
    await using hub = await serveHub();
    hub.instead = (request, response, name) => {
      if (request.method !== 'GET' || name !== 'onnx/encoder_model.onnx') return false;
      response.writeHead(503).end();
      return true;
    };
    const library = await open();
    await expect(pull(library, hub)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching('503'),
    });
    expect(library.list()).toEqual([]);
    hub.instead = () => false;
    hub.asked.length = 0;
    await pull(library, hub);
    const fetched = hub.asked.filter((one) => one.startsWith('GET') && one.includes('/resolve/'));
    expect(fetched.map((one) => one.split(`${COMMIT}/`)[1])).toEqual([
      'onnx/encoder_model.onnx',
      'onnx/decoder_model_merged.onnx',
    ]);
  });

  it('fetches anew what the hub has changed since, and drops what no longer belongs to it', async () => {
    await using hub = await serveHub();
    hub.instead = (request, response, name) => {
      if (request.method !== 'GET' || name !== 'onnx/decoder_model_merged.onnx') return false;
      response.writeHead(503).end();
      return true;
    };
    const older: CatalogueEntry = { ...entry, files: ['onnx/encoder_model_quantized.onnx', ...entry.files] };
    hub.files['onnx/encoder_model_quantized.onnx'] = Buffer.from(hubLayout()['onnx/encoder_model.onnx'] ?? '');
    const before = await ModelLibrary.open(join(dir, 'models'), quiet, [older]);
    await expect(pull(before, hub)).rejects.toMatchObject({ kind: 'unavailable' });
    hub.instead = () => false;
    hub.files['config.json'] = Buffer.from(`${hub.files['config.json']} `);
    const pack = await pull(await open(), hub);
    expect(await readFile(join(pack.dir, 'config.json'))).toEqual(hub.files['config.json']);
    expect(pack).toMatchObject({ precision: { encoder: 'fp32' } });
    expect((await readdir(join(pack.dir, 'onnx'))).sort()).toEqual(['decoder_model_merged.onnx', 'encoder_model.onnx']);
  });

  it.each(['config.json', 'onnx/encoder_model.onnx'])('refuses other bytes than the hub spoke of: %s', async (name) => {
    await using hub = await serveHub();
    hub.instead = (request, response) => {
      if (request.method !== 'GET' || !(request.url ?? '').endsWith(name) || !hub.files[name]) return false;
      response.end(Buffer.alloc(hub.files[name].length));
      return true;
    };
    const library = await open();
    await expect(pull(library, hub)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching('sent other bytes'),
    });
    expect(library.get(entry.name)).toBe(undefined);
    expect(await readdir(join(dir, 'models', `.${entry.name}.incoming`))).not.toContain(name);
  });

  it('refuses a whole file that is no model', async () => {
    await using hub = await serveHub();
    hub.files['onnx/encoder_model.onnx'] = Buffer.from('<html>Please log in</html>');
    await expect(pull(await open(), hub)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/encoder_model\.onnx is no/),
    });
  });

  it.each([
    ['a hub that has too much to do', 429, {}, /answered 429: too much was asked/],
    ['a hub that tells no hash', 200, { 'content-length': '5' }, /tells neither size nor hash/],
    [
      'a hub that leads round in circles',
      302,
      { location: '/someone/whisper-tiny.en/resolve/main/config.json' },
      /circles/,
    ],
  ])('says what is wrong with %s', async (_, status, headers, problem) => {
    await using hub = await serveHub();
    hub.instead = (_request, response) => {
      response.writeHead(status, headers).end();
      return true;
    };
    await expect(pull(await open(), hub)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(problem),
    });
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    await using hub = await serveHub();
    hub.instead = () => {
      stop.abort();
      return true;
    };
    await expect((await open()).pull(entry.name, { signal: stop.signal, from: hub.url, env: {} })).rejects.toThrow(
      'abort',
    );
  });
});

describe('asking a hub', () => {
  const answering = (status: number, headers: Record<string, string>) => ({
    request: async () => new Response(null, { status, headers }),
  });

  it('believes nothing that is said without TLS of what was asked with it', async () => {
    const web = answering(302, { location: 'http://elsewhere.example/config.json' });
    await expect(askHub(web, 'https://hub.example/config.json', never)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/without TLS \(http:\/\/elsewhere/),
    });
  });

  it('takes a commit that can stand in an address, and no other', async () => {
    const facts = { etag: `"${'a'.repeat(64)}"`, 'content-length': '7' };
    const commitOf = async (commit: string) => {
      const web = answering(200, { ...facts, 'x-repo-commit': commit });
      return (await askHub(web, 'https://hub.example/config.json', never)).commit;
    };
    expect(await commitOf(COMMIT)).toBe(COMMIT);
    expect(await commitOf('../../elsewhere')).toBe(undefined);
  });
});
