import { readFileSync } from 'node:fs';
import type { Channel, Machine } from './channel.ts';
import { devicesOf, type FoundDevice } from './tools.ts';

/**
 * Microphones, and what the loudspeakers play (`system_audio`): of PulseAudio or of PipeWire, which speaks its language;
 * without either, microphones of ALSA. `…:default` is whatever the desktop has chosen at that time.
 */
export async function findSounds({ cards }: Machine, signal: AbortSignal): Promise<Channel[]> {
  const sources = await devicesOf('pulse', signal);
  return sources.length > 0 ? pulse(sources) : alsa(captureDevices(cards));
}

function pulse(sources: readonly FoundDevice[]): Channel[] {
  const isMonitor = ({ address }: FoundDevice): boolean => address.endsWith('.monitor');
  const mics = sources.filter((source) => !isMonitor(source));
  const chosen = mics.find((source) => source.isDefault) ?? mics[0];
  const monitors = sources.filter(isMonitor);
  return [
    ...(chosen ? [sound('mic', 'default', chosen.name, chosen.isDefault ? 'default' : chosen.address)] : []),
    ...(mics.length > 1 ? mics.map(({ address, name }) => sound('mic', address, name, address)) : []),
    ...(monitors.length > 0
      ? [sound('system_audio', 'default', 'what the loudspeakers play', '@DEFAULT_MONITOR@')]
      : []),
    ...(monitors.length > 1 ? monitors.map(({ address, name }) => sound('system_audio', address, name, address)) : []),
  ];
}

function sound(kind: 'mic' | 'system_audio', which: string, name: string, address: string): Channel {
  return { id: `${kind}:${which}`, name, type: 'audio', input: { format: 'pulse', address } };
}

function alsa(devices: readonly FoundDevice[]): Channel[] {
  if (devices.length === 0) return [];
  const mic = (which: string, name: string, address: string): Channel => ({
    id: `mic:${which}`,
    name,
    type: 'audio',
    input: { format: 'alsa', address },
  });
  const chosen = mic('default', devices[0]?.name ?? '', 'default');
  return [chosen, ...devices.map(({ address, name }) => mic(address, name, `plughw:${address}`))];
}

/** The kernel's own list: `00-00: ALC256 Analog : ALC256 Analog : playback 1 : capture 1`. */
function captureDevices(cards: string): FoundDevice[] {
  try {
    const lines = readFileSync(cards, 'utf8').matchAll(/^(\d+)-(\d+): ([^:]*) : .*\bcapture \d/gm);
    return [...lines].map(([, card, device, name = '']) => {
      return { address: `${Number(card)},${Number(device)}`, name: name.trim(), isDefault: false };
    });
  } catch {
    return []; // No sound card.
  }
}
