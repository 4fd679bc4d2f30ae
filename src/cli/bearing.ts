import type { ModelTier } from '#domain';
import type { Asks } from '#inference';

type Task = keyof Asks;

/** A pack and how long it takes for one picture, or whatever it is asked at once. */
export interface TimedPack {
  name: string;
  task: Task;
  medianMs: number;
}

/** How many cameras a tier can be had with. */
export interface Bearing {
  tier: ModelTier;
  cameras: number;
  /** What most of the time goes to. */
  mostly: string;
  /** Tasks that no pack is here for. */
  without: Task[];
}

/** Indexes unless they say otherwise: windows of 10 s, of which 5 frames are looked at. */
export const WINDOW_S = 10;
export const FRAMES = 5;
/** The rest is for decoding, recording and whatever else the box does. */
export const SHARE = 0.5;
/** More cameras than anybody has; and quick packs are timed too coarsely for more. */
const MOST = 64;

/** How often a window asks for each task. */
const PER_WINDOW: readonly { task: Task; times: number; from: ModelTier }[] = [
  { task: 'object-detection', times: FRAMES, from: 'mini' },
  { task: 'person-embedding', times: FRAMES, from: 'basic' },
  { task: 'face-detection', times: 1, from: 'basic' },
  { task: 'text-detection', times: 1, from: 'basic' },
  { task: 'text-recognition', times: 1, from: 'basic' },
  { task: 'image-text', times: 1, from: 'basic' },
  { task: 'image-to-text', times: 1, from: 'ultra' },
];
const TIERS: readonly ModelTier[] = ['mini', 'basic', 'pro', 'ultra'];

/**
 * What the packs of a box allow, reckoned as if something moved in every window of every camera and every prompt called
 * for everything. `pro` asks the model that tells only when it is idle, so it bears as many cameras as `basic`.
 */
export function bearings(packs: readonly TimedPack[]): Bearing[] {
  const serving = new Map(packs.map((pack) => [pack.task, pack]));
  return TIERS.map((tier) => {
    const asked = PER_WINDOW.filter(({ from }) => TIERS.indexOf(from) <= TIERS.indexOf(tier));
    const costs = asked.flatMap(({ task, times }) => {
      const pack = serving.get(task);
      return pack ? [{ name: pack.name, ms: pack.medianMs * times }] : [];
    });
    const wanted = tier === 'pro' ? [...asked, { task: 'image-to-text' as const }] : asked;
    const without = wanted.map(({ task }) => task).filter((task) => !serving.has(task));
    return { tier, cameras: camerasWith(costs), mostly: largest(costs), without };
  });
}

function camerasWith(costs: readonly { ms: number }[]): number {
  const ms = costs.reduce((sum, cost) => sum + cost.ms, 0);
  return ms === 0 ? MOST : Math.min(MOST, Math.floor((WINDOW_S * 1000 * SHARE) / ms));
}

function largest(costs: readonly { name: string; ms: number }[]): string {
  return [...costs].sort((a, b) => b.ms - a.ms)[0]?.name ?? '';
}
