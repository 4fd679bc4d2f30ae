import { isDeepStrictEqual } from 'node:util';
import {
  byName,
  type Config,
  ConfigFault,
  type ConfigSource,
  changedPaths,
  giveaways,
  layerProblems,
  merge,
  patchBetween,
  readWritten,
  revealed,
  shownConfig,
  writtenIn,
} from '#config';
import type { ConfigCondition, ConfigLoss, ConfigOutcome, ConfigWish } from '#http';
import { Fault, type Log, messageOf } from '#runtime';
import type { ConfigContent, ConfigVersion, Store } from '#store';
import { type Begun, begin, effective, FILE, UNREADABLE } from './effective.ts';
import { atPath, covers, demandLossless, type Part } from './parts.ts';

/** What the file says now, with what was changed over HTTP on top. */
type Wish = ConfigWish | 'reload';

export interface ConfigurationDeps {
  source: ConfigSource;
  store: Pick<Store, 'configVersions'>;
  log: Log;
}

/**
 * The configuration in force: what the file says, below what was changed over HTTP, below the environment and the command
 * line. A change is checked, then stored together with what of it the store keeps (cameras and alerts), then followed by
 * the parts of the box that it concerns; where one of them can't, all is as it was before. Killed anywhere, the box starts
 * with the former configuration or with the new one.
 */
