import { mkdir, mkdtemp, open, rm, statfs } from 'node:fs/promises';
import { availableParallelism, freemem } from 'node:os';
import { join } from 'node:path';
import { adviceFor, keyframeCostMs, probeSource } from '#camera';
import { type CameraConfig, type Config, loadConfig } from '#config';
import type { CameraFacts } from '#domain';
import { messageOf } from '#runtime';
import { recordingBudget } from '#store';
import { type BoxMeasures, type CameraLoad, daysOf, remedyOf, tiersOf } from './capacity.ts';
import type { PlaceOptions } from './models.ts';
import { timePacks } from './models-bench.ts';
import { stepsOn } from './progress.ts';
import { print, printTable, styled } from './terminal.ts';

/** A usual camera, where none is there to measure. */
const USUAL = { width: 1920, height: 1080, bitsPerSecond: 4e6, keyframeIntervalS: 2 };
const WRITTEN_BYTES = 64 * 1024 * 1024;
const BLOCK_BYTES = 1024 * 1024;

interface Seen {
  name: string;
  facts?: CameraFacts;
  /** Of its smaller stream, which is looked at instead. */
  substream?: CameraFacts;
  problem?: string;
}

/**
 * Measures this box and its cameras and says how many such cameras it bears, with which tier, how far recordings will reach
 * back, how late alerts come, what ends it first and what would help. A camera that doesn't answer is told of; without
 * any, a usual one is reckoned with.
 */
export async function plan(
  options: PlaceOptions & { camera?: string[]; json?: boolean },
  signal: AbortSignal,
): Promise<void> {
  const config = await loadConfig(options.config, process.env, options);
  const cameras = await look(options.camera, config, signal);
  const load = loadOf(cameras);
  const box = await measure(config, load, signal);
  const tiers = tiersOf(box, load).map((tier) => ({ ...tier, days: daysOf(box, load, tier.cameras) }));
  const wanted = cameras.length;
  const days = daysOf(box, load, wanted);
  if (options.json) print(JSON.stringify({ box, camera: load, cameras, tiers, wanted, days }));
  else show(box, cameras, load, tiers, days);
}

type Source = Pick<CameraConfig, 'name' | 'url' | 'substream' | 'transport'>;

async function look(urls: readonly string[] | undefined, config: Config, signal: AbortSignal): Promise<Seen[]> {
  const wanted: Source[] = urls
    ? urls.map((url, at) => ({ name: `camera ${at + 1}`, url, transport: 'tcp' as const }))
    : config.cameras;
  const seen: Seen[] = [];
  const show = stepsOn(process.stderr);
  for (const [at, source] of wanted.entries()) {
    show({ what: `looking at ${source.name}`, number: at + 1, of: wanted.length });
    seen.push(await probed(source, signal));
  }
  show(undefined);
  return seen;
}

async function probed({ name, url, substream, transport }: Source, signal: AbortSignal): Promise<Seen> {
  const options = { transport, allowFile: true, signal };
  try {
    const facts = await probeSource(url, options);
    return { name, facts, ...(substream === undefined ? {} : { substream: await probeSource(substream, options) }) };
  } catch (error) {
    signal.throwIfAborted();
    return { name, problem: messageOf(error) };
  }
}

/** The mean of the cameras that answered. */
function loadOf(cameras: readonly Seen[]): CameraLoad & Pick<CameraFacts, 'width' | 'height'> {
  const known = cameras.flatMap(({ facts }) => (facts ? [facts] : []));
  if (known.length === 0) return USUAL;
  const looked = cameras.flatMap(({ facts, substream = facts }) => (substream ? [substream] : []));
  const pictured = looked.filter(({ videoCodec }) => videoCodec !== undefined);
  const largest = pictured.reduce((a, b) => (b.width * b.height > a.width * a.height ? b : a), pictured[0] ?? USUAL);
  return {
    width: largest.width,
    height: largest.height,
    bitsPerSecond: Math.round(mean(known.map(({ bitsPerSecond = USUAL.bitsPerSecond }) => bitsPerSecond))),
    // What was not seen within the five seconds of the probe is rarer.
    keyframeIntervalS:
      pictured.length > 0
        ? mean(pictured.map(({ keyframeIntervalS = 5 }) => keyframeIntervalS))
        : USUAL.keyframeIntervalS,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, one) => sum + one, 0) / values.length;
}

