import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { takePidFile } from '../../../src/cli/listen/pid-file.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'watchpost-pid-'));
  path = join(dir, 'videodb_ws_pid');
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Lives until its input ends. */
async function living(...args: string[]) {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()', ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(child, 'spawn');
  const ended = once(child, 'close');
  return { pid: child.pid ?? 0, end: () => child.stdin.end(), ended };
}

it('names the process, and goes with it', () => {
  {
    using _seat = takePidFile(path);
    expect(readFileSync(path, 'utf8')).toBe(String(process.pid));
    expect(readdirSync(dir)).toEqual(['videodb_ws_pid']);
  }
  expect(readdirSync(dir)).toEqual([]);
});

it('refuses a second listener, by the number of the first', async () => {
  const first = await living('listen');
  writeFileSync(path, `${first.pid}\n`);
  expect(() => takePidFile(path)).toThrow(new RegExp(`another listener \\(process ${first.pid}\\).*kill ${first.pid}`));
  expect(readdirSync(dir)).toEqual(['videodb_ws_pid']);
  first.end();
  await first.ended;
  takePidFile(path)[Symbol.dispose]();
});

it('takes over from one that was killed, also when its number is another’s now', async () => {
  const other = await living('something-else');
  writeFileSync(path, String(other.pid));
  {
    using _seat = takePidFile(path);
    expect(readFileSync(path, 'utf8')).toBe(String(process.pid));
  }
  other.end();
  await other.ended;
  for (const left of [String(other.pid), String(process.pid), '', 'nonsense']) {
    writeFileSync(path, left);
    takePidFile(path)[Symbol.dispose]();
    expect(readdirSync(dir)).toEqual([]);
  }
});

it('leaves a file alone that has become another’s', () => {
  const seat = takePidFile(path);
  writeFileSync(path, '1');
  seat[Symbol.dispose]();
  expect(readFileSync(path, 'utf8')).toBe('1');
});
