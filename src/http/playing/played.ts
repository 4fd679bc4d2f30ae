import type { Part } from '#domain';
import type { MediaTicket, PlayedPart } from '#playback';
import { Fault } from '#runtime';
import type { HttpDeps } from '../deps.ts';

/** What a signed link stands for, and what of it is there. */
export const PLAYLIST = { 'Content-Type': 'application/vnd.apple.mpegurl', 'Cache-Control': 'no-cache' };

export function isStream({ sourceId }: Pick<MediaTicket, 'sourceId'>): boolean {
  return sourceId.startsWith('rts-');
}

/** The stretches of assets that a ticket opens. Throws `not_found` when the cut or an asset is gone. */
export function partsOf({ sourceId, startMs, endMs }: MediaTicket, { store }: Pick<HttpDeps, 'store'>): Part[] {
  const parts = sourceId.startsWith('cut-') ? store.cuts.get(sourceId)?.parts : [{ assetId: sourceId, startMs, endMs }];
  const there = parts?.filter(({ assetId }) => store.assets.get(assetId));
  if (!there || there.length === 0) throw new Fault('not_found', 'what this link plays has been deleted');
  return there;
}

/** The stretches with their pieces. Throws `not_found` when there is nothing to play. */
export function playedParts(parts: readonly Part[], { store }: Pick<HttpDeps, 'store'>): PlayedPart[] {
  const played = parts.map(({ assetId, startMs, endMs }) => ({
    startMs,
    pieces: store.assets.pieces(assetId, startMs, Math.max(endMs, startMs + 1)),
  }));
  if (played.every(({ pieces }) => pieces.length === 0)) {
    throw new Fault('not_found', 'the link plays a stretch that the video does not have');
  }
  return played;
}

/** Throws `forbidden` for a token that was altered or has expired. */
export function ticketOf({ links }: Pick<HttpDeps, 'links'>, token: string): MediaTicket {
  const ticket = links.verify(token);
  if (!ticket) throw wrongLink();
  return ticket;
}

/** As `ticketOf`; the path must name what the token opens. */
export function ticketFor(deps: Pick<HttpDeps, 'links'>, token: string, sourceId: string): MediaTicket {
  const ticket = ticketOf(deps, token);
  if (ticket.sourceId !== sourceId) throw wrongLink();
  return ticket;
}

function wrongLink(): Fault {
  return new Fault('forbidden', 'this link is not valid or has expired: ask the appliance for a new one');
}
