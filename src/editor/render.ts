import type { AssetDeps } from '#assets';
import type { Piece } from '#domain';
import { Fault } from '#runtime';
import type { Composition } from './composition.ts';

/** What was drawn: the pieces in the folder, and what is to be said of them. */
export interface Rendered {
  pieces: Piece[];
  codecs?: string;
}

export interface RenderWork extends Pick<AssetDeps, 'store' | 'assetsDir' | 'log'> {
  /** Where to; paths of pieces begin with `assetId`. */
  into: { dir: string; assetId: string };
  signal: AbortSignal;
  /** 0–100 */
  progress: (percentage: number) => void;
}

/** Draws a composition into a folder, as HLS. Throws `refused` with a reason that a person can act on. */
export async function render(_composition: Composition, _work: RenderWork): Promise<Rendered> {
  throw new Fault('refused', 'this version does not draw yet');
}
