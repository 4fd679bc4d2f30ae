import { Fault } from '#runtime';
import { findCameras } from './cameras.ts';
import type { Channel, Machine } from './channel.ts';
import { findDisplays } from './displays.ts';
import { findSounds } from './sounds.ts';

/** What the kernel puts on the screen, also under Wayland. Never listed, as it needs rights that few have. */
const KERNEL_SCREEN: Channel = {
  id: 'display:kms',
  name: 'the first screen, as the kernel shows it',
  type: 'video',
  input: { format: 'kmsgrab', address: '-' },
};

/** The one on which this runs. */
export function thisMachine(): Machine {
  const places = { displays: '/tmp/.X11-unix', cards: '/proc/asound/pcm', nodes: '/sys/class/video4linux' };
  return { env: process.env, ...places };
}

/** What can be captured on it now. Nothing is opened but for a look at its size. */
export async function findChannels(machine: Machine, signal: AbortSignal): Promise<Channel[]> {
  const [displays, sounds, cameras] = await Promise.all([
    findDisplays(machine, signal),
    findSounds(machine, signal),
    findCameras(machine, signal),
  ]);
  return [...sounds, ...displays, ...cameras];
}

/** Those with the ids; a category alone (`mic`) stands for its first. Throws `invalid`. */
export function chosenChannels(ids: readonly string[], found: readonly Channel[]): Channel[] {
  const chosen = ids.map((id) => {
    const channel = [...found, KERNEL_SCREEN].find((one) => one.id === id || one.id.startsWith(`${id}:`));
    if (!channel)
      throw new Fault('invalid', `--channel: there is no "${id}" here; "watchpost capture --list" shows what there is`);
    return channel;
  });
  if (chosen.length === 0)
    throw new Fault('invalid', '--channel: say what to capture; "watchpost capture --list" shows what there is');
  const twice = chosen.find((channel, at) => chosen.indexOf(channel) !== at);
  if (twice) throw new Fault('invalid', `--channel: "${twice.id}" is named twice`);
  return chosen;
}
