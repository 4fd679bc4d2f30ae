import { statfs } from 'node:fs/promises';
import type { Config } from '#config';
import type { MqttBox } from '#delivery';
import { type Inference, thumbnail } from '#inference';
import type { Supervisor } from '#pipeline';
import type { Configuration } from './configuration.ts';
import { version } from './version.ts';

export interface BrokerDeps {
  config: Config;
  configuration: Pick<Configuration, 'version'>;
  inference: Pick<Inference, 'status'>;
  supervisor: Pick<Supervisor, 'status' | 'latestFrame'>;
  mediaDir: string;
  /** Where the page is. */
  url: () => string;
}

/** What an MQTT broker may show of the box. */
export function boxOnBroker({ config, configuration, inference, supervisor, mediaDir, url }: BrokerDeps): MqttBox {
  return {
    get name() {
      return config.name;
    },
    version,
    configVersion: () => configuration.version,
    url,
    cameras: () => supervisor.status(),
    detector: () => inference.status().state,
    freeBytes: async () => {
      const disk = await statfs(mediaDir).catch(() => undefined);
      return disk && disk.bavail * disk.bsize;
    },
    snapshot: async (streamId) => {
      const frame = supervisor.latestFrame(streamId);
      return frame && (await thumbnail(frame));
    },
  };
}
