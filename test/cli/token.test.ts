import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '#cli';
// Commands load what they need when they are run: that must not be a test's own time.
import '../../src/cli/token.ts';

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

  it('takes no scope that there isn’t', async () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(await runCli(['token', 'create', '--scope', 'root', '--data-dir', dir], never)).toBe(2);
  });
});
