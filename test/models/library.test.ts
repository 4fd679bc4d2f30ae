import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CatalogueEntry, ModelLibrary, type Progress } from '#models';

const quiet = pino({ level: 'silent' });
const weights = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 251));
const sha256 = createHash('sha256').update(weights).digest('hex');
const never = new AbortController().signal;

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-library-'));
});
afterEach(() => rm(dir, { recursive: true }));

function entry(url: string): CatalogueEntry {
  return {
    name: 'tiny',
    task: 'object-detection',
    family: 'yolox',
    adds: 'for tests',
    url,
    bytes: weights.length,
    sha256,
    licence: 'Apache-2.0',
    inputSize: { width: 32, height: 32 },
    labels: ['person'],
    memoryMb: 1,
    memoryIs: 'estimated',
    tiers: [],
  };
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that answers the n-th request with the n-th answer, then with the last one again. */
async function serve(...answers: Answer[]): Promise<AsyncDisposable & { url: string; ranges: (string | undefined)[] }> {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    const answer = answers[Math.min(ranges.length, answers.length) - 1];
    answer?.(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}/files/tiny.onnx`,
    ranges,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const whole: Answer = (_request, response) => {
  response.end(weights);
};
const ranged: Answer = (request, response) => {
  const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(206, { 'content-range': `bytes ${start}-${weights.length - 1}/${weights.length}` });
  response.end(weights.subarray(start));
};
/** Sends so many bytes from where it was asked to begin, and leaves the connection open for `breakOff`. */
let unfinished: ServerResponse | undefined;
const partial =
  (bytes: number): Answer =>
  (request, response) => {
    unfinished = response;
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = { 'content-range': `bytes ${start}-${weights.length - 1}/${weights.length}` };
    response.writeHead(start > 0 ? 206 : 200, start > 0 ? range : { 'content-length': weights.length });
    response.write(weights.subarray(start, start + bytes));
  };
/** Breaks the open connection as soon as something has come over it: what is still on its way may be lost. */
const breakOff = () => {
  unfinished?.destroy();
  unfinished = undefined;
};
const status =
  (code: number): Answer =>
  (_request, response) => {
    response.writeHead(code).end();
  };

const open = (url: string) => ModelLibrary.open(dir, quiet, [entry(url)]);
const pull = (library: ModelLibrary, from?: string) =>
  library.pull('tiny', { signal: never, onProgress: breakOff, env: {}, ...(from === undefined ? {} : { from }) });

describe('pulling', () => {
  it('installs what has the pinned hash, tells how far it is, and another library finds it', async () => {
    await using server = await serve(whole);
    const library = await open(server.url);
    const progress: Progress[] = [];
    const pack = await library.pull('tiny', { signal: never, env: {}, onProgress: (now) => progress.push(now) });
    expect(pack).toMatchObject({
      name: 'tiny',
      family: 'yolox',
      bytes: weights.length,
      files: [{ sha256 }],
      labels: ['person'],
    });
    const ended = { done: weights.length, bytes: weights.length, number: 1, of: 1 };
    expect(progress.at(-1)).toEqual({ file: 'tiny.onnx', ...ended });
    expect(await readFile(pack.file)).toEqual(weights);
    expect(await library.verify('tiny')).toEqual({ ok: true });
    expect((await ModelLibrary.open(dir, quiet)).get('tiny')).toEqual(pack);
    expect((await readdir(dir)).sort()).toEqual(['models.lock.json', 'tiny']);
  });

  it('goes on where the connection broke', async () => {
    await using server = await serve(partial(60_000), partial(60_000), ranged);
    await pull(await open(server.url));
    expect(server.ranges[0]).toBe(undefined);
    expect(server.ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
    expect(server.ranges).toHaveLength(3);
  });

  it('goes on where an earlier pull was stopped', async () => {
    await using server = await serve(partial(60_000), status(503), ranged);
    const library = await open(server.url);
    await expect(pull(library)).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringMatching('503') });
    await pull(library);
    expect(server.ranges[2]).toBe(server.ranges[1]);
    expect(await library.verify('tiny')).toEqual({ ok: true });
  });

  it('begins again when the server ignores the range', async () => {
    await using server = await serve(partial(60_000), whole);
    const library = await open(server.url);
    await pull(library);
    expect(server.ranges).toHaveLength(2);
    expect(await library.verify('tiny')).toEqual({ ok: true });
  });

  it('refuses other bytes, and begins from nothing afterwards', async () => {
    const wrong: Answer = (_request, response) => response.end(Buffer.alloc(weights.length));
    await using server = await serve(wrong, whole);
    const library = await open(server.url);
    await expect(pull(library)).rejects.toMatchObject({ kind: 'invalid', message: expect.stringMatching(sha256) });
    expect(library.get('tiny')).toBe(undefined);
    await pull(library);
    expect(server.ranges).toEqual([undefined, undefined]);
  });

  it('refuses more bytes than the pinned file has', async () => {
    const endless: Answer = (_request, response) => response.end(Buffer.alloc(weights.length * 2));
    await using server = await serve(endless);
    await expect(pull(await open(server.url))).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching('more than'),
    });
  });

  it('takes the same file from a mirror', async () => {
    await using server = await serve(whole);
    const library = await open('http://127.0.0.1:9/away/tiny.onnx');
    await expect(pull(library)).rejects.toMatchObject({ kind: 'unavailable' });
    await pull(library, `${server.url.replace('/tiny.onnx', '')}/`);
    expect(library.get('tiny')).toBeDefined();
  });

  it('stops when told to, and shows no credentials of the address', async () => {
    const stop = new AbortController();
    await using server = await serve((_request, response) => {
      response.write(weights.subarray(0, 1000), () => stop.abort());
    });
    const library = await open(server.url);
    await expect(library.pull('tiny', { signal: stop.signal, env: {} })).rejects.toThrow('abort');
    const failure = await pull(library, 'http://user:canary@127.0.0.1:9').catch((error: Error) => error.message);
    expect(failure).not.toContain('canary');
  });

  it('happens once at a time, and survives the lock of a dead process', async () => {
    let finish = () => {};
    await using server = await serve((_request, response) => {
      finish = () => response.end(weights);
    });
    const library = await open(server.url);
    await writeFile(join(dir, '.tiny.lock'), '4194304');
    const first = pull(library);
    await expect(pull(library)).rejects.toMatchObject({ kind: 'conflict' });
    await expect.poll(() => server.ranges.length).toBe(1);
    finish();
    await first;
    expect(existsSync(join(dir, '.tiny.lock'))).toBe(false);
  });

  it('names what the catalogue has', async () => {
    const library = await open('http://127.0.0.1:9/tiny.onnx');
    await expect(library.pull('huge', { signal: never, env: {} })).rejects.toMatchObject({
      kind: 'not_found',
      message: 'the catalogue has no pack huge; it has tiny',
    });
  });
});

const manifest = {
  name: 'tiny',
  task: 'object-detection',
  file: 'tiny.onnx',
  licence: 'Apache-2.0',
  labels: 'labels.txt',
  inputs: { images: 'float32 [1,3,192,256]' },
  outputs: { output: 'float32 [1,1008,6]' },
};

async function packFolder(changes: Record<string, unknown> = {}): Promise<string> {
  const folder = join(dir, 'source');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.json'), JSON.stringify({ ...manifest, ...changes }));
  await writeFile(join(folder, 'tiny.onnx'), weights);
  await writeFile(join(folder, 'labels.txt'), 'person\ncar\n');
  await writeFile(join(folder, 'LICENSE'), 'the licence');
  return folder;
}

describe('importing', () => {
  const library = () => ModelLibrary.open(join(dir, 'models'), quiet);

  it('copies the folder, infers family and size, and records the hash', async () => {
    const pack = await (await library()).importPack(await packFolder());
    expect(pack).toMatchObject({
      family: 'yolox',
      inputSize: { width: 256, height: 192 },
      labels: ['person', 'car'],
      bytes: weights.length,
      files: [{ name: 'tiny.onnx', bytes: weights.length, sha256 }],
    });
    expect((await readdir(pack.dir)).sort()).toEqual(['LICENSE', 'labels.txt', 'model.json', 'tiny.onnx']);
    expect(JSON.parse(await readFile(join(pack.dir, 'model.json'), 'utf8'))).toMatchObject({
      sha256,
      licence: 'Apache-2.0',
    });
  });

  it('replaces a pack only when the new one is whole', async () => {
    const models = await library();
    await models.importPack(await packFolder());
    await expect(models.importPack(await packFolder({ sha256: '0'.repeat(64) }))).rejects.toMatchObject({
      kind: 'invalid',
    });
    expect(await models.verify('tiny')).toEqual({ ok: true });
    expect((await models.importPack(await packFolder({ licence: 'MIT' }))).licence).toBe('MIT');
    expect(await readdir(join(dir, 'models'))).toEqual(['tiny']);
  });

  it.each([
    [{ sha256: 'f'.repeat(64) }, /has sha256 .* where model\.json says f{64}/],
    [{ bytes: 17 }, /has 200000 bytes where model\.json says 17/],
    [{ file: 'other.onnx' }, /other\.onnx, which the pack needs, is missing/],
    [{ file: '../tiny.onnx' }, /file: must be a plain name/],
    [{ name: '../up' }, /name: must be a plain name/],
    [{ labels: 'absent.txt' }, /absent\.txt can't be read/],
    [{ task: 'speech' }, /is for "speech"; this version uses object-detection, face-detection, .*voice-activity/],
    [{ labels: undefined }, /needs labels/],
    [{ family: 'ssd' }, /family "ssd" is not supported; supported are yolox, deim/],
    [{ outputs: { '758': 'float32' } }, /family "not stated" is not supported/],
    [{ inputs: {} }, /needs inputSize/],
  ])('names what is wrong: %j', async (changes, problem) => {
    const models = await library();
    await expect(models.importPack(await packFolder(changes))).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(problem),
    });
    expect(models.list()).toEqual([]);
  });

  it('says that a folder without model.json is no pack', async () => {
    await expect((await library()).importPack(join(dir, 'nothing'))).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching('a pack is a folder with'),
    });
  });
});

describe('what lies there', () => {
  it('notices damage: size at once, content when verified', async () => {
    const models = await ModelLibrary.open(join(dir, 'models'), quiet);
    const pack = await models.importPack(await packFolder());
    await writeFile(pack.file, Buffer.alloc(weights.length));
    expect(await models.verify('tiny')).toMatchObject({
      ok: false,
      problem: expect.stringMatching('pull or import it again'),
    });
    await appendFile(pack.file, 'more');
    await models.refresh();
    expect(models.get('tiny')).toBe(undefined);
    expect(models.list()).toMatchObject([{ pack: { name: 'tiny' }, problem: expect.stringMatching('200004 bytes') }]);
    expect(await models.verify('absent')).toMatchObject({ ok: false });
  });

  it('brings back the old pack when the appliance died between two renames, and leaves other folders out', async () => {
    const models = await ModelLibrary.open(join(dir, 'models'), quiet);
    const pack = await models.importPack(await packFolder());
    await rename(pack.dir, join(dir, 'models', '.tiny.old'));
    await mkdir(join(dir, 'models', 'lost+found'));
    const again = await ModelLibrary.open(join(dir, 'models'), quiet);
    expect(again.list().map((installed) => installed.pack.name)).toEqual(['tiny']);
  });
});
