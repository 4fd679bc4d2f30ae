import type { World } from '../golden/world.ts';
import type { FuzzClient } from './client.ts';

/** The signed texts that a box gives out, by what they open. */
export interface Signed {
  token: string;
  socket: string;
  upload: string;
  session: string;
  picture: string;
}

/** Asks the box for one of each, and lets the world know them under names as `token-1`. */
export async function signedBy(world: World, client: FuzzClient): Promise<Signed> {
  const ask = async (method: string, path: string, body = ''): Promise<Record<string, string>> => {
    const headers = { 'content-type': 'application/json' };
    const { text } = await client.send({ method, url: world.here(path), body: Buffer.from(body), headers });
    const { data } = JSON.parse(text) as { data: Record<string, string> };
    return data;
  };
  const { stream_url: stream = '' } = await ask('GET', '/rtstream/rts-1/stream?start=1711000000&end=1711000012');
  const [, token = '', list = ''] = /\/hls\/([^/]+)\/manifests\/[^/]+\/([^/]+)$/.exec(stream) ?? [];
  const { websocket_url: socketUrl = '' } = await ask('GET', '/collection/c-1/websocket');
  const { upload_url: uploadUrl = '' } = await ask('GET', '/collection/c-1/upload_url');
  const { token: session = '' } = await ask('POST', '/capture/session/token', '{}');
  const { thumbnail_url: pictureUrl = '' } = await ask('GET', '/video/m-1/thumbnail');
  const { stream_url: videoUrl = '' } = await ask('GET', '/video/m-1');
  const played = /\/hls\/([^/]+)\//.exec(videoUrl)?.[1] ?? '';
  const lastPart = (url: string) => url.slice(url.lastIndexOf('/') + 1);
  const signed: Signed = {
    token,
    socket: lastPart(socketUrl),
    upload: lastPart(uploadUrl),
    session,
    picture: new URL(pictureUrl).searchParams.get('t') ?? '',
  };
  for (const [name, text] of Object.entries({ ...signed, list, played, uploaded: uploadUrl })) {
    if (text === '') throw new Error(`the box gave no ${name}`);
    world.names.set(name, text);
  }
  return signed;
}
