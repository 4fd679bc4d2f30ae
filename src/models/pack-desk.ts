import { Fault, type Log, messageOf } from '#runtime';
import { type CatalogueEntry, readCatalogue } from './catalogue.ts';
import { ModelLibrary } from './library.ts';
import { requireLicence } from './licences.ts';
import type { ModelTask } from './manifest.ts';

/** A pack that is here, or can be fetched. */
export interface PackState {
  name: string;
  task: ModelTask;
  licence: string;
  /** What a box can do with it that it can't do without. */
  adds?: string;
  /** About, of one that isn't here. */
  bytes?: number;
  here: boolean;
  /** Why it can't be used. */
  problem?: string;
  /** The last pull that was asked for since the start. */
  pull?: { state: 'fetching' | 'done' | 'failed'; percentage: number; error?: string };
}

export interface PullWish {
  acceptedLicences?: readonly string[];
  /** Fetch what there is now, also where an older one is here. */
  update?: boolean;
}

/**
 * Fetches and removes packs for whoever asks from afar, one at a time. It looks at the directory by itself, as the command
 * line does: those who use the packs find out by what has changed there. A pull that breaks off goes on where it was when
 * it is asked for again.
 */
export class PackDesk implements AsyncDisposable {
  readonly #dir: string;
  readonly #log: Log;
  readonly #catalogue: CatalogueEntry[];
  readonly #stop = new AbortController();
  readonly #pulls = new Map<string, NonNullable<PackState['pull']>>();
  #running: Promise<void> | undefined;

  private constructor(dir: string, log: Log, catalogue: CatalogueEntry[]) {
    this.#dir = dir;
    this.#log = log;
    this.#catalogue = catalogue;
  }

  /** `catalogue` stands in for the shipped one. */
  static async open(dir: string, log: Log, catalogue?: CatalogueEntry[]): Promise<PackDesk> {
    return new PackDesk(dir, log, catalogue ?? (await readCatalogue()).packs);
  }

  /** What is here first. */
  async list(): Promise<PackState[]> {
    const here = (await this.#library()).list().map(({ pack: { name, task, licence, bytes }, problem }): PackState => {
      return { name, task, licence, bytes, here: true, ...(problem === undefined ? {} : { problem }) };
    });
    const others = this.#catalogue.filter(({ name }) => !here.some((one) => one.name === name));
    const away = others.map(({ name, task, licence, bytes }): PackState => {
      return { name, task, licence, here: false, ...(bytes === undefined ? {} : { bytes }) };
    });
    return [...here, ...away].map((one) => ({ ...one, ...this.#told(one.name) }));
  }

  /** Begins to fetch it. Throws `not_found`, `refused` for a licence that nobody has accepted, `conflict` while one is fetched. */
  pull(name: string, { acceptedLicences = [], update = false }: PullWish): void {
    const entry = this.#catalogue.find((one) => one.name === name);
    if (!entry)
      throw new Fault(
        'not_found',
        `name: the catalogue has no pack ${name.slice(0, 80)}; GET /v1/control/models lists them`,
      );
    requireLicence(entry, acceptedLicences);
    if (this.#running) throw new Fault('conflict', 'another pack is being fetched: wait until that has ended');
    this.#running = this.#fetch(name, { acceptedLicences, update }).finally(() => {
      this.#running = undefined;
    });
  }

  /** Throws `not_found`, and `conflict` while it is being fetched. */
  async remove(name: string): Promise<void> {
    await (await this.#library()).remove(name);
    this.#pulls.delete(name);
  }

  /** A pull that goes on ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #fetch(name: string, wish: Required<PullWish>): Promise<void> {
    const pull: NonNullable<PackState['pull']> = { state: 'fetching', percentage: 0 };
    this.#pulls.set(name, pull);
    try {
      const library = await this.#library();
      await library.pull(name, {
        ...wish,
        signal: this.#stop.signal,
        onProgress: ({ done, bytes, number, of }) => {
          pull.percentage = Math.floor((100 * (number - 1 + (bytes > 0 ? done / bytes : 1))) / of);
        },
      });
      Object.assign(pull, { state: 'done', percentage: 100 });
    } catch (error) {
      Object.assign(pull, { state: 'failed', error: messageOf(error) });
      this.#log.warn({ pack: name, error: messageOf(error) }, 'a model pack could not be fetched');
    }
  }

  #told(name: string): Pick<PackState, 'adds' | 'pull'> {
    const adds = this.#catalogue.find((one) => one.name === name)?.adds;
    const pull = this.#pulls.get(name);
    return { ...(adds === undefined ? {} : { adds }), ...(pull ? { pull: { ...pull } } : {}) };
  }

  #library(): Promise<ModelLibrary> {
    return ModelLibrary.open(this.#dir, this.#log, this.#catalogue);
  }
}
