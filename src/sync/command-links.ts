import { isDeepStrictEqual } from 'node:util';
import type { HubTargetConfig, TargetConfig } from '#config';
import { CommandLink, type CommandLinkDeps, type CommandLinkStatus } from './command-link.ts';

/** A connection to each hub that may command this box. */
export class CommandLinks implements AsyncDisposable {
  readonly #deps: Omit<CommandLinkDeps, 'hub'>;
  #links: { hub: HubTargetConfig; link: CommandLink }[] = [];

  constructor(deps: Omit<CommandLinkDeps, 'hub'>) {
    this.#deps = deps;
  }

  /** Begins with those that are new, ends those that are not wanted any more, and leaves the others as they are. */
  async configure(targets: readonly TargetConfig[]): Promise<void> {
    const wanted = targets.filter((target) => target.kind === 'hub').filter((hub) => hub.allowCommands !== false);
    const kept = this.#links.filter(({ hub }) => wanted.some((other) => isDeepStrictEqual(other, hub)));
    const gone = this.#links.filter((one) => !kept.includes(one));
    await Promise.all(gone.map(({ link }) => link[Symbol.asyncDispose]()));
    const added = wanted.filter((hub) => !kept.some((one) => isDeepStrictEqual(one.hub, hub)));
    this.#links = [...kept, ...added.map((hub) => ({ hub, link: CommandLink.start({ ...this.#deps, hub }) }))];
  }

  status(): CommandLinkStatus[] {
    return this.#links.map(({ link }) => link.status());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.configure([]);
  }
}
