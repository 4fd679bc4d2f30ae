import type { ModelPack } from '#models';
import { type Log, messageOf } from '#runtime';
import { agree } from './agreement.ts';
import { Host } from './host-process.ts';
import { loadRequest } from './loads.ts';
import type { LoadRequest } from './protocol.ts';
import { type Choice, CPU, isAllowed, ProviderMemory } from './provider-memory.ts';
import { type Trial, tryOut } from './timing.ts';

/** What is tried. Models of several files are run by their library, on the CPU. */
const TRIED = [
  'object-detection',
  'face-detection',
  'person-embedding',
  'text-detection',
  'text-recognition',
  'image-embedding',
];
/** What another provider must save of the CPU's time to be worth its memory and its starts. */
const WORTH = 0.2;

export interface ProviderTrials {
  /** What the runtime offers on this box, by name. */
  offered(signal: AbortSignal): Promise<string[]>;
  tryOut(load: LoadRequest, signal: AbortSignal): Promise<Trial>;
}

/**
 * On what each model runs: the CPU, or what the runtime offers beside it (CUDA, TensorRT, CoreML, DirectML, WebGPU) where
 * a short trial, in a process of its own, gave the same answers sooner. One that throws, crashes, hangs or is wrong is
 * passed over with a line in the log. What was found is remembered; until then, and whenever in doubt, it is the CPU.
 */
export class Providers {
  readonly #memory: ProviderMemory;
  readonly #log: Log;
  readonly #trials: ProviderTrials;
  readonly #distrusted = new Set<string>();

  private constructor(memory: ProviderMemory, log: Log, trials: ProviderTrials) {
    this.#memory = memory;
    this.#log = log;
    this.#trials = trials;
  }

  static async open(
    modelsDir: string,
    log: Log,
    trials: ProviderTrials = { offered: offeredProviders, tryOut },
  ): Promise<Providers> {
    return new Providers(await ProviderMemory.open(modelsDir), log, trials);
  }

  of(pack: ModelPack): string {
    const provider = this.#memory.of(pack)?.provider ?? CPU;
    return isAllowed(provider) && !this.#distrusted.has(provider) ? provider : CPU;
  }

  /** A process that ran these didn't live, or couldn't load them: what isn't the CPU isn't used again until the next start. */
  distrust(packs: readonly ModelPack[], problem: string): void {
    for (const provider of new Set(packs.map((pack) => this.of(pack)))) {
      if (provider === CPU) continue;
      this.#distrusted.add(provider);
      this.#log.warn({ provider, problem }, 'a provider fails: models run on the CPU instead');
    }
  }

  /** Tries what isn't known yet of these packs. True when one of them is to run on something else from now on. */
  async explore(packs: readonly ModelPack[], signal: AbortSignal): Promise<boolean> {
    const unknown = packs.filter((pack) => TRIED.includes(pack.task) && !this.#memory.of(pack));
    if (unknown.length === 0) return false;
    const offered = (await this.#trials.offered(signal)).filter((name) => name !== CPU && isAllowed(name));
    const failed = new Map<string, string[]>();
    let changed = false;
    for (const pack of unknown) {
      const choice = await this.#choose(pack, offered, failed, signal);
      if (!choice) continue;
      changed ||= choice.provider !== CPU;
      await this.#remember(pack, choice);
    }
    return changed;
  }

  /** Undefined when the pack can't be used at all. */
  async #choose(
    pack: ModelPack,
    offered: readonly string[],
    failed: Map<string, string[]>,
    signal: AbortSignal,
  ): Promise<Omit<Choice, 'pack'> | undefined> {
    // What fails for two models fails for all; what fails for one may be that model's fault.
    const absent = [...failed].filter(([, problems]) => problems.length >= 2);
    const passedOver = Object.fromEntries(absent.map(([provider, [problem = '']]) => [provider, problem]));
    const candidates = offered.filter((provider) => !(provider in passedOver));
    const load = loadRequest(pack);
    const cpu = candidates.length > 0 ? await this.#try(load, CPU, signal) : undefined;
    if (typeof cpu === 'string') return undefined;
    const medianMs: Record<string, number> = cpu ? { [CPU]: cpu.medianMs } : {};
    let best = { provider: CPU, ms: (cpu?.medianMs ?? 0) * (1 - WORTH) };
    for (const provider of candidates) {
      const trial = await this.#try(load, provider, signal);
      const wrong = typeof trial !== 'string' && cpu && !agree(load.task, cpu.answer, trial.answer);
      if (typeof trial === 'string') failed.set(provider, [...(failed.get(provider) ?? []), trial]);
      else if (!wrong) medianMs[provider] = trial.medianMs;
      const problem = typeof trial === 'string' ? trial : wrong ? 'its answers are not those of the CPU' : undefined;
      if (problem !== undefined) {
        passedOver[provider] = problem;
        this.#log.warn({ provider, pack: pack.name, problem }, 'a provider is passed over');
      } else if (typeof trial !== 'string' && trial.medianMs < best.ms) best = { provider, ms: trial.medianMs };
    }
    return { provider: best.provider, medianMs, passedOver };
  }

  /** What was wrong, where it didn't work. */
  async #try(load: LoadRequest, provider: string, signal: AbortSignal): Promise<Trial | string> {
    try {
      return await this.#trials.tryOut({ ...load, provider }, signal);
    } catch (error) {
      signal.throwIfAborted();
      return messageOf(error).trim();
    }
  }

  async #remember(pack: ModelPack, choice: Omit<Choice, 'pack'>): Promise<void> {
    const { provider, medianMs } = choice;
    this.#log.info({ pack: pack.name, provider, medianMs }, 'provider chosen');
    try {
      await this.#memory.remember(pack, choice);
    } catch (error) {
      this.#log.warn(
        { error: messageOf(error) },
        'the choice of a provider is not written down: it is tried again next time',
      );
    }
  }
}

/** Asked of a process of its own: this one doesn't load the runtime. */
async function offeredProviders(signal: AbortSignal): Promise<string[]> {
  await using host = await Host.start([], signal);
  return await host.offers();
}
