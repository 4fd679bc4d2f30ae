import type { Config } from '#config';
import { type Delivery, webhookPayload } from '#delivery';
import { type MediaLinks, openClip } from '#playback';
import type { Clock, Log } from '#runtime';
import type { Store } from '#store';
import { makeTarget, Sync } from '#sync';
import type { BoxReporter } from './box-report.ts';
import { alertLinks } from './links.ts';
import { clipsDir } from './places.ts';

interface SyncingDeps {
  config: Config;
  store: Store;
  links: MediaLinks;
  origin: () => string;
  delivery: Pick<Delivery, 'send'>;
  reporter: Pick<BoxReporter, 'report'>;
  mediaDir: string;
  thumbsDir: string;
  clock: Clock;
  log: Log;
}

/** What is stored goes to the targets of the configuration, if it has any. */
export function startSync({ config, delivery, reporter, links, origin, ...deps }: SyncingDeps): Promise<Sync> {
  const { store, mediaDir, clock } = deps;
  const report = (target: string) => reporter.report(target);
  const shown = alertLinks(links, origin);
  const streamName = (id: string) => store.streams.get(id)?.name ?? id;
  return Sync.start(
    {
      ...deps,
      spoolDir: clipsDir(config.dataDir),
      payload: (firing, what) => webhookPayload(firing, shown, streamName, what),
      openClip: (rows, signal) => openClip(rows, mediaDir, signal),
      makeTarget: (target) => makeTarget(target, { post: delivery.send.bind(delivery), report, clock }),
    },
    config.sync.targets,
  );
}
