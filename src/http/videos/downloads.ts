import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { codecsOf } from '#camera';
import type { Piece } from '#domain';
import { type ClipRow, demandOneForm, type MediaTicket, nothingRecorded, openClip } from '#playback';
import { Fault, faultOfReading, isFault } from '#runtime';
import { origin } from '../address.ts';
import type { HttpContext, HttpDeps } from '../deps.ts';
import { text } from '../input.ts';
import { isStream, partsOf, playedParts, ticketOf } from '../playing/played.ts';
import { Api } from '../route.ts';
import { Slots } from './slots.ts';

/** Each is an ffmpeg; recording comes first. */
const MOST_DOWNLOADS = 2;

const request = z.object({
  stream_link: z
    .string('must be a stream_url or player_url of this box')
    .describe('A stream_url of this box')
    .meta({ examples: ['http://box:8080/hls/token/manifests/m-0123/0-1.m3u8'] }),
  name: text(200, 'Delivery').optional().describe('What the file is to be called'),
});
const downloadAnswer = z.object({
  id: z.string(),
  name: z.string(),
  status: z.literal('done'),
  download_url: z
    .string()
    .describe('MP4 (M4A of sound alone), without a key; it expires with the link that it was made from'),
});

/** Whatever the box plays as a file: asked for by its link. */
export function downloadRoutes(deps: HttpDeps): Api {
  const api = new Api('Playback');
  api.post(
    '/download',
    { need: 'read', summary: 'Where what a link plays is a file', body: request, answer: downloadAnswer },
    (c, { body }) => downloadOf(c, deps, body.stream_link, body),
  );
  return api;
}

/** The files themselves; the token in the path is the permission. */
export function downloadFileRoutes(deps: HttpDeps): Api {
  const api = new Api('Playback', { open: true });
  const slots = new Slots(MOST_DOWNLOADS, 'downloads');
  api.get(
    '/v1/downloads/:token/:name',
    {
      summary: 'What a link plays, as a file: nothing is decoded, what is missing is left out',
      answer: z.never(),
      mediaType: 'video/mp4',
    },
    async (c, { params }) => {
      const { rows, root } = await mediaOf(ticketOf(deps, params.token), deps);
      const headers = {
        'Content-Type': hasPicture(rows) ? 'video/mp4' : 'audio/mp4',
        'Cache-Control': 'no-store',
        'Content-Disposition': `attachment; filename="${fileName(params.name, rows)}"`,
      };
      if (c.req.method === 'HEAD') return new Response(null, { headers }); // Nobody would read it.
      const release = slots.take();
      try {
        const { stream, ended } = await openClip(rows, root, c.req.raw.signal);
        void ended.then(release);
        // Node's and the DOM's declarations of the same class differ.
        return new Response(Readable.toWeb(stream) as ReadableStream, { headers });
      } catch (error) {
        release();
        throw error;
      }
    },
  );
  return api;
}

/**
 * Where a link's media is a file. Throws `refused` for what is no link of this box and for what no one file can
 * hold, `forbidden` for a link that has expired, `not_found` when what it plays is gone.
 */
export async function downloadOf(
  c: HttpContext,
  deps: HttpDeps,
  link: string,
  { name: wanted, field = 'stream_link' }: { name?: string | undefined; field?: string } = {},
): Promise<z.input<typeof downloadAnswer>> {
  const token = tokenIn(link);
  if (token === undefined) {
    throw new Fault('refused', `${field}: must be a stream_url or player_url that this box gave out`);
  }
  const ticket = ticketOf(deps, token);
  const { rows } = await mediaOf(ticket, deps);
  demandOneFile(ticket, rows, field);
  const { name = 'video' } = deps.store.assets.get(ticket.sourceId) ?? deps.store.streams.get(ticket.sourceId) ?? {};
  const file = fileName(wanted ?? name, rows);
  const download_url = `${origin(c, deps.config)}/v1/downloads/${token}/${file}`;
  return { id: ticket.sourceId, name: file, status: 'done', download_url };
}

/** The asset that a link of this box plays; undefined for what is no such link. */
export function linkedAsset(link: string, deps: HttpDeps): string | undefined {
  const token = tokenIn(link);
  const sourceId = token === undefined ? undefined : ticketOf(deps, token).sourceId;
  return sourceId !== undefined && deps.store.assets.get(sourceId) ? sourceId : undefined;
}

function demandOneFile(ticket: MediaTicket, rows: readonly ClipRow[], field: string): void {
  try {
    demandOneForm(rows);
  } catch (error) {
    if (isStream(ticket) || !isFault(error, 'refused')) throw error;
    const message = `${field}: its parts differ in size or codec of the picture: have it rendered, POST /editor`;
    throw new Fault('refused', message, { cause: error });
  }
}

function tokenIn(link: string): string | undefined {
  if (!URL.canParse(link)) return undefined;
  const { pathname, searchParams } = new URL(link);
  const slug = /\/(?:watch|embed)$/.test(pathname) ? searchParams.get('v') : undefined;
  return slug ?? /\/hls\/([^/]+)\/manifests\//.exec(pathname)?.[1];
}

/** A name that every system takes, in a header and in a path. */
function fileName(name: string, rows: readonly ClipRow[]): string {
  const plain = name
    .replace(/\.(?:mp4|m4a)$/i, '')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return `${plain.slice(0, 80) || 'video'}.${hasPicture(rows) ? 'mp4' : 'm4a'}`;
}

function hasPicture(rows: readonly ClipRow[]): boolean {
  return rows.some(({ session }) => session.width > 0);
}

/** What a link plays, and the directory that its files lie in. */
async function mediaOf(ticket: MediaTicket, deps: HttpDeps): Promise<{ rows: ClipRow[]; root: string }> {
  const { store, mediaDir, assetsDir } = deps;
  if (!isStream(ticket)) return { rows: await assetRows(ticket, deps), root: assetsDir };
  const rows = store.segments.inRange(ticket.sourceId, ticket.startMs, ticket.endMs);
  if (rows.length === 0) throw nothingRecorded(ticket);
  return { rows, root: mediaDir };
}

/** Pieces of assets as if one after the other had been recorded, each stretch without a break as a session. */
async function assetRows(ticket: MediaTicket, deps: HttpDeps): Promise<ClipRow[]> {
  const parts = partsOf(ticket, deps);
  const codecs = new Map<string, string | undefined>();
  const rows: ClipRow[] = [];
  let [run, atMs] = [0, 0];
  for (const [i, { pieces }] of playedParts(parts, deps).entries()) {
    const asset = deps.store.assets.get(parts[i]?.assetId ?? '');
    for (const [n, piece] of pieces.entries()) {
      if (n === 0 || piece.discontinuity) run += 1;
      const known = codecs.has(piece.initPath) ? codecs.get(piece.initPath) : await codecsIn(piece, deps.assetsDir);
      codecs.set(piece.initPath, known);
      const { width = 0, height = 0 } = asset ?? {};
      const session = { id: String(run), initPath: piece.initPath, width, height, ...(known ? { codecs: known } : {}) };
      rows.push({ startMs: atMs, endMs: atMs + piece.durationMs, path: piece.path, session });
      atMs += piece.durationMs;
    }
  }
  return rows;
}

async function codecsIn({ initPath }: Piece, assetsDir: string): Promise<string | undefined> {
  const init = await readFile(join(assetsDir, initPath)).catch((error: unknown) => {
    throw faultOfReading(error, 'the video has been deleted meanwhile, or is damaged');
  });
  return codecsOf(init);
}
