import { availableParallelism } from 'node:os';
import type { ModelLibrary, ModelPack } from '#models';
import { type Log, messageOf } from '#runtime';
import { loadRequest, threadsFor } from './loads.ts';
import type { LoadRequest, Task } from './protocol.ts';
import { CPU } from './provider-memory.ts';
import type { Providers } from './providers.ts';
import { SIGHT_TASKS, type SightTask } from './queue.ts';

/** So often a pack may end the process that loads it; then the others go on without it. */
const MOST_LOST = 2;
/** Memory that a model may take, of the size of its files. */
const MODEL_MEMORY = 3;

export interface SightPacksOptions {
  models: ModelLibrary;
  /** Name of the pack that detects objects; without one, or where it isn't installed, the best that is. */
  detector?: string;
  log: Log;
  /** On what models run; without it the CPU. */
  providers?: Providers;
  /** How many record: their number tells how many cores are left. */
  cameras?: () => number;
}

/** Which pack serves each task of sight, and on what: the best that is installed, for detection the one that is wanted; and what is wrong with it. */
export class SightPacks {
  readonly #options: SightPacksOptions;
  #chosen = new Map<SightTask, ModelPack>();
  #problems: ReadonlyMap<Task, string> = new Map();
  /** Of packs, by name, with which the process went when it loaded them: how often in a row, and how. */
  readonly #lost = new Map<string, { times: number; problem: string }>();
  #toldOf: string | undefined;
  #threads = 0;
  #cameras = 0;
  /** Something of this life has answered. */
  proven = false;

  constructor(options: SightPacksOptions) {
    this.#options = options;
    this.#choose();
  }

  /** What the next life loads: chosen anew, as packs come and go. */
  loads(): LoadRequest[] {
    this.#choose();
    this.proven = false;
    this.#threads = this.#threadsNow();
    const bearable = this.all().filter((pack) => this.#fatal(pack) === undefined);
    return bearable.map((pack) => ({ ...loadRequest(pack, this.#cameras), provider: this.#providerOf(pack) }));
  }

  /** Cameras came or went since: models should run on more or fewer cores. */
  outdated(): boolean {
    return this.#threads !== this.#threadsNow();
  }

  all(): ModelPack[] {
    return [...this.#chosen.values()];
  }

  chosen(task: SightTask): ModelPack | undefined {
    return this.#chosen.get(task);
  }

  usable(task: SightTask): ModelPack | undefined {
    const pack = this.#chosen.get(task);
    return pack && this.#problemOf(task, pack) === undefined ? pack : undefined;
  }

  /** What a process that lives says of the packs it was to load. */
  tried(problems: ReadonlyMap<Task, string>): void {
    this.#problems = new Map(problems);
    for (const pack of this.all()) if (this.#fatal(pack) === undefined) this.#lost.delete(pack.name);
  }

  /** What they run on is to blame, unless it is the CPU. True when something is to run on something else now. */
  distrust(packs: readonly ModelPack[], problem: string): boolean {
    const doubtful = packs.filter((pack) => this.#providerOf(pack) !== CPU);
    this.#options.providers?.distrust(doubtful, problem);
    return doubtful.length > 0;
  }

  /** The process didn't survive loading the pack for this task. */
  lost(task: Task, problem: string): void {
    const { name } = this.all().find((pack) => pack.task === task) ?? { name: '' };
    const times = (this.#lost.get(name)?.times ?? 0) + 1;
    this.#lost.set(name, { times, problem: `${name} can't be loaded: ${problem}` });
    if (times === MOST_LOST)
      this.#options.log.error({ pack: name, problem }, 'a pack is left out: it ends the process');
  }

  /** What couldn't be used may have been replaced, and better packs may have come. */
  forgive(): void {
    this.#problems = new Map();
    this.#lost.clear();
    this.#choose();
  }

  /** Of all that are loaded. */
  memoryMb(): number {
    const bytes = this.all().reduce((sum, pack) => sum + pack.bytes, 0);
    return (MODEL_MEMORY * bytes) / 1_048_576;
  }

  status(): Record<'packs' | 'providers' | 'problems', Partial<Record<SightTask, string>>> {
    const packs: Partial<Record<SightTask, string>> = {};
    const providers: Partial<Record<SightTask, string>> = {};
    const problems: Partial<Record<SightTask, string>> = {};
    for (const [task, pack] of this.#chosen) {
      const problem = this.#problemOf(task, pack);
      if (problem === undefined) packs[task] = pack.name;
      else problems[task] = problem;
      if (problem === undefined) providers[task] = this.#providerOf(pack);
    }
    return { packs, providers, problems };
  }

  #problemOf(task: SightTask, pack: ModelPack): string | undefined {
    return this.#problems.get(task) ?? this.#fatal(pack);
  }

  /** One that serves alone is tried for ever. */
  #fatal({ name }: ModelPack): string | undefined {
    const lost = this.#lost.get(name);
    return lost && lost.times >= MOST_LOST && this.#chosen.size > 1 ? lost.problem : undefined;
  }

  #providerOf(pack: ModelPack): string {
    return this.#options.providers?.of(pack) ?? CPU;
  }

  #threadsNow(): number {
    try {
      this.#cameras = this.#options.cameras?.() ?? 0;
    } catch (error) {
      this.#options.log.warn({ error: messageOf(error) }, 'cameras could not be counted: models run as before');
    }
    return threadsFor('quick', availableParallelism(), this.#cameras);
  }

  #choose(): void {
    const chosen = SIGHT_TASKS.flatMap((task) => {
      const pack = task === 'object-detection' ? this.#forDetection() : this.#options.models.forTask(task)[0];
      return pack ? [[task, pack] as const] : [];
    });
    this.#chosen = new Map(chosen);
  }

  /** Who has to do with another detector than the wanted one is told so, once. */
  #forDetection(): ModelPack | undefined {
    const { models, detector, log } = this.#options;
    const wanted = detector === undefined ? undefined : models.get(detector);
    if (wanted?.task === 'object-detection') return wanted;
    const [best] = models.forTask('object-detection');
    if (detector !== undefined && best && this.#toldOf !== best.name) {
      this.#toldOf = best.name;
      log.warn({ wanted: detector, used: best.name }, 'the detector of the configuration is not installed');
    }
    return best;
  }
}
