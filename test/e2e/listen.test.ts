/** Live events of a real box in a file, over whatever ends the box or the listener: each once, in order. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TestAppliance } from './support/appliance.ts';
import { watchpost } from './support/cli.ts';
import { freePort } from './support/ports.ts';
import { type Running, running } from './support/running.ts';
import { tempDir } from './support/temp-dir.ts';
import { until } from './support/waiting.ts';
import { addCamera, arm } from './support/watching.ts';

const KILLED = { code: null, signal: 'SIGKILL' };

interface Line {
  ts: string;
  unix_ts: number;
  channel: string;
  seq: number;
  data: { what?: string };
}

test('every event is written once and in order, over kill -9 of the box and of the listener', async () => {
  await using dir = await tempDir();
  const [dataDir, out, port] = [join(dir.path, 'data'), join(dir.path, 'events'), await freePort()];
  const start = () => TestAppliance.start({ dataDir, port, logLevel: 'info' });
  let box = await start();
  const ears: Running[] = [];
  try {
    const url = `rtsp://127.0.0.1:${await freePort()}/nothing`;
    const watch = await addCamera(box, { url });
    const alertId = await arm(box, watch, { prompt: 'a person', label: 'person' });
    const path = `/rtstream/${watch.streamId}/index/${watch.indexId}/alert/${alertId}/status`;
    /** Each is one event. */
    const turn = async (...actions: ('disable' | 'enable')[]) => {
      for (const action of actions) await box.data('PATCH', path, { action });
    };
    const lines = async (): Promise<Line[]> => {
      const text = await readFile(join(out, 'videodb_events.jsonl'), 'utf8');
      return text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    };
    const told = async () => (await lines()).filter(({ channel }) => channel === 'arming').map(({ data }) => data.what);
    const haveCome = (count: number) => until(`${count} events`, async () => (await told()).length >= count);

    const listening = async (terminal = false, ...args: string[]) => {
      const env = { WATCHPOST_API_KEY: box.key };
      const ear = await running(['listen', out, '--url', box.url, ...args], { env, terminal });
      ears.push(ear);
      return ear;
    };
    let ear = await listening();
    const [, id] = await until('the id', () => /^WS_ID=(conn-\S+)\n/.exec(ear.said()) ?? undefined);
    expect(await readFile(join(out, 'videodb_ws_id'), 'utf8')).toBe(id);
    await turn('disable', 'enable');
    await haveCome(2);

    const second = await watchpost(['listen', out, '--url', box.url], { WATCHPOST_API_KEY: box.key });
    expect(second).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(`kill ${ear.child.pid}`) });

    await box.kill('SIGKILL');
    await until('the listener has noticed', () => ear.said().includes('trying again in'));
    box = await start();
    await turn('disable', 'enable'); // Perhaps before the listener is back.
    await haveCome(4);
    expect(await readFile(join(out, 'videodb_ws_id'), 'utf8')).toBe(id);

    ear.child.kill('SIGKILL');
    expect(await ear.child.ended).toEqual(KILLED);
    await turn('disable', 'enable');
    ear = await listening();
    await haveCome(6);
    const all = await lines();
    expect(await told()).toEqual(Array.from({ length: 3 }, () => ['disarmed', 'armed']).flat());
    const seqs = all.map(({ seq }) => seq);
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    for (const { ts, unix_ts: at } of all) expect(Date.parse(ts) / 1000).toBe(at);

    ear.child.kill('SIGTERM');
    expect(await ear.child.ended).toEqual({ code: 0, signal: null });
    expect(existsSync(join(out, 'videodb_ws_pid'))).toBe(false);

    ear = await listening(true, '--clear');
    await until('the id on the terminal', () => ear.said().includes('WS_ID=conn-'));
    await turn('disable');
    await until('the event on the terminal', () => / arming\b/.test(ear.said()));
    await haveCome(1);
    expect(await told()).toEqual(['disarmed']);
    const ended = once(ear.child.process, 'close');
    ear.child.process.stdin?.write('\x03');
    await ended;
    expect(existsSync(join(out, 'videodb_ws_pid'))).toBe(false);
  } finally {
    for (const ear of ears) await ear[Symbol.asyncDispose]();
    await box[Symbol.asyncDispose]();
  }
});
