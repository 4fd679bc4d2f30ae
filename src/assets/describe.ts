import type { Asset, CutScene, Frame, Job, SceneCollection } from '#domain';
import { Observer, patient } from '#inference';
import { deadline, Fault } from '#runtime';
import type { AssetDeps, Work } from './deps.ts';
import { assetFrame } from './thumbnail.ts';

/** Of one scene. */
const MOST_FRAMES = 4;
/** Models on a small box take so long for a picture. */
const PATIENCE_MS = 120_000;

/** What the job is given: a scene of a collection, or one of its frames. */
export interface DescribeInput {
  collectionId: string;
  scene: number;
  frame?: number;
  prompt: string;
}

/**
 * Has a scene or a frame described by the prompt: by whoever follows instructions, else by what the box measures. What is
 * said is kept with it.
 */
export async function describeScene(job: Job, deps: AssetDeps, { signal }: Work): Promise<{ text: string }> {
  const input = job.input as unknown as DescribeInput; // Written by our own route.
  const { sceneCollections, assets } = deps.store;
  const collection = sceneCollections.get(input.collectionId);
  const asset = collection && assets.get(collection.assetId);
  if (!collection || !asset) throw new Fault('refused', 'the video or its scene collection was deleted meanwhile');
  const frames: Frame[] = [];
  for (const atMs of timesOf(collection, input)) frames.push(await assetFrame(deps, asset, atMs, signal));
  const description = await describe(frames, input, asset, deps, signal);
  keep(input, description, deps);
  return { text: description };
}

function timesOf({ scenes }: SceneCollection, { scene, frame }: DescribeInput): number[] {
  const { frames = [] } = scenes[scene] ?? {};
  const wanted = frame === undefined ? frames.slice(0, MOST_FRAMES) : frames.slice(frame, frame + 1);
  if (wanted.length === 0) throw new Fault('refused', 'there is no frame to describe');
  return wanted.map(({ atMs }) => atMs);
}

async function describe(
  frames: readonly Frame[],
  { prompt, collectionId, scene }: DescribeInput,
  asset: Asset,
  deps: AssetDeps,
  signal: AbortSignal,
): Promise<string> {
  using limit = deadline(signal, PATIENCE_MS);
  const wish = { frames, instruction: prompt, streamId: asset.id, about: `${collectionId} ${scene}` };
  const told = await deps.tell?.({ ...wish, priority: 'backfill' }, limit.signal).catch(() => undefined);
  signal.throwIfAborted();
  if (told) return told.text;
  const [first, last] = [frames[0]?.atMs ?? 0, frames.at(-1)?.atMs ?? 0];
  const observer = new Observer({ streamId: asset.id, prompt }, patient(deps.inference, deps.clock, PATIENCE_MS));
  const window = { streamId: asset.id, startMs: first, endMs: last + 1, frames: [...frames], zones: [] };
  const observation = await observer.observe(window, 'backfill', signal);
  if (observation === 'dropped') throw new Fault('unavailable', 'the models have no time for it now: try again');
  return observation.text;
}

function keep({ collectionId, scene, frame }: DescribeInput, description: string, { store }: AssetDeps): void {
  const now = store.sceneCollections.get(collectionId);
  if (!now) return;
  const told = (one: CutScene): CutScene => {
    if (frame === undefined) return { ...one, description };
    return { ...one, frames: one.frames.map((each, n) => (n === frame ? { ...each, description } : each)) };
  };
  store.sceneCollections.update(collectionId, { scenes: now.scenes.map((one, n) => (n === scene ? told(one) : one)) });
}
