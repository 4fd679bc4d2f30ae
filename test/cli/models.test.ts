import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '#cli';
// Commands load what they need when they are run: that must not be a test's own time.
import '../../src/cli/models-pull.ts';
import '../../src/cli/models-bench.ts';
import { tinyModel, writePack } from '../inference/tiny-onnx.ts';
import { type Hub, serveHub } from '../models/hub-server.ts';

const never = new AbortController().signal;
const repository = {
  'config.json': JSON.stringify({ model_type: 'clip' }),
  'preprocessor_config.json': JSON.stringify({ size: 64 }),
  'tokenizer.json': '{}',
  'tokenizer_config.json': '{}',
  'onnx/text_model_quantized.onnx': tinyModel(),
  'onnx/vision_model_quantized.onnx': tinyModel(9),
};

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'watchpost-cli-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true });
});

/** What a command prints, as into a pipe. */
async function printed(...args: string[]): Promise<string> {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  expect(await runCli(['models', ...args, '--data-dir', dir], never)).toBe(0);
  vi.restoreAllMocks();
  return written.join('');
}

/** A hub whose `main` is what the catalogue asks for. */
async function hubOf(commit: string): Promise<Hub> {
  const hub = await serveHub(repository);
  hub.commit = commit;
  vi.stubEnv('HF_ENDPOINT', hub.url);
  return hub;
}

describe('models pull', () => {
  it('shows each file, then the pack; a second time it leaves what is whole alone', async () => {
    await using _hub = await hubOf('4c1807b705b1d015fb032789cc4d221b23025a6f');
    const first = await printed('pull', 'clip-vit-b32');
    expect(first).toMatch(/onnx\/text_model_quantized\.onnx \(5 of 6\): 100 % of \d/);
    expect(first).toMatch(/^fetched clip-vit-b32: image-text, \d.*licence MIT$/m);
    expect(await printed('pull', 'clip-vit-b32')).toBe(
      'clip-vit-b32 is here already; --update fetches what there is now\n',
    );
    expect(await printed('pull', 'clip-vit-b32', '--update')).toMatch(/^fetched clip-vit-b32/m);
    expect(await printed('verify')).toBe('clip-vit-b32\tok\n');
    const list = (await printed('list')).split('\n');
    expect(list.find((line) => line.includes('\tclip-vit-b32\t'))).toMatch(/image-text\t.*\tMIT\there\tFinds what no/);
    expect(list.find((line) => line.includes('\tfastestdet\t'))).toMatch(/BSD-3-Clause\tcan be pulled\t/);
  });

  it('goes on with the others when one fails, and fails in the end', async () => {
    await using _hub = await hubOf('4c1807b705b1d015fb032789cc4d221b23025a6f');
    const written: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const args = ['models', 'pull', 'siglip-b16', 'clip-vit-b32', '--data-dir', dir];
    await expect(runCli(args, never)).rejects.toMatchObject({ message: '1 of 2 packs not fetched' });
    expect(written.join('')).toMatch(/not fetched: siglip-b16: .*answered 404[\s\S]*fetched clip-vit-b32/);
  });

  it('wants to know what to pull, and knows the kinds of boxes', async () => {
    const attempt = (...args: string[]) => runCli(['models', 'pull', ...args, '--data-dir', dir], never);
    await expect(attempt()).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/name a pack, or a kind of box with --device; this box is like (pi5|jetson|x86)/),
    });
    await expect(attempt('--device', 'toaster')).rejects.toMatchObject({
      kind: 'not_found',
      message: expect.stringMatching(/there is no toaster; there are pi5-4gb, .*x86, auto/),
    });
    await expect(attempt('huge')).rejects.toMatchObject({
      message: expect.stringMatching(/catalogue has no pack huge/),
    });
  });
});

describe('models bench', () => {
  it('times what is here, says what is wrong with the rest, and what the box can bear', async () => {
    vi.stubEnv('WATCHPOST_PROVIDERS', 'cpu');
    await printed('import', await writePack(join(dir, 'tiny')));
    // A whole model, but of another kind than its model.json says.
    const broken = await writePack(join(dir, 'broken'), tinyModel(7), 'broken');
    await printed('import', broken);
    const lines = (await printed('bench')).split('\n');
    expect(lines.find((line) => line.startsWith('tiny\t'))).toMatch(
      /^tiny\tobject-detection\tcpu\t\d\t\d+\.\d ms\t\d+\t\d+ MB$/,
    );
    expect(lines.find((line) => line.startsWith('broken\t'))).toMatch(
      /^broken\tobject-detection\t.*(rows|shape|output)/,
    );
    expect(lines.find((line) => line.startsWith('mini '))).toMatch(
      /bears \d+ cameras?, most of the time goes to tiny$/,
    );
    expect(lines.find((line) => line.startsWith('ultra'))).toMatch(
      /until a pack for image-to-text is here, or models\.vision/,
    );
    const { packs, tiers } = JSON.parse(await printed('bench', '--json').then((text) => text.split('\n').at(-2) ?? ''));
    expect(packs).toMatchObject([
      { name: 'broken', problem: expect.any(String) },
      { name: 'tiny', provider: 'cpu' },
    ]);
    expect(tiers).toHaveLength(4);
  });

  it('says where packs come from when there are none', async () => {
    await expect(runCli(['models', 'bench', '--data-dir', dir], never)).rejects.toMatchObject({
      kind: 'not_found',
      message: expect.stringMatching(/no model pack is here yet/),
    });
  });
});