export class Configuration {
  /** Stays the same object and always says what is in force: to be read when it is needed, and not to be kept in part. */
  readonly inForce: Config;
  readonly #deps: ConfigurationDeps;
  #content: ConfigContent;
  #problem: string | undefined;
  #version: number;
  /** What the parts began with that can't follow. */
  #started: Config;
  #parts: readonly Part[] = [];
  #store: (before: Config) => void = () => undefined;
  #begin: () => void = () => undefined;
  /** Nothing is changed before there is somebody to follow. */
  #turn: Promise<unknown> = new Promise<void>((resolve) => {
    this.#begin = resolve;
  });

  private constructor(deps: ConfigurationDeps, begun: Begun) {
    this.#deps = deps;
    this.#content = begun.content;
    this.#problem = begun.problem;
    this.#version = deps.store.configVersions.list()[0]?.version ?? 0;
    this.inForce = begun.config;
    this.#started = structuredClone(begun.config);
  }

  /** Where the file and the changes can't be used together, those of both that last did serve; without such ones it throws why. */
  static async open(deps: ConfigurationDeps): Promise<Configuration> {
    const begun = await begin(deps);
    if (begun.problem !== undefined)
      deps.log.error({ error: begun.problem }, 'configuration: not all of it is in force');
    return new Configuration(deps, begun);
  }

  /** From now on changes are followed. `store` writes what the store keeps of the configuration, and is undone with it. */
  follow(parts: readonly Part[], store: (before: Config) => void): void {
    this.#parts = parts;
    this.#store = store;
    this.#begin();
  }

  get version(): number {
    return this.#version;
  }

  status(): { version: number; restartRequired: string[]; problem?: string } {
    const restartRequired = this.#unfollowed(changedPaths(this.#started, this.inForce));
    return {
      version: this.version,
      restartRequired,
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    };
  }

  /** Without secrets. */
  view(): ReturnType<typeof shownConfig> {
    return shownConfig(this.inForce, this.#content, this.#deps.source);
  }

  history(): ConfigVersion[] {
    return this.#deps.store.configVersions.list();
  }

  /** What would change, what would be lost, and all that is wrong. Throws `not_found` for a version that isn't kept. */
  async check(wish: ConfigWish): Promise<ConfigOutcome & Pick<ConfigFault, 'problems'> & { losses: ConfigLoss[] }> {
    try {
      const { config } = await this.#candidate(wish);
      const changed = changedPaths(this.inForce, config);
      return { ...this.#outcome(changed), problems: [], losses: this.#losses(changed, config) };
    } catch (error) {
      if (!(error instanceof ConfigFault)) throw error;
      return { ...this.#outcome([]), problems: error.problems, losses: [] };
    }
  }

  /**
   * One after the other. Throws a `ConfigFault` with all that is wrong, `not_found`, `conflict` when it isn't as `only` says, and
   * what the part throws that can't follow.
   */
  apply(wish: ConfigWish, by: string, only?: ConfigCondition): Promise<ConfigOutcome> {
    return this.#queued(wish, by, only);
  }

  /** Takes the file over as it is now; one that can't be used changes nothing, and `status` says so. */
  async reload(by = FILE, only?: ConfigCondition): Promise<ConfigOutcome> {
    try {
      const outcome = await this.#queued('reload', by, only);
      this.#problem = undefined;
      return outcome;
    } catch (error) {
      this.#problem = messageOf(error);
      this.#deps.log.error({ error: this.#problem }, 'configuration: not taken over; what was in force still is');
      throw error;
    }
  }

  #queued(wish: Wish, by: string, only?: ConfigCondition): Promise<ConfigOutcome> {
    const turn = this.#turn.then(() => this.#apply(wish, by, only));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #apply(wish: Wish, by: string, only?: ConfigCondition): Promise<ConfigOutcome> {
    if (only?.version !== undefined && only.version !== this.#version) {
      throw new Fault('conflict', `If-Match: version ${this.#version} is in force by now: look at it, then try again`);
    }
    const { content, config } = await this.#candidate(wish);
    const changed = changedPaths(this.inForce, config);
    // What a reference stands for may have changed.
    if (changed.length === 0 && isDeepStrictEqual(content, this.#content)) return this.#outcome([]);
    if (only?.lossless) demandLossless(this.#losses(changed, config));
    const before = { ...this.inForce };
    become(this.inForce, config);
    const version = this.#stored({ by, changed }, content, before);
    await this.#followed(changed).catch((error: unknown) => this.#back(version, before, changed, error));
    if (this.#problem === UNREADABLE) this.#problem = undefined;
    this.#content = content;
    this.#version = version;
    this.#deps.log.info({ by, changed }, 'configuration: changed');
    return this.#outcome(changed);
  }

  /** Together with what the store keeps of it; all or nothing. */
  #stored(entry: Pick<ConfigVersion, 'by' | 'changed'>, content: ConfigContent, before: Config): number {
    try {
      return this.#deps.store.configVersions.add(entry, content, () => this.#store(before));
    } catch (error) {
      become(this.inForce, before);
      throw error;
    }
  }

  async #followed(changed: readonly string[]): Promise<void> {
    for (const part of this.#concerned(changed)) {
      try {
        await part.follow();
      } catch (error) {
        throw atPath(part, error);
      }
    }
  }

  async #back(version: number, before: Config, changed: readonly string[], cause: unknown): Promise<never> {
    const failed = { ...this.inForce };
    become(this.inForce, before);
    try {
      this.#deps.store.configVersions.takeBack(version, () => this.#store(failed));
    } catch (error) {
      this.#deps.log.error({ error: messageOf(error), version }, 'configuration: the store keeps what is not in force');
    }
    for (const part of this.#concerned(changed)) {
      try {
        await part.follow();
      } catch (error) {
        this.#deps.log.error({ error: atPath(part, error).message }, 'configuration: a part can’t go back');
      }
    }
    throw cause;
  }

  #losses(changed: readonly string[], wanted: Config): ConfigLoss[] {
    return this.#concerned(changed).flatMap((part) => part.loses?.(wanted) ?? []);
  }

  #concerned(changed: readonly string[]): Part[] {
    return this.#parts.filter((part) => changed.some((path) => covers(part, path)));
  }

  async #candidate(wish: Wish): Promise<{ content: ConfigContent; config: Config }> {
    try {
      const content = await this.#wished(wish);
      const problems = [...layerProblems(content), ...this.#giveaways(wish, content)];
      if (problems.length > 0) throw new ConfigFault(problems, 'the change');
      return { content, config: effective(content, this.#deps.source, wish === 'reload' ? 'the file' : 'the change') };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new ConfigFault([{ path: '', message: 'is nested too deeply' }], 'the change'); // The stack's end was reached.
    }
  }

  async #wished(wish: Wish): Promise<ConfigContent> {
    const { source, store } = this.#deps;
    const { file, layer } = this.#content;
    if (wish === 'reload') {
      const written = await readWritten(source);
      effective({ file: written, layer: {} }, source, source.file ?? 'the defaults'); // It must be right by itself.
      return { file: written, layer };
    }
    const now = merge(file, layer);
    if ('patch' in wish) return { file, layer: patchBetween(file, merge(now, byName(wish.patch))) ?? {} };
    if ('yaml' in wish) {
      const wanted = revealed(writtenIn(wish.yaml, 'the text'), now);
      return { file, layer: patchBetween(file, wanted) ?? {} };
    }
    const then = store.configVersions.content(wish.version);
    if (!then) throw new Fault('not_found', `version: ${wish.version} is not kept; see the history`);
    return { file, layer: patchBetween(file, merge(then.file, then.layer)) ?? {} };
  }

  /** A version had the same once, and the file is its user's. */
  #giveaways(wish: Wish, { file, layer }: ConfigContent): ReturnType<typeof giveaways> {
    if (wish === 'reload' || 'version' in wish) return [];
    const given = 'yaml' in wish ? writtenIn(wish.yaml, 'the text') : byName(wish.patch);
    return giveaways({ now: merge(this.#content.file, this.#content.layer), wanted: merge(file, layer), given });
  }

  #outcome(changed: string[]): ConfigOutcome {
    return { version: this.version, changed, restartRequired: this.#unfollowed(changed) };
  }

  #unfollowed(changed: readonly string[]): string[] {
    return changed.filter((path) => !this.#parts.some((part) => covers(part, path)));
  }
}

function become(target: Config, wanted: Config): void {
  for (const key of Object.keys(target)) if (!(key in wanted)) Reflect.deleteProperty(target, key);
  Object.assign(target, wanted);
}
