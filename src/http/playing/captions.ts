import { spokenWords } from '#assets';
import { segmentTimes } from '#camera';
import type { Piece, Word } from '#domain';
import {
  buildCutPlaylist,
  buildMasterPlaylist,
  buildPlaylist,
  captionsOf,
  captionsWithin,
  type MediaTicket,
  needsH264,
  spokenIn,
  webVtt,
} from '#playback';
import { Fault } from '#runtime';
import type { SegmentRow } from '#store';
import type { HttpDeps, Routes } from '../deps.ts';
import { headOf } from '../files.ts';
import { isStream, PLAYLIST, partsOf, playedParts, ticketFor, ticketOf } from './played.ts';

/** The segment index stands within the first kilobytes. */
const HEAD_BYTES = 4096;
/** So long after it was spoken everything is written down that will be soon: players ask for captions only once. */
const LATE_MS = 40_000;
/** A player that follows a range to its end asks for the same playlist some more times, and must find what it knows. */
const FOLLOWED_MS = 60_000;
const VTT = { 'Content-Type': 'text/vtt; charset=utf-8', 'Cache-Control': 'private, max-age=60' };

/** The master playlist of what the ticket plays; undefined when nothing is said in it and every player can show it. */
export function masterPlaylist(ticket: MediaTicket, deps: HttpDeps, name: string): string | undefined {
  const about = isStream(ticket) ? ofStream(ticket, deps) : ofAssets(ticket, deps);
  if (!about) return undefined;
  const { isSaid, language, ...media } = about;
  const isRare = needsH264(media.codecs);
  if (!isSaid && !isRare) return undefined;
  const uri = (list: string) => `../../${list}/${ticket.sourceId}/${name}`;
  return buildMasterPlaylist({
    ...media,
    videoUri: uri('media'),
    words: isSaid ? { uri: uri('words'), language } : undefined,
    h264Uri: isRare ? uri('h264') : undefined,
  });
}

/**
 * While a range goes on it never becomes another kind of playlist: it has captions when the words were being written down
 * before it began.
 */
function ofStream({ sourceId, startMs, endMs }: MediaTicket, { store, clock, listening }: HttpDeps) {
  const rows = store.segments.inRange(sourceId, startMs, endMs);
  const session = rows[0]?.session;
  if (!session) return undefined;
  const { records } = store.transcripts.page(sourceId, { startMs, endMs, page: 1, pageSize: 20 });
  const wanted = store.streams.get(sourceId)?.transcription;
  const goesOn = clock.nowMs() < endMs + FOLLOWED_MS;
  const writing = listening.speechAvailable && wanted?.wanted === true && wanted.changedMs <= startMs;
  const pieces = rows.map((row) => ({ bytes: row.bytes, durationMs: row.endMs - row.startMs }));
  const { codecs, width, height } = session;
  const language = records.find((record) => record.language !== undefined)?.language;
  return { pieces, codecs, width, height, language, isSaid: goesOn ? writing : records.length > 0 };
}

function ofAssets(ticket: MediaTicket, deps: HttpDeps) {
  const parts = partsOf(ticket, deps);
  const words = wordsOfAssets(deps);
  const isSaid = parts.some(({ assetId, startMs, endMs }) => words(assetId).some(overlap(startMs, endMs)));
  const asset = deps.store.assets.get(parts[0]?.assetId ?? '');
  if (!asset) return undefined;
  const { codecs, width, height } = asset;
  const pieces = playedParts(parts, deps).flatMap((part) => part.pieces);
  return { pieces, codecs, width, height, language: undefined, isSaid };
}

