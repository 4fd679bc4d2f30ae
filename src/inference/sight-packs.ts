import type { ModelLibrary, ModelPack } from '#models';
import type { Log } from '#runtime';
import { loadRequest } from './loads.ts';
import type { LoadRequest, Task } from './protocol.ts';
import { SIGHT_TASKS, type SightTask } from './queue.ts';

/** Memory that a model may take, of the size of its files. */
const MODEL_MEMORY = 3;

/** Which pack serves each task of sight: the best that is installed, for detection the one that is wanted; and what is wrong with it. */
export class SightPacks {
  readonly #models: ModelLibrary;
  readonly #detector: string | undefined;
  readonly #log: Log;
  #chosen = new Map<SightTask, ModelPack>();
  #problems: ReadonlyMap<Task, string> = new Map();
  #toldOf: string | undefined;

  constructor(models: ModelLibrary, detector: string | undefined, log: Log) {
    this.#models = models;
    this.#detector = detector;
    this.#log = log;
    this.#choose();
  }

  /** What the next life loads: chosen anew, as packs come and go. */
  loads(): LoadRequest[] {
    this.#choose();
    return [...this.#chosen.values()].map(loadRequest);
  }

  chosen(task: SightTask): ModelPack | undefined {
    return this.#chosen.get(task);
  }

  usable(task: SightTask): ModelPack | undefined {
    return this.#problems.has(task) ? undefined : this.#chosen.get(task);
  }

  /** What a process that lives says of the packs it was to load. */
  tried(problems: ReadonlyMap<Task, string>): void {
    this.#problems = new Map(problems);
  }

  /** What couldn't be used may have been replaced. */
  forgive(): void {
    this.#problems = new Map();
  }

  /** Of all that are loaded. */
  memoryMb(): number {
    const bytes = [...this.#chosen.values()].reduce((sum, pack) => sum + pack.bytes, 0);
    return (MODEL_MEMORY * bytes) / 1_048_576;
  }

  status(): { packs: Partial<Record<SightTask, string>>; problems: Partial<Record<SightTask, string>> } {
    const packs: Partial<Record<SightTask, string>> = {};
    const problems: Partial<Record<SightTask, string>> = {};
    for (const [task, { name }] of this.#chosen) {
      const problem = this.#problems.get(task);
      if (problem === undefined) packs[task] = name;
      else problems[task] = problem;
    }
    return { packs, problems };
  }

  #choose(): void {
    const chosen = SIGHT_TASKS.flatMap((task) => {
      const pack = task === 'object-detection' ? this.#forDetection() : this.#models.forTask(task)[0];
      return pack ? [[task, pack] as const] : [];
    });
    this.#chosen = new Map(chosen);
  }

  /** Who has to do with another detector than the wanted one is told so, once. */
  #forDetection(): ModelPack | undefined {
    const wanted = this.#detector === undefined ? undefined : this.#models.get(this.#detector);
    if (wanted?.task === 'object-detection') return wanted;
    const [best] = this.#models.forTask('object-detection');
    if (this.#detector !== undefined && best && this.#toldOf !== best.name) {
      this.#toldOf = best.name;
      this.#log.warn({ wanted: this.#detector, used: best.name }, 'the detector of the configuration is not installed');
    }
    return best;
  }
}
