import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Channel, Machine } from './channel.ts';
import { devicesOf } from './tools.ts';

/** The smallest size that shows people; a device without it takes the nearest that it has. */
const SIZE = ['-video_size', '1280x720'];

/** Cameras of V4L2: USB, and what a board's driver shows as one. `camera:0` is /dev/video0. */
export async function findCameras({ nodes }: Machine, signal: AbortSignal): Promise<Channel[]> {
  const devices = await devicesOf('v4l2', signal);
  return devices
    .filter(({ address }) => /^\/dev\/video\d+$/.test(address) && isFirstOf(join(nodes, basename(address))))
    .map(({ address, name }) => {
      const input = { format: 'v4l2', address, options: SIZE } as const;
      return { id: `camera:${address.replace('/dev/video', '')}`, name, type: 'video', input };
    });
}

/** A camera has further nodes, for what isn't pictures. */
function isFirstOf(node: string): boolean {
  try {
    return readFileSync(join(node, 'index'), 'utf8').trim() === '0';
  } catch {
    return true;
  }
}