async function measure(
  { dataDir, recording }: Config,
  size: Pick<CameraFacts, 'width' | 'height'>,
  signal: AbortSignal,
): Promise<BoxMeasures> {
  const show = stepsOn(process.stderr);
  show({ what: 'decoding pictures', number: 1, of: 2 });
  const keyframeMs = await keyframeCostMs(size, signal);
  show({ what: 'writing to the disk', number: 2, of: 2 });
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const disk = await statfs(dataDir);
  const budget = recordingBudget(disk, recording.budgetGb === undefined ? undefined : recording.budgetGb * 1e9);
  const diskBytesPerS = await writeSpeed(dataDir);
  show(undefined);
  const { timed, serving } = await timePacks(dataDir, signal);
  return {
    cores: availableParallelism(),
    memoryFreeBytes: freemem(),
    diskBytesPerS,
    roomBytes: Math.max(
      0,
      Math.min(budget, disk.bsize * (disk.bavail - (disk.blocks * recording.reservePercent) / 100)),
    ),
    keyframeMs: Math.round(keyframeMs * 10) / 10,
    packs: serving,
    packsBytes: timed.reduce((sum, { timing }) => sum + timing.rssMb * 1e6, 0),
  };
}

/** As segments are written: to the disk itself. Bytes a second. */
async function writeSpeed(dataDir: string): Promise<number> {
  const dir = await mkdtemp(join(dataDir, 'plan-'));
  try {
    const file = await open(join(dir, 'written'), 'w');
    try {
      const block = Buffer.alloc(BLOCK_BYTES, 7);
      const began = performance.now();
      for (let written = 0; written < WRITTEN_BYTES; written += BLOCK_BYTES) await file.write(block);
      await file.sync();
      return Math.round((WRITTEN_BYTES * 1000) / (performance.now() - began));
    } finally {
      await file.close();
    }
  } finally {
    await rm(dir, { recursive: true });
  }
}

type Tiers = (ReturnType<typeof tiersOf>[number] & { days: number })[];

function show(box: BoxMeasures, cameras: readonly Seen[], load: CameraLoad, tiers: Tiers, days: number): void {
  print(styled('bold', 'This box'));
  printTable(
    [
      ['cores', String(box.cores)],
      ['memory free', `${Math.round(box.memoryFreeBytes / 1e6)} MB`],
      ['disk', `${Math.round(box.diskBytesPerS / 1e6)} MB/s, ${Math.round(box.roomBytes / 1e9)} GB for recordings`],
      ['a picture', `${box.keyframeMs} ms to decode`],
      ...box.packs.map(({ name, medianMs }) => [name, `${medianMs} ms`]),
    ],
    false,
  );
  for (const { name, facts, problem } of cameras) {
    print('');
    print(`${styled('bold', name)}: ${problem ?? cameraWords(facts)}`);
    for (const line of facts ? adviceFor(facts) : []) print(`${styled('yellow', 'advice:')} ${line}`);
  }
  print('');
  const rows = tiers.map((one) => [
    one.tier,
    String(one.cameras),
    String(one.days),
    `${one.alertDelayS} s`,
    one.limit,
    one.without.join(', '),
  ]);
  printTable([['tier', 'cameras', 'days of video', 'alert within', 'what ends it', 'no pack for'], ...rows]);
  print('');
  for (const line of conclusions(cameras.length, load, tiers, days)) print(line);
}

function cameraWords(facts: CameraFacts | undefined): string {
  if (!facts) return '';
  const { bitsPerSecond: bits, keyframeIntervalS: gap } = facts;
  const rate = bits === undefined ? 'bitrate not measured' : `${(bits / 1e6).toFixed(1)} Mbit/s`;
  if (facts.videoCodec === undefined) return `${facts.audioCodec ?? 'no'} sound only, ${rate}`;
  const keyframes = gap === undefined ? 'keyframes rarer than 5 s' : `a keyframe every ${gap} s`;
  return `${facts.videoCodec} ${facts.width}×${facts.height}, ${facts.fps} fps, ${rate}, ${keyframes}`;
}

/** In sentences: the best tier for the cameras that are wanted, and what to change for more. */
function conclusions(wanted: number, load: CameraLoad, tiers: Tiers, days: number): string[] {
  const best = tiers.filter(({ cameras, without }) => cameras >= wanted && without.length === 0).at(-1);
  const [first] = tiers;
  const limit = best?.limit ?? first?.limit ?? 'models';
  const tier = best?.tier ?? (first && first.cameras >= wanted ? first.tier : undefined);
  const fits =
    tier === undefined ? 'no tier bears them all: what is too much is dropped and told' : `tier ${tier} fits`;
  return [
    ...(wanted > 0 ? [`For these ${wanted}: ${fits}; recordings reach back ${days} days.`] : []),
    ...(wanted > 0 && days < 1 ? ['For more days: a larger disk, a lower bitrate, or `recording.mode: motion`.'] : []),
    `For more cameras: ${remedyOf(limit, load)}.`,
    styled(
      'dim',
      'reckoned for windows of 10 s with 5 pictures, something moving in all of them; quiet scenes cost next to nothing',
    ),
  ];
}
