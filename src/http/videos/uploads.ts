import { z } from 'zod';
import { demandUploadRoom, nameUpload, receiveUpload, uploadName } from '#assets';
import { newId } from '#domain';
import { Fault } from '#runtime';
import { origin } from '../address.ts';
import type { HttpContext, HttpDeps } from '../deps.ts';
import { callbackAddress, isWebAddress } from '../input.ts';
import { collectionBy } from '../lookup.ts';
import { Api, Reply } from '../route.ts';
import { assetAnswer } from './asset-views.ts';
import { runJob } from './jobs.ts';
import { readFile } from './upload-body.ts';

const MOST_AT_ONCE = 8;
const LONGEST_NAME = 200;

const request = z.object({
  url: z
    .string('must be the upload_url that this box gave out, or an http:// or https:// address')
    .max(8192, 'must not be longer than 8192 characters')
    .refine(isWebAddress, 'must be the upload_url that this box gave out, or an http:// or https:// address')
    .meta({
      examples: ['https://example.org/clip.mp4'],
      description: 'An upload_url that a file was sent to, or where a file lies',
    }),
  name: z.string('must be text').max(LONGEST_NAME, `must not be longer than ${LONGEST_NAME} characters`).optional(),
  description: z.string('must be text').max(2000, 'must not be longer than 2000 characters').default(''),
  media_type: z.enum(['video', 'audio', 'image'], 'must be "video", "audio" or "image"').optional(),
  callback_url: callbackAddress,
});

/** Files from outside: sent to a signed link and then taken in, or fetched from an address. */
export function uploadRoutes(deps: HttpDeps): Api {
  const api = new Api('Uploads');

  api.get(
    '/collection/:id/upload_url',
    {
      need: 'all',
      summary:
        'A link that a file may be sent to, without a key, for a day; POST /collection/{id}/upload then takes it in',
      query: z.object({ name: z.string().max(1000).optional() }),
      answer: z.object({ upload_url: z.string() }),
    },
    (c, { params }) => {
      collectionBy(deps, params.id);
      return { upload_url: origin(c, deps.config) + deps.links.uploadPath(newId('upload')) };
    },
  );

  api.post(
    '/collection/:id/upload',
    {
      summary: 'Makes a video, audio or image of what was sent to an upload_url, or of what lies at an address',
      body: request,
      answer: z.union([assetAnswer, z.object({})]),
      job: true,
    },
    async (c, { params, body }) => {
      const collectionId = collectionBy(deps, params.id).id;
      const { description, media_type: mediaType } = body;
      const { filename, ...source } = await sourceOf(c, deps, body.url);
      const name = body.name?.trim() || nameOf(filename) || 'Upload';
      const input = {
        ...source,
        collectionId,
        name,
        description,
        filename: filename || name,
        ...(mediaType && { mediaType }),
      };
      if (body.callback_url === '') return runJob(c, deps, 'ingest', input);
      deps.jobs.submit('ingest', input, { callbackUrl: body.callback_url });
      return new Reply({}, 'the outcome will be sent to callback_url');
    },
  );

  return api;
}

/** Where the bytes come from, and what they are called there. */
async function sourceOf(
  c: HttpContext,
  deps: HttpDeps,
  address: string,
): Promise<{ uploadId?: string; url?: string; filename: string }> {
  const uploadId = uploadAt(c, deps, address, 'url');
  if (uploadId !== undefined) return { uploadId, filename: await uploadName(uploadId, deps) };
  return { url: address, filename: lastPart(new URL(address)) };
}

/** The upload that one of our own links leads to; undefined for other addresses. Throws `forbidden` for an old link. */
export function uploadAt(c: HttpContext, deps: HttpDeps, address: string, field: string): string | undefined {
  const url = new URL(address);
  const [, token] = /^\/upload\/([^/]+)$/.exec(url.pathname) ?? [];
  const uploadId = token === undefined ? undefined : deps.links.verifyUpload(token);
  if (uploadId !== undefined) return uploadId;
  if (token !== undefined && url.origin === new URL(origin(c, deps.config)).origin) throw wrongLink(`${field}: `);
  return undefined;
}

function lastPart({ pathname }: URL): string {
  const part = pathname.slice(pathname.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // No UTF-8 behind its percent signs.
  }
}

/** Without its ending. */
function nameOf(filename: string): string {
  const bare = filename.replace(/[\p{Cc}/\\]/gu, ' ').trim();
  return (bare.replace(/\.[A-Za-z0-9]{1,5}$/, '') || bare).slice(0, LONGEST_NAME);
}

/** Where files are sent to. No API key: the link is the permission. */
export function uploadTargetRoutes(deps: HttpDeps): Api {
  const api = new Api('Uploads', { open: true });
  let comingIn = 0;
  const receive = async (c: HttpContext, { params }: { params: { token: string } }) => {
    const uploadId = deps.links.verifyUpload(params.token);
    if (uploadId === undefined) throw wrongLink('');
    if (comingIn >= MOST_AT_ONCE) throw new Fault('unavailable', 'too many files are coming in: try again later');
    comingIn += 1;
    try {
      return { bytes: await receiveFile(c, uploadId, deps) };
    } finally {
      comingIn -= 1;
    }
  };
  const spec = { file: true, answer: z.object({ bytes: z.number() }) };
  api.post(
    '/upload/:token',
    { summary: 'Takes a file: the part "file" of a form, or the body itself', ...spec },
    receive,
  );
  api.put('/upload/:token', { summary: 'Takes a file, as POST does', ...spec }, receive);
  return api;
}

async function receiveFile(c: HttpContext, uploadId: string, deps: HttpDeps): Promise<number> {
  const { store, assetsDir, uploadsDir } = deps;
  const places = { store, assetsDir, uploadsDir, reservePercent: deps.config.recording.reservePercent };
  await demandUploadRoom(uploadId, Number(c.req.header('content-length') ?? 0), places);
  let bytes = 0;
  await readFile(c, async (file, filename) => {
    bytes = await receiveUpload(uploadId, file, places);
    await nameUpload(uploadId, filename, places);
  });
  return bytes;
}

function wrongLink(field: string): Fault {
  return new Fault('forbidden', `${field}this upload_url is not valid or has expired: ask for a new one`);
}
