import { readdirSync } from 'node:fs';
import type { Channel, Machine } from './channel.ts';
import { outputOf } from './tools.ts';

/**
 * Screens of X11, a channel for each monitor: of the display that this session has, else of those that run here and let
 * us in. The first is `display:1`.
 */
export async function findDisplays({ env, displays }: Machine, signal: AbortSignal): Promise<Channel[]> {
  const own = env['DISPLAY'];
  const found: Omit<Channel, 'id'>[] = [];
  for (const display of own ? [own] : displaysIn(displays)) found.push(...(await monitorsOf(display, signal)));
  const note = env['WAYLAND_DISPLAY'] ? ' (Wayland: windows of X11 only)' : '';
  return found.map((channel, at) => ({ id: `display:${at + 1}`, ...channel, name: channel.name + note }));
}

function displaysIn(sockets: string): string[] {
  try {
    return readdirSync(sockets)
      .filter((name) => /^X\d+$/.test(name))
      .map((name) => `:${name.slice(1)}`)
      .sort();
  } catch {
    return []; // No X server has ever run here.
  }
}

async function monitorsOf(display: string, signal: AbortSignal): Promise<Omit<Channel, 'id'>[]> {
  const listed = await outputOf('xrandr', ['--display', display, '--listmonitors'], signal);
  const monitors = [...listed.matchAll(/^\s*\d+: \+\*?(\S+) (\d+)\/\d+x(\d+)\/\d+\+(\d+)\+(\d+)/gm)];
  if (monitors.length === 0) return wholeOf(display, signal);
  return monitors.map(([, name, width, height, x, y]) => ({
    name: `${name} ${width}×${height} on ${display}`,
    type: 'video',
    input: { format: 'x11grab', address: `${display}+${x},${y}`, options: ['-video_size', `${width}x${height}`] },
  }));
}

/** Where `xrandr` isn't installed the whole of it is one. Nothing where we aren't let in. */
async function wholeOf(display: string, signal: AbortSignal): Promise<Omit<Channel, 'id'>[]> {
  const look = ['-v', 'error', '-f', 'x11grab', '-show_entries', 'stream=width,height', '-of', 'csv=p=0', display];
  const [, width, height] = /^(\d+),(\d+)/.exec(await outputOf('ffprobe', look, signal)) ?? [];
  if (width === undefined) return [];
  const name = `screen ${width}×${height} on ${display}`;
  return [{ name, type: 'video', input: { format: 'x11grab', address: display } }];
}
