import type { Config } from '#config';
import { topicOf } from '#events';
import { Fleet, type FleetDeps } from '#fleet';

/** What other boxes send is taken in, and their alerts go to this box's broker as its own do. */
export function startFleet({
  config,
  ...deps
}: Omit<FleetDeps, 'reservePercent' | 'deliveriesOf'> & { config: Config }) {
  return Fleet.start({
    ...deps,
    reservePercent: () => config.recording.reservePercent,
    deliveriesOf: (name, label) => (config.mqtt ? [{ channel: 'mqtt', target: topicOf(name, label) }] : []),
  });
}
