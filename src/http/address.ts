import { getConnInfo } from '@hono/node-server/conninfo';
import { Fault } from '#runtime';
import type { HttpContext, HttpDeps } from './deps.ts';

/** The path that routes see: repeated slashes are one, a trailing slash is none. Never answered with a redirect. */
export function routePath(request: Request): string {
  const path = new URL(request.url).pathname.replace(/\/{2,}/g, '/');
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** Scheme, host and port to put before paths: `publicUrl` where configured, else what the client itself used. */
export function origin(c: HttpContext, config: HttpDeps['config']): string {
  const configured = configuredOrigin(config);
  if (configured !== undefined) return configured;
  const { protocol, host } = new URL(c.req.url);
  if (!/^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d+)?$/i.test(host)) {
    throw new Fault('invalid', 'Host: the header must be a host name or address with an optional port');
  }
  return `${protocol}//${host}`;
}

/** `publicUrl` without a slash at its end. */
export function configuredOrigin({ publicUrl }: HttpDeps['config']): string | undefined {
  return publicUrl?.replace(/\/+$/, '');
}

/** From where a request comes; empty when it doesn't come over a socket. */
export function addressOf(c: HttpContext): string {
  return c.env?.incoming ? (getConnInfo(c).remote.address ?? '') : '';
}
