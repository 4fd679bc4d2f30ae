import type { z } from 'zod';
import { allows, type PushSource, type Stream } from '#domain';
import { Fault } from '#runtime';
import { origin } from '../address.ts';
import type { HttpContext, HttpDeps } from '../deps.ts';
import { type streamAnswer, streamView } from './views.ts';

const PSEUDO_URL = /^push:(.*)$/i;

/**
 * How the stream is to be sent to the box; undefined when it is fetched from its address. Clients that know no `ingest_mode`
 * say it by an address: `push:rtmp`, `push:rtsp`. Throws `invalid` when it is said in two ways.
 */
export function pushWished(wish: {
  url?: string | undefined;
  ingest_mode?: 'push' | 'pull' | undefined;
  protocol?: PushSource['protocol'] | undefined;
}): PushSource | undefined {
  const { url = '', ingest_mode: mode, protocol = 'rtmp' } = wish;
  const [, named] = PSEUDO_URL.exec(url) ?? [];
  if (named !== undefined) return { protocol: protocolNamed(named.toLowerCase()) };
  if (mode !== 'push') return undefined;
  if (url !== '')
    throw new Fault('invalid', 'url: must be left out with ingest_mode "push": the answer says where to send');
  return { protocol };
}

function protocolNamed(name: string): PushSource['protocol'] {
  if (name === 'rtmp' || name === 'rtsp') return name;
  throw new Fault('invalid', 'url: must be "push:rtmp" or "push:rtsp" for a stream that is sent to this box');
}

/** Whoever sends it now is cut off once the supervisor has looked; undefined when it isn't sent to the box. */
export function renewPushKey(
  { id, push }: Stream,
  { streams }: Pick<HttpDeps['store'], 'streams'>,
): Stream | undefined {
  return push && streams.update(id, { push: { ...push, renewed: (push.renewed ?? 0) + 1 } });
}

/** With the address to send it to, for whoever may change streams. */
export function pushedView(
  c: HttpContext,
  stream: Stream,
  deps: Pick<HttpDeps, 'config' | 'push'>,
): z.input<typeof streamAnswer> {
  const secret = stream.push && stream.boxId === undefined && allows(c.get('caller').scopes, 'all');
  const host = () => new URL(origin(c, deps.config)).hostname;
  return { ...streamView(stream), ...(secret ? { push_url: deps.push.urlFor(stream, host()) } : {}) };
}
