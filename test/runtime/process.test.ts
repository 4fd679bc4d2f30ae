import { getEventListeners, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Child, Fault } from '#runtime';

const node = (script: string, options: Partial<Parameters<typeof Child.start>[2]> = {}) =>
  Child.start(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'ignore'], graceMs: 300, ...options });

async function ready(child: Child): Promise<void> {
  if (child.process.stdout) await once(child.process.stdout, 'data');
}

describe('Child', () => {
  it('ends a process that does as it is asked', async () => {
    const child = await node(`console.log('up'); process.stdin.on('data', () => process.exit(7))`, {
      ask: 'q',
      graceMs: 30_000,
    });
    await ready(child);
    await child[Symbol.asyncDispose]();
    expect(await child.ended).toEqual({ code: 7, signal: null });
  });

  it('kills a process that ignores both the question and SIGTERM', async () => {
    const child = await node(`process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)`, {
      ask: 'q',
    });
    await ready(child);
    await child[Symbol.asyncDispose]();
    expect(await child.ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(child.running).toBe(false);
  });

  it('is killed when a signal aborts, also one that had, and holds on to no signal afterwards', async () => {
    const forever = 'setInterval(() => {}, 1000)';
    const stop = new AbortController();
    await using early = await node(forever);
    early.killOn(stop.signal);
    stop.abort();
    await using late = await node(forever);
    late.killOn(stop.signal);
    for (const child of [early, late]) expect(await child.ended).toEqual({ code: null, signal: 'SIGKILL' });
    const quiet = new AbortController();
    const done = await node('');
    done.killOn(quiet.signal);
    expect(getEventListeners(quiet.signal, 'abort')).toHaveLength(1);
    await done.ended;
    await expect.poll(() => getEventListeners(quiet.signal, 'abort').length, { timeout: 20_000 }).toBe(0);
  });

  it('kills the whole group, grandchildren too', async () => {
    const child = await node(
      `const c = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']); console.log(c.pid); setInterval(() => {}, 1000)`,
    );
    const [data] = await once(child.process.stdout ?? expect.fail('no stdout'), 'data');
    const grandchild = Number(String(data).trim());
    await child[Symbol.asyncDispose]();
    await expect.poll(() => alive(grandchild), { timeout: 20_000 }).toBe(false);
  });

  it('is killed with its parent, however that ends, when it is tied to it', async () => {
    const source = fileURLToPath(new URL('../../src/runtime/process.ts', import.meta.url));
    const script = `import { Child } from ${JSON.stringify(source)};
      const child = await Child.start('sleep', ['600'], { stdio: 'ignore', tied: true });
      console.log(child.pid);
      setInterval(() => {}, 1000);`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script];
    await using parent = await Child.start(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const [data] = await once(parent.process.stdout ?? expect.fail('no stdout'), 'data');
    const tied = Number(String(data).trim());
    expect(alive(tied)).toBe(true);
    parent.kill('SIGKILL'); // Its group, in which the tied one is not.
    await expect.poll(() => alive(tied), { timeout: 20_000 }).toBe(false);
  });

  it('says which program is missing', async () => {
    const start = Child.start('no-such-program', [], { stdio: 'ignore' });
    await expect(start).rejects.toThrow(/no-such-program: is it installed/);
    await expect(start).rejects.toBeInstanceOf(Fault);
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
