import type { Config } from '#config';
import type { HttpApp } from '#http';
import type { Lifetime } from '#runtime';
import { type CommandLinkDeps, CommandLinks } from '#sync';

/** The hubs that may command this box reach its own API, as somebody who may do what they are granted. */
export async function startCommandLinks(
  app: HttpApp,
  deps: Omit<CommandLinkDeps, 'hub' | 'report' | 'request'> & {
    config: Config;
    reporter: { report: CommandLinkDeps['report'] };
  },
  life: Lifetime,
): Promise<CommandLinks> {
  const { config, reporter } = deps;
  const request: CommandLinkDeps['request'] = async ({ method, path, body }, caller) => {
    const headers = { 'content-type': 'application/json' };
    const init = { method, headers, ...(body === undefined ? {} : { body }) };
    return await app.request(`http://box${path}`, init, { caller: { keyId: 0, ...caller } });
  };
  const links = life.use(new CommandLinks({ ...deps, report: (hub) => reporter.report(hub), request }));
  await links.configure(config.sync.targets);
  return links;
}
