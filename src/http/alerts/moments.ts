import { join } from 'node:path';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { contactSheet, thumbnail } from '#inference';
import { nothingRecorded, openClip, pastPicture, playableRange, type TimeRange } from '#playback';
import { Fault } from '#runtime';
import type { SegmentRow } from '#store';
import { demandKeyOrLink } from '../auth.ts';
import type { HttpContext, HttpDeps } from '../deps.ts';
import { time, whole } from '../input.ts';
import { streamBy } from '../lookup.ts';
import { Api } from '../route.ts';
import { demandPictures } from '../streams/sound-only.ts';
import { Slots } from '../videos/slots.ts';

/** Each is an ffmpeg; recording comes first. */
const MOST_CLIPS = 2;
const MOST_PICTURES = 2;
const CELL_WIDTH = 320;
/** Where pictures of a sheet lie this far apart, the first of a segment is near enough, and far cheaper. */
const NEAR_MS = 10_000;

const t = z.string().optional().describe('The token of a link that covers it, instead of a key');
const clipQuery = z.object({ start: time.optional(), end: time.optional(), t });
const snapshotQuery = z.object({ at: time.optional(), t });
const sheetQuery = clipQuery.extend({
  columns: whole(1, 8).default(4).describe('Pictures in a row'),
  rows: whole(1, 8).default(4),
});
const jpeg = { answer: z.never(), mediaType: 'image/jpeg' };

/** Recordings as files: an MP4 of a stretch, the picture of a moment, a sheet of many. */
export function momentRoutes(deps: HttpDeps): Api {
  const api = new Api('Playback', { open: true });
  const clips = new Slots(MOST_CLIPS, 'clips');
  const pictures = new Slots(MOST_PICTURES, 'pictures');

  api.get(
    '/v1/streams/:id/clip.mp4',
    {
      summary: 'A stretch of a recording as it was recorded: whole segments; what is missing is left out',
      query: clipQuery,
      answer: z.never(),
      mediaType: 'video/mp4',
    },
    async (c, { params, query }) => {
      const { rows, name } = recordedIn(c, deps, params.id, query);
      const headers = { 'Content-Type': 'video/mp4', 'Cache-Control': 'no-store', ...attachment(name, rows) };
      if (c.req.method === 'HEAD') return new Response(null, { headers }); // Nobody would read it.
      const release = clips.take();
      try {
        const { stream, ended } = await openClip(rows, deps.mediaDir, c.req.raw.signal);
        void ended.then(release);
        // Node's and the DOM's declarations of the same class differ.
        return new Response(Readable.toWeb(stream) as ReadableStream, { headers });
      } catch (error) {
        release();
        throw error;
      }
    },
  );

  api.get(
    '/v1/streams/:id/snapshot.jpg',
    {
      summary: 'The picture of a moment, as large as it was recorded; without "at" the latest',
      query: snapshotQuery,
      ...jpeg,
    },
    async (c, { params, query: { at, t: token } }) => {
      if (at === undefined) return latest(c, deps, params.id, token);
      const { rows } = recordedIn(c, deps, params.id, { start: at, end: at + 1, t: token });
      return pictures.during(async () => picture(c, await pictureAt(rows, at, deps, c.req.raw.signal)));
    },
  );

  api.get(
    '/v1/streams/:id/sheet.jpg',
    { summary: 'Pictures of a stretch, evenly spread, side by side', query: sheetQuery, ...jpeg },
    async (c, { params, query }) => {
      const { rows, range } = recordedIn(c, deps, params.id, query);
      return pictures.during(async () => picture(c, await sheetOf(rows, range, query, deps, c.req.raw.signal)));
    },
  );

  return api;
}

interface Asked {
  start?: number | undefined;
  end?: number | undefined;
  t?: string | undefined;
}

