import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '#cli';
import { type HttpServer, listen } from '#http';
// Commands load what they need when they are run: that must not be a test's own time.
import { secondsOf } from '../../src/cli/rehearse.ts';
import { anObject, withObjects } from '../events/scenes.ts';
import { addIndex, addStream, type Box, openBox } from '../http/box.ts';

const VECTOR = new Float32Array(256).fill(1 / 16);
const HOUR = 3_600_000;
const never = new AbortController().signal;

let box: Box;
let server: HttpServer;
let url: string;
beforeEach(async () => {
  box = await openBox();
  server = await listen(box.app, { host: '127.0.0.1', port: 0 }, box.deps.log);
  url = `http://127.0.0.1:${server.address.port}`;
  const stream = addStream(box.store, { name: 'Gate' });
  const { id: indexId } = addIndex(box.store, stream.id);
  addStream(box.store, { name: 'Cellar' });
  for (let day = 1; day <= 3; day += 1) {
    const startMs = Date.now() - day * 24 * HOUR + HOUR;
    const facts = withObjects(anObject('person', { score: day === 1 ? 0.6 : 0.9 }));
    const scene = { streamId: stream.id, indexId, startMs, endMs: startMs + 5000, text: 'a person', facts };
    box.store.scenes.addPast(scene, VECTOR, 'test');
  }
});
afterEach(async () => {
  vi.restoreAllMocks();
  await server[Symbol.asyncDispose]();
  await box[Symbol.asyncDispose]();
});

/** What the command prints, as into a pipe. */
async function printed(...args: string[]): Promise<string> {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  const whole = ['rehearse', 'a person', '--url', url, '--key', 'sk-right', ...args];
  try {
    expect(await runCli(whole, never)).toBe(0);
  } finally {
    vi.restoreAllMocks();
  }
  return written.join('');
}

describe('watchpost rehearse', () => {
  it('shows what would have fired, how often, and what is in its way', async () => {
    const lines = (await printed('--since', '7d')).trimEnd().split('\n');
    expect(lines[0]).toBe('Fires when a person is in the picture.');
    expect(lines[1]).toBe('when\tcamera\tsure\twhat');
    expect(lines[2]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\tGate\t90 %\t/);
    expect(lines[4]).toMatch(/\t60 %\t/);
    expect(lines.slice(5)).toEqual([
      '3 alerts in 3.0 days, 1.01 a day',
      '  told from 70 % on: 2, 0.68 a day',
      'Cellar: nothing is stored of this time',
      'Cellar: no index of the camera sees: make one to arm it on',
    ]);
  });

  it('asks for a time and a camera; by itself for the last day', async () => {
    expect(await printed('--stream', 'gate')).toContain('\n1 alert in 1.0 days');
    const json = JSON.parse(await printed('--since', '2d', '--stream', 'Gate', '--json'));
    expect(json).toMatchObject({ alerts: 2, fired: [{ stream_name: 'Gate', confidence: 0.9 }, { confidence: 0.6 }] });
  });

  it('goes as an alert with a threshold would', async () => {
    expect(await printed('--since', '7d', '--threshold', '0.7')).toContain('\n2 alerts in 3.0 days');
  });

  it.each([
    [['--threshold', 'high'], /^--threshold: must be a number between 0 and 1/],
    [['--threshold', '1.1'], /^--threshold: must be a number between 0 and 1/],
    [['--since', 'yesterday'], /^--since: "yesterday" is no length of time/],
    [['--stream', 'Attic'], /^stream: there is no camera "Attic"/],
    [['--key', 'sk-wrong'], /key/],
    [['--url', 'box:8080'], /^--url: "box:8080" is no address/],
    [['--url', 'http://127.0.0.1:9'], /^nothing answers at http:\/\/127\.0\.0\.1:9/],
  ])('says in words why it can not: %j', async (args, message) => {
    await expect(printed(...args)).rejects.toThrow(message);
  });

  it('knows lengths of time', () => {
    expect(['90m', '1.5h', '7d', '2w'].map(secondsOf)).toEqual([5400, 5400, 604_800, 1_209_600]);
  });
});
