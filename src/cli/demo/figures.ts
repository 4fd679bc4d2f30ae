import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ApplianceClient } from './client.ts';
import type { Alerts, Recorded } from './watch.ts';

/** The line of JSON at the end. */
export interface Figures {
  cameras: number;
  segments: number;
  scenes: number;
  alerts: Alerts;
  search: { query: string; hits: number };
  playback_seconds: number;
}

const QUERY = 'the lights went off';
const LEAST = { segments: 8, scenes: 4, alerts: 2, hits: 1, playbackSeconds: 30 };

export async function measure(client: ApplianceClient, recorded: Recorded, alerts: Alerts): Promise<Figures> {
  const { streamId, segments, startMs, endMs } = recorded;
  return {
    cameras: 1,
    segments,
    scenes: (await client.scenes()).length,
    alerts: { ...alerts },
    search: { query: QUERY, hits: await client.searchHits(QUERY) },
    playback_seconds: await playable(await client.playlist(streamId, startMs, endMs)),
  };
}

/** What a player would find at the address, in seconds. */
async function playable(url: string): Promise<number> {
  const args = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', url];
  const { stdout } = await promisify(execFile)('ffprobe', args, { timeout: 30_000 });
  return Math.round(Number(stdout) * 10) / 10;
}

/** What falls short of a working box, in words; empty when nothing does. */
export function shortcomings(figures: Figures): string[] {
  const rows: [string, number, number][] = [
    ['segments', figures.segments, LEAST.segments],
    ['scenes', figures.scenes, LEAST.scenes],
    ['alerts by MQTT', figures.alerts.mqtt, LEAST.alerts],
    ['alerts by webhook', figures.alerts.webhook, LEAST.alerts],
    ['search hits', figures.search.hits, LEAST.hits],
    ['seconds to play', figures.playback_seconds, LEAST.playbackSeconds],
  ];
  return rows.filter(([, is, least]) => !(is >= least)).map(([what, is, least]) => `${is} ${what} (at least ${least})`);
}
