import type { Asset } from '#domain';
import { Fault } from '#runtime';
import { captionsOf, type Placed } from './auto-captions.ts';
import type { Composition, Content, Layer } from './composition.ts';
import { frameRateOf, type MediaAccess } from './frame-rate.ts';
import { LONGEST_MS, type Timeline, type TimelineClip } from './timeline.ts';

const MOST_CLIPS = 1000;
/** Eight layers of 1080p for two hours: a day's work for a small box. */
const MOST_PIXEL_SECONDS = 8 * 1920 * 1080 * 2 * 3600;

/** More than are spoken in six hours. */
const MOST_WORDS = 100_000;

/** A clip, and what to call it in a message. */
interface Named {
  at: string;
  clip: TimelineClip;
}

/**
 * Looks up what the timeline names. Throws `not_found` for assets that aren't there, `invalid` for what can't be rendered,
 * each with the path of the value; `at` is the path of the timeline itself.
 */
export async function compose(timeline: Timeline, access: MediaAccess, at = 'timeline'): Promise<Composition> {
  const { width, height, background } = timeline;
  const clips = inOrder(timeline, at);
  const durationMs = Math.max(0, ...clips.map(({ clip }) => clip.startMs + clip.durationMs));
  demandSize(timeline, clips, durationMs, at);
  const assets = new Map<string, Asset>();
  const placed = clips.map((named): Placed => {
    const asset = assetOf(named, access);
    if (asset) assets.set(asset.id, asset);
    return { ...named, asset };
  });
  const fps = await frameRateOf([...assets.values()], access);
  const wordsOf = remembering((id: string) => access.store.assets.words(id));
  const layers: Layer[] = [];
  let words = 0;
  for (const each of placed) {
    const content = contentOf(each, placed, wordsOf);
    words += content.kind === 'captions' ? (content.words?.length ?? 0) : 0;
    if (words > MOST_WORDS) throw new Fault('invalid', `${at}.tracks: must not caption more than ${MOST_WORDS} words`);
    layers.push(layerOf(each, content));
  }
  return { width, height, fps, background, durationMs, layers };
}

/** From the lowest to the topmost: later tracks above earlier ones unless their z-index says otherwise, and so clips. */
function inOrder({ tracks }: Timeline, at: string): Named[] {
  const named = tracks.map(({ zIndex, clips }, t) => ({
    zIndex,
    clips: clips.map((clip, c) => ({ at: `${at}.tracks[${t}].clips[${c}]`, clip })),
  }));
  return named
    .sort((a, b) => a.zIndex - b.zIndex) // Stable, as all sorting is.
    .flatMap(({ clips }) => clips.sort((a, b) => a.clip.zIndex - b.clip.zIndex));
}

function demandSize({ width, height }: Timeline, clips: readonly Named[], durationMs: number, at: string): void {
  if (clips.length === 0) throw new Fault('invalid', `${at}.tracks: must have a clip, in one of the tracks at least`);
  if (clips.length > MOST_CLIPS) {
    throw new Fault('invalid', `${at}.tracks: must not have more than ${MOST_CLIPS} clips in all, not ${clips.length}`);
  }
  if (durationMs > LONGEST_MS) {
    const [hours, most] = [durationMs, LONGEST_MS].map((ms) => (ms / 3_600_000).toFixed(1));
    throw new Fault('invalid', `${at}.tracks: the timeline must not be longer than ${most} hours, not ${hours}`);
  }
  const seen = clips.filter(({ clip }) => clip.asset.kind !== 'audio');
  const seconds = seen.reduce((sum, { clip }) => sum + clip.durationMs / 1000, durationMs / 1000);
  if (seconds * width * height <= MOST_PIXEL_SECONDS) return;
  const hours = (MOST_PIXEL_SECONDS / (width * height) / 3600).toFixed(1);
  throw new Fault(
    'invalid',
    `${at}: is more than this box renders: at ${width}x${height} all clips together must not be longer than ${hours} ` +
      'hours; use a smaller resolution, or several timelines',
  );
}

/** Undefined for what is no asset: text, captions. */
function assetOf({ at, clip: { asset: wanted } }: Named, { store }: MediaAccess): Asset | undefined {
  if (!('assetId' in wanted)) return undefined;
  const path = `${at}.clip.asset`;
  const asset = store.assets.get(wanted.assetId);
  if (!asset) {
    const id = wanted.assetId.slice(0, 80);
    throw new Fault('not_found', `${path}.id: there is no ${wanted.kind} "${id}"; GET /${wanted.kind} lists them`);
  }
  if (asset.kind !== wanted.kind) {
    throw new Fault('invalid', `${path}.type: must be "${asset.kind}", which ${asset.id} is, not "${wanted.kind}"`);
  }
  if (asset.kind !== 'image' && !store.assets.piece(asset.id, 0)) {
    throw new Fault(
      'refused',
      `${path}.id: the media of ${asset.id} has been deleted; only what is known of it is left`,
    );
  }
  if ('fromMs' in wanted && wanted.fromMs >= asset.lengthMs) {
    const length = asset.lengthMs / 1000;
    throw new Fault('invalid', `${path}.start: must be before the end of ${asset.id}, which is ${length} s long`);
  }
  return asset;
}

function contentOf(placed: Placed, all: readonly Placed[], wordsOf: Parameters<typeof captionsOf>[3]): Content {
  const { asset } = placed.clip;
  return asset.kind === 'captions' ? captionsOf(placed, asset, all, wordsOf) : asset;
}

/** Transcripts are long, and the same video may be in many clips. */
function remembering<T>(look: (id: string) => T): (id: string) => T {
  const known = new Map<string, { value: T }>();
  return (id) => {
    const found = known.get(id) ?? { value: look(id) };
    known.set(id, found);
    return found.value;
  };
}

function layerOf({ clip }: Placed, content: Content): Layer {
  const { zIndex: _z, asset: _asset, ...look } = clip;
  return { ...look, content };
}
