import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { z } from 'zod';
import type { ModelPack } from '#models';

const FILE = '.providers.json';
/** Every runtime has it, and every model runs on it. */
export const CPU = 'cpu';

const Choice = z.object({
  pack: z.string(),
  provider: z.string(),
  /** Of those that were right. */
  medianMs: z.record(z.string(), z.number()),
  /** What was wrong with the others. */
  passedOver: z.record(z.string(), z.string()),
});
export type Choice = z.infer<typeof Choice>;
const Memory = z.object({ runtime: z.string(), choices: z.record(z.string(), Choice) });

/**
 * On what each pack runs best on this box, as trials have told: a file beside the packs, so that a start needs no trial.
 * It holds for the very files of a pack and this version of the runtime; deleted or unreadable, everything is tried again.
 */
export class ProviderMemory {
  readonly #file: string;
  readonly #choices: Map<string, Choice>;

  private constructor(file: string, choices: Map<string, Choice>) {
    this.#file = file;
    this.#choices = choices;
  }

  static async open(modelsDir: string): Promise<ProviderMemory> {
    const file = join(modelsDir, FILE);
    const memory = await readFile(file, 'utf8').then(
      (text) => Memory.safeParse(orNothing(text)).data,
      () => undefined,
    );
    const choices = memory?.runtime === runtimeVersion() ? Object.entries(memory.choices) : [];
    return new ProviderMemory(file, new Map(choices));
  }

  of(pack: ModelPack): Choice | undefined {
    return this.#choices.get(keyOf(pack));
  }

  /** Throws when it can't be written down; it is known nevertheless until this process ends. */
  async remember(pack: ModelPack, choice: Omit<Choice, 'pack'>): Promise<void> {
    this.#choices.set(keyOf(pack), { pack: pack.name, ...choice });
    const memory = { runtime: runtimeVersion(), choices: Object.fromEntries(this.#choices) };
    await writeFile(`${this.#file}.new`, `${JSON.stringify(memory, null, 2)}\n`);
    await rename(`${this.#file}.new`, this.#file);
  }
}

/** `cpu` where nothing is known, or nothing else is allowed. */
export async function rememberedProvider(modelsDir: string, pack: ModelPack): Promise<string> {
  const provider = (await ProviderMemory.open(modelsDir)).of(pack)?.provider ?? CPU;
  return isAllowed(provider) ? provider : CPU;
}

/** The environment may name those that may be used (`WATCHPOST_PROVIDERS=cpu`, `cuda,cpu`); `cpu` always may. */
export function isAllowed(provider: string): boolean {
  const named = process.env['WATCHPOST_PROVIDERS'] ?? '';
  const names = named.toLowerCase().split(/[\s,]+/);
  return provider === CPU || named.trim() === '' || names.includes(provider);
}

function keyOf({ task, files }: ModelPack): string {
  const known = files.map(({ name, bytes, sha256 }) => [name, bytes, sha256]);
  return createHash('sha256')
    .update(JSON.stringify([task, known]))
    .digest('hex');
}

function runtimeVersion(): string {
  const { version } = z
    .object({ version: z.string() })
    .parse(createRequire(import.meta.url)('onnxruntime-node/package.json'));
  return `onnxruntime-node ${version}`;
}

function orNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
