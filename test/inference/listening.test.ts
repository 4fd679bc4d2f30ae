import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Ears, earsWith, noise } from './audio.ts';
import { writeSounds, writeVoice, writeWhisper } from './tiny-ears.ts';

// Each starts processes of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000 });

const never = () => new AbortController().signal;
const patient = { timeout: 60_000, interval: 20 };
const restart = { firstMs: 20, capMs: 50 };
const says = ['<|0.10|>', ' hello', ' world', '<|1.00|>', '<|endoftext|>'];
const second = noise(16_000, 3000);

let dir: string;
let packs: { speech: string; voice: string; sounds: string };
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-listening-'));
  packs = {
    speech: await writeWhisper(join(dir, 'whisper-tiny'), { says }),
    voice: await writeVoice(join(dir, 'voice')),
    sounds: await writeSounds(join(dir, 'sounds')),
  };
});
afterAll(() => rm(dir, { recursive: true }));

type Part = 'voice' | 'sounds' | 'speech';

async function ready({ listening }: Ears, part: Part): Promise<number> {
  await vi.waitFor(() => expect(listening.status()[part].state).toBe('ready'), patient);
  return listening.status()[part].pid ?? expect.fail('no process');
}

/** Another life than this one. */
async function renewed(ears: Ears, part: Part, pid: number): Promise<void> {
  await vi.waitFor(() => expect(ears.listening.status()[part].pid ?? pid).not.toBe(pid), patient);
  await ready(ears, part);
}

describe('without packs', () => {
  it('says so, and takes them up when they come', async () => {
    await using ears = await earsWith([]);
    const { listening, models } = ears;
    expect(listening.speechAvailable).toBe(false);
    expect(listening.longestMs).toBe(28_000);
    expect(await listening.voice('rts-1', second, never())).toBe(undefined);
    expect(await listening.sounds(second, never())).toBe(undefined);
    await expect(listening.recognise(second, {}, never())).rejects.toMatchObject({ kind: 'unavailable' });
    expect(Object.values(listening.status()).map(({ state }) => state)).toEqual(['none', 'none', 'none']);
    for (const pack of Object.values(packs)) await models.importPack(pack);
    await listening.reload();
    await ready(ears, 'voice');
    await ready(ears, 'speech');
    expect(listening.status()).toMatchObject({ voice: { pack: 'voice' }, sounds: { pack: 'sounds' } });
    expect(listening.speechAvailable).toBe(true);
    expect((await listening.recognise(second, {}, never())).text).toBe('hello world');
  });
});

