import type { Config } from '#config';
import type { Delivery } from '#delivery';
import type { ConfigLoss } from '#http';
import type { Supervisor } from '#pipeline';
import { Fault, isFault, messageOf } from '#runtime';
import type { CommandLinks, Sync } from '#sync';

/** A part of the box that follows changes of the configuration while it runs. */
export interface Part {
  /** The paths of the configuration that concern it. */
  of: readonly string[];
  /** Makes it as the configuration in force says. Throws, naming the path, when it can't; then it is called again with the former. */
  follow(): void | Promise<void>;
  /** What would be lost with this configuration. */
  loses?(wanted: Config): ConfigLoss[];
}

export interface PartDeps {
  config: Config;
  supervisor: Pick<Supervisor, 'reconcile'>;
  delivery: Pick<Delivery, 'setBroker'>;
  sync: Pick<Sync, 'configure' | 'wouldForget'>;
  commandLinks: Pick<CommandLinks, 'configure'>;
  /** Each asks the server that the configuration in force names. */
  askVisionServer: () => void;
  askTextServer: () => void;
  setLogLevel: (level: Config['logLevel']) => void;
}

/**
 * What follows a change of which part of the configuration; what stands nowhere here is in force from the next start of
 * the process on. Cameras and groups are in the store by then: a camera that is as before isn't touched, and one of which
 * only indexes, alerts, zones or retention have changed is recorded on.
 */
export function partsOf({ config, supervisor, delivery, sync, commandLinks, ...parts }: PartDeps): Part[] {
  return [
    { of: ['cameras', 'groups'], follow: () => supervisor.reconcile() },
    { of: ['mqtt'], follow: () => delivery.setBroker(config.mqtt) },
    { of: ['logLevel'], follow: () => parts.setLogLevel(config.logLevel) },
    { of: ['models.vision'], follow: parts.askVisionServer },
    { of: ['models.text'], follow: parts.askTextServer },
    { of: READ_WHEN_NEEDED, follow: () => undefined },
    { of: ['sync'], follow: () => commandLinks.configure(config.sync.targets) },
    // Last, as what waits for a target that is gone is forgotten: nothing that fails may come after it.
    {
      of: ['sync'],
      follow: () => sync.configure(config.sync.targets),
      loses: (wanted) => sync.wouldForget(wanted.sync.targets).map(forgotten),
    },
  ];
}

const READ_WHEN_NEEDED = [
  'name',
  'publicUrl',
  'ingest.allowFile',
  'recording.reservePercent',
  'recording.budgetGb',
  'recording.keepDays',
];

export function covers({ of }: Part, path: string): boolean {
  return of.some((own) => path === own || path.startsWith(`${own}.`) || path.startsWith(`${own}[`));
}

function forgotten({ target, items, bytes }: ReturnType<Sync['wouldForget']>[number]): ConfigLoss {
  const things = `${items} ${items === 1 ? 'thing waits' : 'things wait'} for it, about ${(bytes / 1e6).toFixed(1)} MB`;
  return { path: `sync.targets[${target}]`, message: `${things}: forgotten with the target` };
}

/** Throws `conflict`. */
export function demandLossless(losses: readonly ConfigLoss[]): void {
  if (losses.length === 0) return;
  const words = losses.map(({ path, message }) => `${path}: ${message}`);
  throw new Fault('conflict', `${words.join('; ')}. Ask with force=true to do it all the same`);
}

/** Why the part can't follow, beginning with its path. */
export function atPath({ of: [path = ''] }: Part, error: unknown): Fault {
  const message = messageOf(error);
  const named = message.startsWith(path) ? message : `${path}: ${message}`;
  const kind = isFault(error) ? error.kind : 'unavailable';
  return new Fault(kind, `${named}; the configuration is as it was before`, { cause: error });
}