/** What is recorded of the range. Throws `unauthorized` without a key or a link that covers it, `not_found`, `invalid`. */
function recordedIn(
  c: HttpContext,
  deps: HttpDeps,
  id: string,
  { start, end, t: token }: Asked,
): { rows: SegmentRow[]; range: TimeRange; name: string } {
  const { store, clock } = deps;
  const covers = (ticket: TimeRange) =>
    start !== undefined && end !== undefined && start >= ticket.startMs && end <= ticket.endMs;
  demandKeyOrLink(c, deps, token, (signed) => {
    const ticket = deps.links.verify(signed);
    return ticket !== undefined && ticket.sourceId === id && covers(ticket);
  });
  const stream = streamBy(deps, id);
  const range = playableRange({ startMs: start, endMs: end }, store.segments.bounds(stream.id), clock.nowMs());
  const rows = store.segments.inRange(stream.id, range.startMs, range.endMs);
  if (rows.length === 0) throw nothingRecorded(range);
  return { rows, range, name: stream.name };
}

async function latest(c: HttpContext, deps: HttpDeps, id: string, token: string | undefined): Promise<Response> {
  demandKeyOrLink(c, deps, token, () => false);
  const stream = streamBy(deps, id);
  const frame = deps.supervisor.latestFrame(stream.id);
  if (!frame) demandPictures(stream, deps);
  if (!frame) throw new Fault('not_found', `there is no picture of "${stream.name}" yet: see /v1/status`);
  return picture(c, await thumbnail(frame));
}

/** The moment may lie in the last millisecond before a gap: the nearest segment shows it. */
function pictureAt(
  rows: readonly SegmentRow[],
  atMs: number,
  { mediaDir }: HttpDeps,
  signal: AbortSignal,
  width?: number,
): Promise<Buffer> {
  const distance = ({ startMs, endMs }: SegmentRow) => Math.max(startMs - atMs, atMs - endMs, 0);
  const [first, ...others] = rows;
  if (!first) throw new Fault('not_found', 'nothing is recorded in it');
  const row = others.reduce((best, one) => (distance(one) < distance(best) ? one : best), first);
  if (row.session.width === 0) throw new Fault('refused', 'at: only sound was recorded then');
  const files = { init: join(mediaDir, row.session.initPath), media: join(mediaDir, row.path) };
  const offsetMs = Math.min(Math.max(0, atMs - row.startMs), row.endMs - row.startMs);
  return pastPicture(files, { offsetMs, ...(width === undefined ? {} : { width }) }, signal);
}

async function sheetOf(
  rows: readonly SegmentRow[],
  { startMs, endMs }: TimeRange,
  { columns, rows: lines }: { columns: number; rows: number },
  deps: HttpDeps,
  signal: AbortSignal,
): Promise<Buffer> {
  const stepMs = (Math.min(endMs, rows.at(-1)?.endMs ?? endMs) - startMs) / (columns * lines);
  const jpegs: Buffer[] = [];
  for (let n = 0; n < columns * lines; n++) {
    const atMs = startMs + stepMs * (n + 0.5);
    const near = rows.filter((row) => row.startMs <= atMs && row.endMs > atMs);
    const there = near.length > 0 ? near : rows;
    const moment = stepMs > NEAR_MS ? (there[0]?.startMs ?? atMs) : atMs;
    jpegs.push(await pictureAt(there, near.length > 0 ? moment : atMs, deps, signal, CELL_WIDTH));
  }
  const { width = 16, height = 9 } = rows.find(({ session }) => session.width > 0)?.session ?? {};
  const cell = { width: CELL_WIDTH, height: 2 * Math.round((CELL_WIDTH * height) / width / 2) };
  return contactSheet(jpegs, { columns, cell });
}

function picture(c: HttpContext, bytes: Buffer): Response {
  return c.body(new Uint8Array(bytes), 200, { 'Content-Type': 'image/jpeg', 'Cache-Control': 'no-store' });
}

/** A name that every system takes: the camera's, and when it begins. */
function attachment(name: string, [first]: readonly SegmentRow[]): Record<string, string> {
  const time = new Date(first?.startMs ?? 0).toISOString().slice(0, 19).replaceAll(':', '-');
  const plain = name.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'clip';
  return { 'Content-Disposition': `attachment; filename="${plain}-${time}Z.mp4"` };
}
