import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Socket } from 'node:net';
import { Fault, messageOf } from '#runtime';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The proxies that the environment names, in small letters or large; empty: none. */
export function proxiesOf(env: Environment): { httpProxy: string; httpsProxy: string; noProxy: string } {
  const named = (name: string) => env[name.toLowerCase()] ?? env[name] ?? '';
  return { httpProxy: named('HTTP_PROXY'), httpsProxy: named('HTTPS_PROXY'), noProxy: named('NO_PROXY') };
}

/** Through which the address is reached, chosen as undici does; undefined: directly. Throws `invalid` for one that is none. */
export function proxyFor({ protocol, hostname, port }: URL, env: Environment): URL | undefined {
  const { httpProxy, httpsProxy, noProxy } = proxiesOf(env);
  const isSecure = protocol === 'https:';
  const proxy = isSecure ? httpsProxy || httpProxy : httpProxy;
  const at = port || (isSecure ? '443' : '80');
  if (proxy === '' || noProxy.split(/[,\s]+/).some((entry) => isExempt(entry.toLowerCase(), hostname, at)))
    return undefined;
  try {
    return new URL(proxy);
  } catch (error) {
    throw badProxy(error);
  }
}

export function badProxy(error: unknown): Fault {
  const what = `HTTP_PROXY or HTTPS_PROXY: ${messageOf(error)}; it must look like http://proxy.example:3128`;
  return new Fault('invalid', what, { cause: error });
}

/** A connection to the address by way of the proxy. Throws the signal's reason, and `unavailable` naming the proxy. */
export async function tunnel(proxy: URL, { protocol, hostname, port }: URL, signal: AbortSignal): Promise<Socket> {
  const path = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
  const request = proxy.protocol === 'https:' ? secureRequest : plainRequest;
  const asked = request({
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    method: 'CONNECT',
    path,
    headers: { host: path, ...authorization(proxy) },
    agent: false,
  });
  asked.end();
  const { answer, socket } = await answerTo(asked, signal).catch((error: unknown) => {
    asked.on('error', () => undefined).destroy();
    signal.throwIfAborted();
    throw new Fault('unavailable', `the proxy ${proxy.host}: ${messageOf(error)}`, { cause: error });
  });
  if (answer.statusCode === 200) return socket;
  socket.destroy();
  const remedy = answer.statusCode === 407 ? ': put user:password@ into HTTPS_PROXY' : '';
  throw new Fault('unavailable', `the proxy ${proxy.host} answered ${answer.statusCode}${remedy}`);
}

async function answerTo(
  asked: ClientRequest,
  signal: AbortSignal,
): Promise<{ answer: IncomingMessage; socket: Socket }> {
  // As Node's documentation of the event has it.
  const [answer, socket, head] = (await once(asked, 'connect', { signal })) as [IncomingMessage, Socket, Buffer];
  if (head.byteLength > 0) socket.unshift(head);
  return { answer, socket };
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const words = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(words).toString('base64')}` };
}

function isExempt(entry: string, hostname: string, port: string): boolean {
  if (entry === '*') return true;
  const [, host = entry, at = port] = /^(.+):(\d+)$/.exec(entry) ?? [];
  if (host === '' || at !== port) return false;
  return /^[.*]/.test(host) ? hostname.endsWith(host.replace(/^\*/, '')) : hostname === host;
}
