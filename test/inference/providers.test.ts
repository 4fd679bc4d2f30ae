import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Providers } from '#inference';
import { ModelLibrary, type ModelPack } from '#models';
import type { ProviderTrials } from '../../src/inference/providers.ts';
import type { Trial } from '../../src/inference/timing.ts';
import { inferenceWith } from './references.ts';
import { writePack } from './tiny-onnx.ts';

const never = new AbortController().signal;
let dir: string;
let pack: ModelPack;
let logged: string[];
const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });

beforeEach(async () => {
  logged = [];
  dir = await mkdtemp(join(tmpdir(), 'watchpost-providers-'));
  const models = await ModelLibrary.open(join(dir, 'models'), log);
  pack = await models.importPack(await writePack(dir));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true });
});

const box = { x1: 0, y1: 0, x2: 1, y2: 1 };
const sees = (medianMs: number, score = 0.5): Trial => ({
  loadMs: 1,
  medianMs,
  rssMb: 1,
  answer: [{ label: 0, score, box }],
});

/** A box on which these are offered, and what comes of trying them. */
function boxWith(outcomes: Record<string, Trial | Error>): ProviderTrials & { tried: string[] } {
  const tried: string[] = [];
  return {
    tried,
    offered: async () => Object.keys(outcomes),
    tryOut: async ({ provider = '' }) => {
      tried.push(provider);
      const outcome = outcomes[provider];
      if (outcome instanceof Error || !outcome) throw outcome ?? new Error(`no ${provider}`);
      return outcome;
    },
  };
}

const open = (trials: ProviderTrials) => Providers.open(join(dir, 'models'), log, trials);

describe('what a model runs on', () => {
  it('is the CPU until something else has shown that it is right and faster; that is remembered', async () => {
    const trials = boxWith({ cpu: sees(20), webgpu: sees(12), cuda: sees(3) });
    const providers = await open(trials);
    expect(providers.of(pack)).toBe('cpu');
    expect(await providers.explore([pack], never)).toBe(true);
    expect(providers.of(pack)).toBe('cuda');
    const again = boxWith({});
    const later = await open(again);
    expect(later.of(pack)).toBe('cuda');
    expect(await later.explore([pack], never)).toBe(false);
    expect(again.tried).toEqual([]);
  });

  it.each<[string, Trial | Error]>([
    ['throws', new Error('libcuda.so is missing')],
    ['gives other answers', sees(3, 0.9)],
    ['sees nothing', { ...sees(3), answer: [] }],
  ])('is not one that %s: a line in the log says so', async (_, outcome) => {
    const providers = await open(boxWith({ cpu: sees(20), cuda: outcome }));
    expect(await providers.explore([pack], never)).toBe(false);
    expect(providers.of(pack)).toBe('cpu');
    expect(logged.filter((line) => line.includes('a provider is passed over'))).toHaveLength(1);
    expect(await readFile(join(dir, 'models/.providers.json'), 'utf8')).toContain('"cuda"');
  });

  it('is tried again for another model after one that it fails for, not after two', async () => {
    const trials = boxWith({ cpu: sees(20), cuda: new Error('an operator is missing') });
    const providers = await open(trials);
    const weights = (letter: string) => pack.files.map((file) => ({ ...file, sha256: letter.repeat(64) }));
    const others = ['a', 'b'].map((letter) => ({ ...pack, name: letter, files: weights(letter) }));
    await providers.explore([pack, ...others], never);
    expect(trials.tried.filter((provider) => provider === 'cuda')).toHaveLength(2);
  });

  it('stays the CPU where another is hardly faster', async () => {
    const providers = await open(boxWith({ cpu: sees(20), webgpu: sees(18) }));
    expect(await providers.explore([pack], never)).toBe(false);
    expect(providers.of(pack)).toBe('cpu');
  });

  it('is not tried at all where the environment allows the CPU only', async () => {
    vi.stubEnv('WATCHPOST_PROVIDERS', 'cpu');
    const trials = boxWith({ cpu: sees(20), cuda: sees(3) });
    const providers = await open(trials);
    await providers.explore([pack], never);
    expect(trials.tried).toEqual([]);
    vi.stubEnv('WATCHPOST_PROVIDERS', '');
    expect(providers.of(pack)).toBe('cpu');
  });

  it('is tried anew for other weights, and when what is written down can not be read', async () => {
    const trials = boxWith({ cpu: sees(20), cuda: sees(3) });
    const providers = await open(trials);
    await providers.explore([pack], never);
    const other = { ...pack, files: pack.files.map((file) => ({ ...file, sha256: 'f'.repeat(64) })) };
    expect(providers.of(other)).toBe('cpu');
    await writeFile(join(dir, 'models/.providers.json'), '{ not JSON');
    expect((await open(trials)).of(pack)).toBe('cpu');
  });

  it('is the CPU again when the process fails with it, until the next start', async () => {
    const providers = await open(boxWith({ cpu: sees(20), cuda: sees(3) }));
    await providers.explore([pack], never);
    providers.distrust([pack], 'the model process ended (SIGSEGV)');
    expect(providers.of(pack)).toBe('cpu');
    expect(logged.some((line) => line.includes('models run on the CPU instead') && line.includes('SIGSEGV'))).toBe(
      true,
    );
  });
});

const noCuda = !existsSync('/dev/nvidia0');

describe('real trials', () => {
  it('of what this runtime offers end with something that works, and don’t disturb', { timeout: 120_000 }, async () => {
    const providers = await Providers.open(join(dir, 'models'), log);
    await providers.explore([pack], never);
    const chosen = providers.of(pack);
    await using bench = await inferenceWith(pack.dir, {}, providers);
    await vi.waitFor(() => expect(bench.inference.status().state).toBe('ready'), { timeout: 60_000, interval: 20 });
    expect(bench.inference.status().providers).toEqual({ 'object-detection': chosen });
  });

  it.runIf(noCuda)(
    'of a provider that is not here fall back to the CPU when it was remembered from elsewhere',
    {
      timeout: 60_000,
    },
    async () => {
      const providers = await open(boxWith({ cpu: sees(20), cuda: sees(3) }));
      await providers.explore([pack], never);
      expect(providers.of(pack)).toBe('cuda');
      await using bench = await inferenceWith(pack.dir, { restart: { firstMs: 20, capMs: 50 } }, providers);
      await vi.waitFor(
        () =>
          expect(bench.inference.status()).toMatchObject({ state: 'ready', providers: { 'object-detection': 'cpu' } }),
        { timeout: 30_000, interval: 20 },
      );
      expect(logged.some((line) => line.includes('models run on the CPU instead'))).toBe(true);
    },
  );
});
