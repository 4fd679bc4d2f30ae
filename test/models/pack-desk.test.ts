import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ModelLibrary, PackDesk } from '#models';
import { tinyModel, writePack } from '../inference/tiny-onnx.ts';
import { entry, quiet, serve, weights, whole } from './tiny-pull.ts';

const soon = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-desk-'));
});
afterEach(() => rm(dir, { recursive: true }));

const tiny = async (desk: PackDesk) => (await desk.list()).find(({ name }) => name === 'tiny');

describe('packs for who asks from afar', () => {
  it('are fetched with progress, one at a time, and those who use them find out', async () => {
    let finish: () => void = () => undefined;
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': weights.length });
      response.write(weights.subarray(0, 1_500_000));
      finish = () => response.end(weights.subarray(1_500_000));
    });
    const used = await ModelLibrary.open(dir, quiet, []);
    await using desk = await PackDesk.open(dir, quiet, [entry(server.url)]);
    expect(await tiny(desk)).toMatchObject({ here: false, bytes: weights.length, adds: 'for tests' });
    desk.pull('tiny', {});
    expect(() => desk.pull('tiny', {})).toThrowError(expect.objectContaining({ kind: 'conflict' }));
    await soon(async () => expect((await tiny(desk))?.pull).toEqual({ state: 'fetching', percentage: 50 }));
    await expect(desk.remove('tiny')).rejects.toMatchObject({ kind: 'not_found' });
    finish();
    await soon(async () => expect(await tiny(desk)).toMatchObject({ pull: { state: 'done', percentage: 100 } }));
    expect(await tiny(desk)).toMatchObject({ here: true });
    expect(await used.lookForChanges()).toEqual(['voice-activity']);
  });

  it('say why they were not fetched, and may be asked for again', async () => {
    let answers: typeof whole = (_request, response) => response.writeHead(404).end();
    await using server = await serve((request, response) => answers(request, response));
    await using desk = await PackDesk.open(dir, quiet, [entry(server.url)]);
    desk.pull('tiny', {});
    await soon(async () =>
      expect((await tiny(desk))?.pull).toMatchObject({ state: 'failed', error: expect.stringContaining('404') }),
    );
    answers = whole;
    desk.pull('tiny', {});
    await soon(async () => expect((await tiny(desk))?.pull?.state).toBe('done'));
  });

  it('ask for their licence, and are of the catalogue', async () => {
    await using server = await serve(whole);
    await using desk = await PackDesk.open(dir, quiet, [entry(server.url, 'CC-BY-NC-4.0')]);
    expect(() => desk.pull('tiny', {})).toThrowError(expect.objectContaining({ kind: 'refused' }));
    expect(() => desk.pull('../tiny', {})).toThrowError(expect.objectContaining({ kind: 'not_found' }));
    desk.pull('tiny', { acceptedLicences: ['CC-BY-NC-4.0'] });
    await soon(async () => expect((await tiny(desk))?.pull?.state).toBe('done'));
  });

  it('are removed whole', async () => {
    await writePack(dir, tinyModel(), 'mine');
    const used = await ModelLibrary.open(dir, quiet, []);
    await using desk = await PackDesk.open(dir, quiet, []);
    expect(await desk.list()).toMatchObject([{ name: 'mine', here: true }]);
    await desk.remove('mine');
    expect(await desk.list()).toEqual([]);
    expect((await readdir(dir)).filter((name) => name.includes('mine'))).toEqual([]);
    expect(await used.lookForChanges()).not.toEqual([]);
    await expect(desk.remove('mine')).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('stop coming when the box stops', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': weights.length });
      response.write(weights.subarray(0, 1000));
    });
    const desk = await PackDesk.open(dir, quiet, [entry(server.url)]);
    desk.pull('tiny', {});
    await soon(() => expect(server.asked).toHaveLength(1));
    await desk[Symbol.asyncDispose]();
    expect((await tiny(desk))?.pull?.state).toBe('failed');
  });
});
