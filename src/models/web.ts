import { EnvHttpProxyAgent, fetch, type Response } from 'undici';
import { Fault, messageOf, redactCredentials } from '#runtime';

export type Environment = Readonly<Record<string, string | undefined>>;

interface Request {
  method?: 'GET' | 'HEAD';
  redirect?: 'follow' | 'manual';
  headers: Record<string, string>;
  signal: AbortSignal;
}

/**
 * Requests that go through the proxies which the environment names (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, also in
 * lower case). Node's own `fetch` knows these only from version 24 on.
 */
export class Web implements AsyncDisposable {
  readonly #agent: EnvHttpProxyAgent;

  /** Throws `invalid` when a proxy's address is none. */
  constructor(env: Environment) {
    const named = (name: string) => env[name.toLowerCase()] ?? env[name] ?? '';
    const proxies = { httpProxy: named('HTTP_PROXY'), httpsProxy: named('HTTPS_PROXY'), noProxy: named('NO_PROXY') };
    try {
      // Plain addresses aren't tunnelled: many proxies open tunnels to port 443 only.
      this.#agent = new EnvHttpProxyAgent({ ...proxies, proxyTunnel: false });
    } catch (error) {
      const what = `HTTP_PROXY or HTTPS_PROXY: ${messageOf(error)}; it must look like http://proxy.example:3128`;
      throw new Fault('invalid', what, { cause: error });
    }
  }

  /** Throws `unavailable`, naming the server and what to try, when there is no answer. */
  async request(url: string, init: Request): Promise<Response> {
    const { address, headers } = withoutCredentials(url);
    try {
      return await fetch(address, { ...init, headers: { ...headers, ...init.headers }, dispatcher: this.#agent });
    } catch (error) {
      init.signal.throwIfAborted();
      const reason = reasonOf(error);
      throw new Fault('unavailable', `${shown(url)}: ${reason}. ${remedyFor(reason)}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

function remedyFor(reason: string): string {
  if (/proxy.*407/i.test(reason)) return 'The proxy wants to know who asks: put user:password@ into HTTPS_PROXY';
  return 'Is there a network? Behind a proxy set HTTPS_PROXY; for a mirror use --from or HF_ENDPOINT; without a network: watchpost models import DIR';
}

/** Without query and credentials: mirrors may sign their addresses. */
export function shown(url: string): string {
  return redactCredentials(url.replace(/[?#].*$/, ''));
}

/** What went wrong, with the innermost of the causes that `fetch` hides. */
export function reasonOf(error: unknown): string {
  let inner = error;
  for (;;) {
    // Of several addresses of a server that were all tried, the message says nothing.
    const next = inner instanceof AggregateError ? inner.errors[0] : inner instanceof Error ? inner.cause : undefined;
    if (!(next instanceof Error)) break;
    inner = next;
  }
  return inner === error ? messageOf(error) : `${messageOf(error)} (${messageOf(inner)})`;
}

/** `fetch` takes no addresses with a password in them. */
function withoutCredentials(url: string): { address: string; headers: Record<string, string> } {
  if (!URL.canParse(url)) throw new Fault('invalid', `${shown(url)} is no address: it must begin with https://`);
  const address = new URL(url);
  const { username, password } = address;
  if (username === '' && password === '') return { address: url, headers: {} };
  address.username = '';
  address.password = '';
  const known = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return { address: address.href, headers: { authorization: `Basic ${known}` } };
}