describe('voices and sounds', () => {
  it('come from one process, which speech does not share', async () => {
    await using ears = await earsWith(Object.values(packs));
    const quick = await ready(ears, 'voice');
    expect(await ready(ears, 'sounds')).toBe(quick);
    expect(await ready(ears, 'speech')).not.toBe(quick);
  });

  it('judges whole chunks, each with the end of the one before it', async () => {
    await using ears = await earsWith([packs.voice]);
    await ready(ears, 'voice');
    const half = new Int16Array(1300).fill(8192);
    const first = Math.sqrt((512 * 0.25) / 576);
    expect(await ears.listening.voice('rts-1', half, never())).toEqual(Float32Array.of(first, 0.5));
    expect(await ears.listening.voice('rts-1', half.subarray(0, 512), never())).toEqual(Float32Array.of(0.5));
    expect(await ears.listening.voice('rts-2', half.subarray(0, 512), never())).toEqual(Float32Array.of(first));
    expect(await ears.listening.voice('rts-2', half.subarray(0, 511), never())).toEqual(new Float32Array(0));
  });

  it('names sounds of at least 0.1, best first, however long', async () => {
    await using ears = await earsWith([packs.sounds]);
    await ready(ears, 'sounds');
    const loud = new Int16Array(16_000).fill(16_384);
    expect(await ears.listening.sounds(loud, never())).toEqual([
      { label: 'hum', score: 0.5 },
      { label: 'howl', score: 0.25 },
    ]);
    expect(
      await ears.listening.sounds(
        loud.map(() => 8192),
        never(),
      ),
    ).toEqual([{ label: 'hum', score: 0.25 }]);
    const long = new Int16Array(16_000 * 60);
    long.fill(16_384, long.length - 160_000);
    expect(await ears.listening.sounds(long, never())).toEqual([
      { label: 'hum', score: 0.5 },
      { label: 'howl', score: 0.25 },
    ]);
    expect(await ears.listening.sounds(new Int16Array(0), never())).toEqual([]);
  });

  it.each([
    ['SIGKILL', 20_000],
    ['SIGSTOP', 2000], // Each answer comes in milliseconds.
  ] as const)('are done without while the process is away: %s', async (signal, quickMs) => {
    await using ears = await earsWith([packs.voice, packs.sounds], { restart, quickMs });
    const pid = await ready(ears, 'voice');
    const loud = new Int16Array(512).fill(8192);
    await ears.listening.voice('rts-1', loud, never());
    process.kill(pid, signal);
    const asked = [ears.listening.voice('rts-1', loud, never()), ears.listening.sounds(second, never())];
    expect(await Promise.all(asked)).toEqual([undefined, undefined]);
    await renewed(ears, 'voice', pid);
    expect(ears.listening.status().voice).toMatchObject({ restarts: 1 });
    // What was remembered of the stream outlived the process.
    expect(await ears.listening.voice('rts-1', loud, never())).toEqual(Float32Array.of(0.5));
    expect(await ears.listening.sounds(second, never())).toBeDefined();
  });

  it('tell nothing when the answer is not a number, and forget it', async () => {
    await using ears = await earsWith([packs.voice]);
    const pid = await ready(ears, 'voice');
    const quarter = new Int16Array(512).fill(8192);
    await ears.listening.voice('rts-1', quarter, never());
    expect(
      await ears.listening.voice(
        'rts-1',
        quarter.map(() => -8192),
        never(),
      ),
    ).toBe(undefined);
    expect(await ears.listening.voice('rts-1', quarter, never())).toEqual(Float32Array.of(0.5));
    expect(ears.listening.status().voice).toMatchObject({
      state: 'ready',
      pid,
      lastError: expect.stringMatching('"output" is not a number'),
    });
  });

  it('names the one that can not be used, and goes on with the other', async () => {
    const broken = await writeVoice(join(dir, 'no-voice'), 'something');
    await using ears = await earsWith([broken, packs.sounds]);
    await ready(ears, 'sounds');
    expect(ears.listening.status().voice).toMatchObject({
      state: 'failed',
      lastError: expect.stringMatching(/no-voice\/tiny\.onnx can't be loaded: it is no Silero/),
    });
    expect(await ears.listening.voice('rts-1', second, never())).toBe(undefined);
    expect(await ears.listening.sounds(second, never())).toBeDefined();
  });

  it('refuses a class map that does not fit', async () => {
    const other = await writeSounds(join(dir, 'other-sounds'), ['hum', 'howl', 'hiss']);
    await using ears = await earsWith([other], { restart });
    await vi.waitFor(() => expect(ears.listening.status().sounds.state).toBe('failed'), patient);
    expect(ears.listening.status().sounds.lastError).toMatch('2 classes apart where the pack has 3 labels');
  });

  it('gets nothing of the environment that it has no use for', async () => {
    vi.stubEnv('WATCHPOST_CANARY', 'planted-secret');
    await using ears = await earsWith(Object.values(packs));
    const pids = [await ready(ears, 'voice'), await ready(ears, 'speech')];
    vi.unstubAllEnvs();
    for (const pid of pids) expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('planted-secret');
  });
});

describe('speech, when something breaks', () => {
  it('can be tried again when the process is killed', async () => {
    await using ears = await earsWith([packs.speech], { restart });
    const pid = await ready(ears, 'speech');
    process.kill(pid, 'SIGSTOP');
    const asked = [1, 2].map(() => ears.listening.recognise(second, {}, never()));
    const outcomes = Promise.allSettled(asked);
    process.kill(pid, 'SIGKILL');
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { kind: 'unavailable' } });
    }
    expect(ears.listening.speechAvailable).toBe(true);
    await expect(ears.listening.recognise(second, {}, never())).rejects.toMatchObject({ kind: 'unavailable' });
    await renewed(ears, 'speech', pid);
    expect(ears.listening.status().speech).toMatchObject({ restarts: 1, lastError: expect.stringMatching('SIGKILL') });
    expect((await ears.listening.recognise(second, {}, never())).text).toBe('hello world');
  });

  it('kills a process that hangs, later the longer the speech is', async () => {
    await using ears = await earsWith([packs.speech], {
      restart,
      speech: { leastMs: 200, timesLength: 0.1, rssMb: 900 },
    });
    const pid = await ready(ears, 'speech');
    process.kill(pid, 'SIGSTOP');
    await expect(ears.listening.recognise(second, {}, never())).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching('no answer within 300 ms'),
    });
    await renewed(ears, 'speech', pid);
  });

  it('says of an answer that is not a number that these samples are at fault, and takes the next', async () => {
    const poisoned = await writeWhisper(join(dir, 'poisoned'), { says, poison: ' hello' });
    await using ears = await earsWith([poisoned]);
    const pid = await ready(ears, 'speech');
    for (let i = 0; i < 2; i++) {
      await expect(ears.listening.recognise(second, {}, never())).rejects.toMatchObject({
        kind: 'internal',
        message: expect.stringMatching('not a number'),
      });
    }
    expect(ears.listening.status().speech).toMatchObject({ state: 'ready', pid, restarts: 0 });
  });

  it.each([
    ['another architecture', { says, input: 'waveform' }, /needs an encoder of "input_features"/],
    ['weights damaged since the import', undefined, /whisper-[\w]+ can't be loaded/],
  ])('names %s, and takes the next best', async (what, facts, problem) => {
    const bad = join(dir, facts ? 'whisper-other' : 'whisper-damaged');
    await writeWhisper(bad, facts ?? { says });
    // Larger, and so better.
    await writeFile(
      join(bad, 'tokenizer_config.json'),
      JSON.stringify({ tokenizer_class: 'WhisperTokenizer', x: what.repeat(9) }),
    );
    await using ears = await earsWith([bad, packs.speech], { restart });
    if (!facts) {
      const file = ears.models.forTask('speech-recognition')[0]?.file ?? expect.fail('no pack');
      await writeFile(file, Buffer.alloc(readFileSync(file).length));
      await ears.listening.reload();
    }
    await vi.waitFor(
      () => expect(ears.listening.status().speech).toMatchObject({ pack: 'whisper-tiny', state: 'ready' }),
      patient,
    );
    expect(ears.listening.status().speech.lastError).toMatch(problem);
    expect((await ears.listening.recognise(second, {}, never())).text).toBe('hello world');
  });

  it('tries the only pack again and again, and says what is wrong', async () => {
    const bad = await writeWhisper(join(dir, 'whisper-alone'), { says, input: 'waveform' });
    await using ears = await earsWith([bad], { restart });
    await vi.waitFor(() => expect(ears.listening.status().speech.restarts).toBeGreaterThan(1), patient);
    await expect(ears.listening.recognise(second, {}, never())).rejects.toMatchObject({ kind: 'unavailable' });
    await vi.waitFor(() => expect(ears.listening.status().speech.state).toBe('failed'), patient);
  });

  it('replaces a process that has grown too large', async () => {
    await using ears = await earsWith([packs.speech], {
      restart,
      speech: { leastMs: 20_000, timesLength: 1, rssMb: 1 },
    });
    const pid = await ready(ears, 'speech');
    expect((await ears.listening.recognise(second, {}, never())).text).toBe('hello world');
    await renewed(ears, 'speech', pid);
    expect((await ears.listening.recognise(second, {}, never())).text).toBe('hello world');
  });

  it('lets go of those who give up, and turns away more than it can take', async () => {
    await using ears = await earsWith([packs.speech]);
    const pid = await ready(ears, 'speech');
    process.kill(pid, 'SIGSTOP');
    const stop = new AbortController();
    const mine = ears.listening.recognise(second, {}, stop.signal);
    const waiting = ears.listening.recognise(second, {}, stop.signal);
    const theirs = [1, 2].map(() => ears.listening.recognise(second, {}, never()));
    await expect(ears.listening.recognise(second, {}, never())).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching('busy'),
    });
    const givenUp = Promise.allSettled([mine, waiting]);
    stop.abort();
    process.kill(pid, 'SIGCONT');
    expect((await givenUp).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    for (const one of theirs) expect((await one).text).toBe('hello world');
  });

  it('ends while the model is loading, or at work', async () => {
    const ears = await earsWith([packs.speech]);
    await ears[Symbol.asyncDispose]();
    const others = await earsWith([packs.speech]);
    const pid = await ready(others, 'speech');
    const pending = Promise.allSettled([others.listening.recognise(second, {}, never())]);
    await others[Symbol.asyncDispose]();
    expect(await pending).toMatchObject([{ status: 'rejected', reason: { kind: 'unavailable' } }]);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
