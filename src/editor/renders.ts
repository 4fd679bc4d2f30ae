import { createHash } from 'node:crypto';
import { type AssetDeps, enterWithThumbnail, isDiskFull, makeFolder, makeRoom, noRoom, RoomWatch } from '#assets';
import { type Asset, type Job, newId } from '#domain';
import type { JobContext, JobRunner } from '#jobs';
import { type Clock, Fault } from '#runtime';
import type { Store } from '#store';
import type { Composition } from './composition.ts';
import { type Rendered, render } from './render.ts';
import { fontNotes, fontsOf } from './text-layer.ts';

/** What is rendered goes by its content; when the same content comes to look otherwise, this has changed. */
const LOOK = 1;
/** Those who ask while so many wait are refused. */
const MOST_WAITING = 20;
const LEAST_ROOM = 16 * 1024 * 1024;
/** What H.264 takes of most pictures, rather more than less. */
const BITS_PER_PIXEL = 0.1;

export interface RenderOptions {
  /** A video in this collection's list, that stays until it is deleted. Else it is in no list, and gives way. */
  keep?: { collectionId: string; name: string } | undefined;
  callbackUrl?: string | undefined;
}

export interface RenderDeps {
  store: Store;
  jobs: Pick<JobRunner, 'submit'>;
  clock: Clock;
}

/** What a render's job is given; the composition is its detail. */
interface RenderInput {
  assetId: string;
  renderKey: string;
  name: string;
  collectionId: string;
  keep: boolean;
}

/**
 * What was made of the composition before, or the job that makes it: the one under way when there is one. Throws
 * `unavailable` when too many wait already.
 */
export async function beginRender(
  deps: RenderDeps,
  composition: Composition,
  { keep, callbackUrl }: RenderOptions = {},
): Promise<{ asset: Asset } | { job: Job }> {
  const detail = JSON.stringify(composition);
  const about = JSON.stringify([LOOK, keep?.collectionId, keep?.name, await fontsOf(composition)]);
  const renderKey = createHash('sha256').update(about).update(detail).digest('hex');
  const input: RenderInput = {
    assetId: newId('video', deps.clock.nowMs()),
    renderKey,
    name: keep?.name ?? 'Edit',
    collectionId: keep?.collectionId ?? 'default',
    keep: keep !== undefined,
  };
  return madeOrBegun(deps, 'render', { ...input }, { renderKey, detail, callbackUrl });
}

/** Who gives an address is told there, too, when it was made before or somebody else's job makes it. */
export function madeOrBegun(
  { store, jobs, clock }: RenderDeps,
  kind: 'render' | 'reframe',
  input: Job['input'],
  { renderKey, detail, callbackUrl }: { renderKey: string; detail?: string; callbackUrl?: string | undefined },
): { asset: Asset } | { job: Job } {
  const asset = store.renders.get(renderKey);
  if (asset) store.renders.touch(asset.id, clock.nowMs());
  if (asset && callbackUrl === undefined) return { asset };
  const begun = store.jobs.begun(renderKey);
  if (begun && (callbackUrl === undefined || callbackUrl === begun.callbackUrl))
    return asset ? { asset } : { job: begun };
  demandTurn(store);
  const job = jobs.submit(kind, input, {
    ...(begun ? {} : { joinKey: renderKey }),
    ...(detail === undefined ? {} : { detail }),
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
  });
  return asset ? { asset } : { job };
}

function demandTurn({ jobs }: Store): void {
  if (jobs.unfinished().filter(({ kind }) => kind === 'render' || kind === 'reframe').length < MOST_WAITING) return;
  throw new Fault('unavailable', `${MOST_WAITING} renders are waiting: ask again when one is done (GET /v1/jobs)`);
}

/** Makes the asset. Nothing of it stays when that fails, or is cut short. */
export async function renderAsset(
  job: Job,
  deps: AssetDeps,
  { signal, progress, detail }: JobContext,
): Promise<{ assetId: string; message?: string }> {
  const input = job.input as unknown as RenderInput; // Written by `beginRender`.
  const { store, assetsDir, clock, log } = deps;
  const made = store.renders.get(input.renderKey);
  if (made) return { assetId: made.id }; // Before a crash, or for somebody else.
  const composition = compositionOf(detail());
  const assetIds = demandSources(composition, store);
  if ((await makeRoom(deps, bytesOf(composition))) < LEAST_ROOM) throw noRoom();
  let drawn: Rendered = { pieces: [] };
  using watch = new RoomWatch(deps, signal);
  const fill = async (dir: string) => {
    drawn = await render(composition, {
      ...{ store, assetsDir, log, signal: watch.signal },
      into: { dir, assetId: input.assetId },
      progress: (percentage) => {
        watch.look();
        progress(percentage);
      },
    });
  };
  await makeFolder(assetsDir, input.assetId, fill).catch((error: unknown) => {
    throw isDiskFull(error) ? noRoom(error) : error;
  });
  const asset = assetOf(input, composition, drawn, assetIds, clock.nowMs());
  const notes = await fontNotes(composition);
  await enterWithThumbnail(asset, drawn.pieces, deps, signal);
  return { assetId: asset.id, ...(notes.length > 0 ? { message: notes.join(' ') } : {}) };
}

function compositionOf(detail: string | undefined): Composition {
  if (detail === undefined) throw new Error('a render without a composition');
  return JSON.parse(detail) as Composition; // Written by `beginRender`.
}

function demandSources({ layers }: Composition, { assets }: Store): string[] {
  const ids = new Set(layers.flatMap(({ content }) => ('assetId' in content ? [content.assetId] : [])));
  for (const id of ids) {
    const asset = assets.get(id);
    if (asset && (asset.kind === 'image' || assets.piece(id, 0))) continue;
    throw new Fault(
      'refused',
      `${id}${asset ? ': its media' : ''} was deleted before it could be rendered: ask again without it`,
    );
  }
  return [...ids];
}

function assetOf(
  { assetId, renderKey, name, collectionId, keep }: RenderInput,
  composition: Composition,
  { pieces, codecs }: Rendered,
  assetIds: string[],
  nowMs: number,
): Asset {
  return {
    id: assetId,
    kind: 'video',
    collectionId,
    name,
    description: '',
    lengthMs: pieces.reduce((sum, { durationMs }) => sum + durationMs, 0),
    bytes: pieces.reduce((sum, { bytes }) => sum + bytes, 0),
    width: composition.width,
    height: composition.height,
    ...(codecs === undefined ? {} : { codecs }),
    origin: { kind: 'edit', assetIds },
    createdMs: nowMs,
    renderKey,
    ...(keep ? {} : { usedMs: nowMs }),
  };
}

/** About what it will take. */
function bytesOf({ width, height, fps, durationMs }: Composition): number {
  return (width * height * fps * BITS_PER_PIXEL * durationMs) / 8000;
}
