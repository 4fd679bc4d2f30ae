import { networkInterfaces } from 'node:os';
import type { Config } from '#config';
import type { AlertLinks } from '#delivery';
import type { Asset, Firing } from '#domain';
import type { MediaLinks } from '#playback';

/** Seconds of video shown before and after what an alert is about. */
const ROLL_MS = 5000;

/** Links in messages; in webhooks and MQTT no client has told us by which name it knows the box. */
export function alertLinks(links: MediaLinks, own: () => string): AlertLinks {
  const range = (firing: Firing) => [firing.streamId, firing.startMs - ROLL_MS, firing.endMs + ROLL_MS] as const;
  const all = ({ id, lengthMs }: Asset) => [id, 0, lengthMs] as const;
  return {
    streamUrl: (firing, origin = own()) => origin + links.manifestPath(...range(firing)),
    playerUrl: (firing, origin = own()) => origin + links.watchPath(...range(firing), { title: firing.label }),
    assetUrls: (asset, origin = own()) => ({
      stream_url: origin + links.manifestPath(...all(asset)),
      player_url: origin + links.watchPath(...all(asset), { title: asset.name }),
    }),
  };
}

/** `publicUrl`, else the address others on the network reach us by. */
export function publicOrigin(config: Config, port: number): string {
  if (config.publicUrl) return config.publicUrl.replace(/\/+$/, '');
  const { host } = config.listen;
  const everywhere = host === '0.0.0.0' || host === '::';
  const address = everywhere ? (firstLanAddress() ?? '127.0.0.1') : host;
  return `${config.tls ? 'https' : 'http'}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function firstLanAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flat()
    .find((net) => net && !net.internal && net.family === 'IPv4')?.address;
}