/** Playlists of captions, one file for each piece of media. */
export function captionRoutes(routes: Routes, deps: HttpDeps): void {
  const { store, mediaDir, assetsDir } = deps;

  routes.get('/hls/:token/words/:source/:name{[0-9]+-[0-9]+\\.m3u8}', (c) => {
    const ticket = ticketFor(deps, c.req.param('token'), c.req.param('source'));
    const text = isStream(ticket) ? streamCaptions(ticket, deps) : assetCaptions(ticket, deps);
    return c.body(text, 200, PLAYLIST);
  });

  routes.get('/hls/:token/captions/:name{[0-9]+-[0-9]+\\.vtt}', async (c) => {
    const ticket = ticketOf(deps, c.req.param('token'));
    const [id = 0, atMs = 0] = numbersIn(c.req.param('name'));
    const row = store.segments.get(id);
    const inside = row?.streamId === ticket.sourceId && row.startMs < ticket.endMs && row.endMs > ticket.startMs;
    if (!row || !inside) throw new Fault('not_found', 'the link does not cover such a segment');
    const said = store.transcripts.inRange(row.streamId, row.startMs, row.endMs);
    const stretch = { fromMs: row.startMs, toMs: row.endMs, atMs };
    const captions = said.flatMap((transcript) => captionsWithin(captionsOf(spokenIn(transcript)), stretch));
    return c.body(webVtt(captions, { map: await mapOf(mediaDir, row.path, atMs) }), 200, VTT);
  });

  routes.get('/hls/:token/captions/:name{[0-9]+-[0-9]+-[0-9]+\\.vtt}', async (c) => {
    const parts = partsOf(ticketOf(deps, c.req.param('token')), deps);
    const [part = 0, n = 0, atMs = 0] = numbersIn(c.req.param('name'));
    const { assetId = '', startMs = 0, endMs = 0 } = parts[part] ?? {};
    const piece = store.assets.piece(assetId, n);
    const inside = piece && piece.startMs < Math.max(endMs, startMs + 1) && piece.startMs + piece.durationMs > startMs;
    if (!piece || !inside) throw new Fault('not_found', 'the link does not cover such a piece');
    const stretch = { fromMs: piece.startMs, toMs: piece.startMs + piece.durationMs, atMs };
    const captions = captionsWithin(captionsOf(wordsOfAssets(deps)(assetId)), stretch);
    return c.body(webVtt(captions, { map: await mapOf(assetsDir, piece.path, atMs) }), 200, VTT);
  });
}

/** While the range goes on it stays behind: captions that a player has found missing it doesn't ask for again. */
function streamCaptions(ticket: MediaTicket, { store, clock }: HttpDeps): string {
  const nowMs = clock.nowMs();
  const isPast = ticket.endMs + LATE_MS <= nowMs;
  const rows = store.segments.inRange(ticket.sourceId, ticket.startMs, ticket.endMs);
  const ready = isPast ? rows : rows.filter(({ endMs }, i) => i === 0 || endMs + LATE_MS <= nowMs);
  const piece = ({ id }: SegmentRow, atMs: number) => `../../captions/${id}-${Math.round(atMs)}.vtt`;
  return buildPlaylist(ready, { ...ticket, nowMs: isPast ? nowMs : ticket.endMs - 1 }, { piece });
}

function assetCaptions(ticket: MediaTicket, deps: HttpDeps): string {
  const piece = ({ n }: Piece, atMs: number, part: number) => `../../captions/${part}-${n}-${Math.round(atMs)}.vtt`;
  return buildCutPlaylist(playedParts(partsOf(ticket, deps), deps), { piece });
}

/** The media's own time at the beginning of the file; where it doesn't tell, the playlist's. */
async function mapOf(root: string, path: string, atMs: number) {
  const times = segmentTimes(await headOf(root, path, HEAD_BYTES));
  return { localMs: atMs, mediaS: times?.startS ?? atMs / 1000 };
}

/** Each asset's words are looked up once. */
function wordsOfAssets({ store }: Pick<HttpDeps, 'store'>): (id: string) => Word[] {
  const known = new Map<string, Word[]>();
  return (id) => {
    const asset = known.has(id) ? undefined : store.assets.get(id);
    if (asset) known.set(id, spokenWords(store, asset));
    return known.get(id) ?? [];
  };
}

function overlap(startMs: number, endMs: number): (word: Word) => boolean {
  return (word) => word.startMs < endMs && word.endMs > startMs;
}

function numbersIn(name: string): number[] {
  return (name.match(/\d+/g) ?? []).map(Number);
}
