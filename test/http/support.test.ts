import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examineApart } from '#app';
import { hashKey } from '#domain';
import { createLog, RecentLines } from '#runtime';
import { addStream, type Box, openBox } from './box.ts';

const run = promisify(execFile);
let box: Box;
const recentLog = new RecentLines();
beforeEach(async () => {
  box = await openBox({ recentLog });
});
afterEach(() => box[Symbol.asyncDispose]());

/** The files of the bundle, as the machine's own tar unpacks them. */
async function bundle(): Promise<Record<string, string>> {
  const response = await box.app.request('http://box/v1/control/support', {
    headers: { 'x-access-token': 'sk-right' },
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-disposition')).toContain(`watchpost-${box.store.boxId}-`);
  const dir = join(box.dir, 'unpacked');
  await mkdir(dir, { recursive: true });
  await writeFile(join(box.dir, 'support.tar.gz'), Buffer.from(await response.arrayBuffer()));
  await run('tar', ['-xzf', join(box.dir, 'support.tar.gz'), '-C', dir]);
  const names = await readdir(dir);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name), 'utf8')])),
  );
}

describe('the support bundle', () => {
  it('has what helps, and no secret', async () => {
    box.deps.examine = (signal) => examineApart(box.dir, signal);
    addStream(box.store, { name: 'Gate', url: 'rtsp://admin:canary-url@10.0.0.9/stream1' });
    box.store.keys.add(hashKey('sk-canary-key'), 'laptop');
    createLog('debug', { write: () => true } as unknown as NodeJS.WritableStream, recentLog).warn(
      { url: 'rtsp://admin:canary-log@10.0.0.9/' },
      'camera away',
    );
    await box.call('POST', '/v1/control/keys', { label: 'wall', scopes: ['read'] });
    const files = await bundle();
    expect(Object.keys(files).sort()).toEqual([
      'about.json',
      'attention.json',
      'audit.json',
      'clock-steps.json',
      'configuration.json',
      'configuration.yaml',
      'doctor.json',
      'log.jsonl',
      'metrics.txt',
      'status.json',
    ]);
    const all = Object.values(files).join('\n');
    expect(all).not.toContain('canary');
    expect(all).not.toContain(box.store.signingKey.toString('hex'));
    expect(JSON.parse(files['about.json'] ?? '')).toMatchObject({ version: '0.0.0-test', boxId: box.store.boxId });
    expect(JSON.parse(files['doctor.json'] ?? '')).toContainEqual(
      expect.objectContaining({ what: 'database', level: 'ok' }),
    );
    expect(files['log.jsonl']).toContain('rtsp://***@10.0.0.9/');
    expect(files['status.json']).toContain('Gate');
    expect(files['audit.json']).toContain('POST /v1/control/keys');
    expect(files['metrics.txt']).toContain('watchpost_info');
  });

  it('comes without the part that can not be had, and says why', async () => {
    box.deps.examine = () => Promise.reject(new Error('it took too long'));
    const files = await bundle();
    expect(files['doctor.json']).toBe('not to be had: it took too long');
    expect(files['status.json']).toContain('test box');
  });
});
