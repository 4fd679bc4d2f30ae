import { randomBytes } from 'node:crypto';
import { on, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import type { HubTargetConfig } from '#config';
import { type BoxReport, hashKey, type LinkMessage, LinkSeal, type Scope } from '#domain';
import { deadline, Fault, type Log, messageOf, retryDelay } from '#runtime';
import { CommandRunner, type RunnerDeps } from './command-runner.ts';
import { type Environment, proxyFor, tunnel } from './proxies.ts';

export interface CommandLinkDeps extends Pick<RunnerDeps, 'request' | 'clock'> {
  hub: Pick<HubTargetConfig, 'name' | 'url' | 'token' | 'allowCommands' | 'caFile'>;
  store: RunnerDeps['store'] & { boxId: string };
  /** How this box is, with what waits for that hub. */
  report(hub: string): Promise<BoxReport>;
  /** Where proxies are named; the process's own by default. */
  env?: Environment;
  log: Log;
}

export interface CommandLinkStatus {
  hub: string;
  connected: boolean;
  lastError?: string;
}

const RETRY = { firstMs: 1000, capMs: 60_000 };
/** A connection that held so long was a good one: the next pause is short again. */
const GOOD_MS = 60_000;
const REPORT_EVERY_MS = 60_000;
/** The hub pings every 20 seconds. When nothing was heard of it for so long, nobody is there any more. */
const SILENCE_MS = 50_000;
const LOOK_EVERY_MS = 5000;
const HANDSHAKE_MS = 15_000;
const LARGEST_COMMAND = 2 * 1024 * 1024;

/**
 * The connection that this box keeps to one hub, so that its users reach it where nobody can reach in. It begins anew
 * whenever it ends. Tells how the box is, and does what it is asked, once the other end has shown that it made the token.
 */
export class CommandLink implements AsyncDisposable {
  readonly #deps: CommandLinkDeps;
  readonly #runner: CommandRunner;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #connected = false;
  #lastError: string | undefined;

  private constructor(deps: CommandLinkDeps) {
    this.#deps = deps;
    this.#runner = new CommandRunner({ ...deps, granted: grantedBy(deps.hub) });
    this.#ended = this.#run(this.#stop.signal);
  }

  static start(deps: CommandLinkDeps): CommandLink {
    return new CommandLink(deps);
  }

  status(): CommandLinkStatus {
    const problem = this.#lastError === undefined ? {} : { lastError: this.#lastError };
    return { hub: this.#deps.hub.name, connected: this.#connected, ...problem };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log, hub } = this.#deps;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const begunMs = clock.monotonicMs();
      try {
        await this.#session(signal);
      } catch (error) {
        if (signal.aborted) return;
        const problem = messageOf(error);
        if (problem !== this.#lastError) log.warn({ hub: hub.name, problem }, 'the connection to the hub ended');
        this.#lastError = problem;
      }
      if (clock.monotonicMs() - begunMs > GOOD_MS) attempt = 0;
      // It only rejects when aborted, which ends the loop.
      await clock.sleep(retryDelay(RETRY, attempt), signal).catch(() => undefined);
    }
  }

  /** One connection, until it ends; always throws why. */
  async #session(signal: AbortSignal): Promise<never> {
    const socket = await open(this.#deps, signal);
    const over = new AbortController();
    const end = (): void => over.abort(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    socket.once('close', (code, reason) => over.abort(closed(code, String(reason))));
    socket.on('error', () => undefined); // It closes then.
    try {
      const watching = this.#watch(socket, over.signal);
      const talking = this.#talk(socket, over.signal).catch((error: unknown) => over.abort(error));
      await Promise.all([watching, talking]);
      throw over.signal.reason;
    } finally {
      this.#connected = false;
      signal.removeEventListener('abort', end);
      socket.terminate();
    }
  }

  async #talk(socket: WebSocket, signal: AbortSignal): Promise<void> {
    const { store, hub, log } = this.#deps;
    const boxNonce = randomBytes(16).toString('base64url');
    socket.send(JSON.stringify({ nonce: boxNonce, ...(await this.#now()) }));
    let seal: LinkSeal | undefined;
    for await (const [data] of on(socket, 'message', { signal })) {
      const text = String(data);
      if (!seal) {
        const hubNonce = nonceIn(text);
        seal = new LinkSeal('box', { tokenHash: hashKey(hub.token), boxId: store.boxId, boxNonce, hubNonce });
        continue;
      }
      const message = seal.open(text);
      if (!message) throw this.#forged();
      if (message.type === 'ready') {
        this.#connected = true;
        this.#lastError = undefined;
        log.info({ hub: hub.name }, 'the hub may command this box');
        void this.#tell(socket, seal, signal);
      } else if (message.type === 'command' && this.#connected) {
        void this.#answer(message, socket, seal);
      }
    }
  }

  async #answer({ command }: LinkMessage & { type: 'command' }, socket: WebSocket, seal: LinkSeal): Promise<void> {
    const answer = await this.#runner.run(command);
    if (socket.readyState === socket.OPEN) socket.send(seal.seal({ type: 'answer', answer }));
  }

  /** How the box is, every minute. */
  async #tell(socket: WebSocket, seal: LinkSeal, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    while (!signal.aborted) {
      await clock.sleep(REPORT_EVERY_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        socket.send(seal.seal({ type: 'report', ...(await this.#now()) }));
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'the hub could not be told how this box is');
      }
    }
  }

  async #now(): Promise<{ report: BoxReport; uptimeMs: number }> {
    const uptimeMs = this.#deps.clock.monotonicMs();
    return { report: await this.#deps.report(this.#deps.hub.name), uptimeMs };
  }

  /** Cuts it when nobody is there any more. */
  async #watch(socket: WebSocket, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    let heardMs = clock.monotonicMs();
    const hear = (): void => {
      heardMs = clock.monotonicMs();
    };
    socket.on('ping', hear).on('message', hear);
    while (!signal.aborted) {
      if (clock.monotonicMs() - heardMs > SILENCE_MS) socket.terminate();
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    }
  }

  #forged(): Fault {
    const { store, hub } = this.#deps;
    const detail = 'a message that was not made by the hub of this token, or was altered, repeated or left out';
    store.audit.note({ who: `hub "${hub.name}"`, from: hub.url, what: 'command', result: 'forged', detail }, true);
    return new Fault('forbidden', `${hub.url}: ${detail}; is it the hub that made the token?`);
  }
}

function grantedBy({ allowCommands }: CommandLinkDeps['hub']): readonly Scope[] {
  if (allowCommands === false) return [];
  return allowCommands === true ? ['control'] : allowCommands;
}

async function open(
  { hub, env = process.env }: Pick<CommandLinkDeps, 'hub' | 'env'>,
  signal: AbortSignal,
): Promise<WebSocket> {
  const { url, token, caFile } = hub;
  const address = `${url.replace(/^http/, 'ws').replace(/\/+$/, '')}/v1/edge/socket`;
  const ca = caFile === undefined ? {} : { ca: await readFile(caFile) };
  const through = await byProxy(new URL(url), env, ca, signal);
  const socket = new WebSocket(address, {
    headers: { authorization: `Bearer ${token}` },
    handshakeTimeout: HANDSHAKE_MS,
    maxPayload: LARGEST_COMMAND,
    perMessageDeflate: false,
    ...ca,
    ...through,
  });
  const refused = new Promise<never>((_resolve, reject) => {
    socket.once('unexpected-response', (_request, { statusCode, statusMessage }) => {
      reject(new Fault('unavailable', `the hub answered ${statusCode}: ${statusMessage}`));
    });
  });
  try {
    await Promise.race([once(socket, 'open', { signal }), refused]);
    return socket;
  } catch (error) {
    socket.on('error', () => undefined);
    socket.terminate();
    throw error;
  }
}

/** How the WebSocket is connected where the environment names a proxy for it. */
async function byProxy(
  hub: URL,
  env: Environment,
  ca: { ca?: Buffer },
  parent: AbortSignal,
): Promise<Pick<ClientOptions, 'createConnection'>> {
  const proxy = proxyFor(hub, env);
  if (!proxy) return {};
  using limit = deadline(parent, HANDSHAKE_MS);
  const socket = await tunnel(proxy, hub, limit.signal);
  if (hub.protocol !== 'https:') return { createConnection: () => socket };
  const host = hub.hostname.replace(/^\[|\]$/g, '');
  return { createConnection: () => connect({ socket, host, ...(isIP(host) ? {} : { servername: host }), ...ca }) };
}

function nonceIn(text: string): string {
  const { nonce } = JSON.parse(text) as { nonce?: unknown };
  if (typeof nonce === 'string') return nonce;
  throw new Fault('unavailable', 'what answers there is no hub');
}

function closed(code: number, reason: string): Fault {
  return new Fault('unavailable', `the hub closed the connection (${code}${reason ? `: ${reason}` : ''})`);
}
