import { ANSWER_HEADERS, type Command, type CommandAnswer, commonScopes, type Scope } from '#domain';
import { type Clock, deadline, messageOf } from '#runtime';
import type { Store } from '#store';

/** A larger answer isn't sent: it would hold everything else up while it is wrapped. */
const LARGEST_ANSWER = 1024 * 1024;
/** A hub that asks for more at once is to wait. */
const MOST_AT_ONCE = 16;
/** What takes longer goes on, and its outcome isn't told. */
const LONGEST_MS = 60_000;

export interface RunnerDeps {
  hub: { name: string; url: string };
  /** What the hub may do here. */
  granted: readonly Scope[];
  /** Runs a request in this box's own HTTP app. */
  request(
    command: Pick<Command, 'method' | 'path' | 'body'>,
    caller: { name: string; scopes: readonly Scope[]; from: string },
  ): Promise<Response>;
  store: Pick<Store, 'commands' | 'audit'>;
  clock: Clock;
}

/**
 * Does what one hub commands, as somebody who may do what the hub is granted and its user may. What changes something is
 * done once: its id is on disk before it is begun, so that after a crash it is answered as broken off, and not repeated.
 */
export class CommandRunner {
  readonly #deps: RunnerDeps;
  readonly #running = new Map<string, Promise<CommandAnswer>>();

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
  }

  /** Never throws: what goes wrong is the answer. */
  async run(command: Command): Promise<CommandAnswer> {
    const { id } = command;
    const running = this.#running.get(id) ?? this.#begin(command);
    this.#running.set(id, running);
    try {
      return await running;
    } catch (error) {
      return failure(id, 503, 'unavailable', messageOf(error));
    } finally {
      this.#running.delete(id);
    }
  }

  async #begin(command: Command): Promise<CommandAnswer> {
    const { id, method } = command;
    const { store, hub, clock } = this.#deps;
    if (!/^\/\S*$/.test(command.path)) return failure(id, 400, 'invalid', 'the path must begin with /');
    if (this.#running.size >= MOST_AT_ONCE) return failure(id, 503, 'unavailable', 'too many commands at once');
    const changes = method !== 'GET' && method !== 'HEAD';
    if (clock.monotonicMs() >= command.untilMs) {
      this.#refuse(command, 'expired');
      return failure(id, 503, 'unavailable', 'the command came too late, and was not done');
    }
    const before = changes ? store.commands.begin(hub.name, id) : { again: false };
    if (before.answer) return before.answer;
    if (before.again) {
      this.#refuse(command, 'begun before');
      return failure(id, 409, 'conflict', 'this command was begun before and broke off: look whether it was done');
    }
    const answer = await this.#request(command);
    if (changes) store.commands.done(hub.name, id, answer);
    return answer;
  }

  async #request(command: Command): Promise<CommandAnswer> {
    const { granted, hub } = this.#deps;
    const scopes = commonScopes(granted, command.scopes);
    const response = await this.#deps.request(command, { name: this.#who(command), scopes, from: hub.url });
    const kept = ANSWER_HEADERS.flatMap((name) => {
      const value = response.headers.get(name);
      return value === null ? [] : [[name, value]];
    });
    const body = await bodyOf(response);
    if (typeof body === 'string') return failure(command.id, 413, 'too_large', body);
    const headers = Object.fromEntries(kept);
    return { id: command.id, status: response.status, headers, body: body.toString('base64') };
  }

  #refuse(command: Command, result: string): void {
    const what = `${command.method} ${command.path.replace(/\?.*/, '')}`.slice(0, 500);
    this.#deps.store.audit.note({ who: this.#who(command), from: this.#deps.hub.url, what, result });
  }

  #who({ by }: Command): string {
    return `hub "${this.#deps.hub.name}", ${by.slice(0, 200)}`;
  }
}

/** The bytes, or why they can't be sent. */
async function bodyOf({ headers, body }: Response): Promise<Buffer | string> {
  if (!body) return Buffer.alloc(0);
  if (headers.get('content-type')?.startsWith('text/event-stream')) {
    await body.cancel();
    return 'what goes on for ever can not be sent through a hub: GET /v1/status says how it is now';
  }
  using limit = deadline(new AbortController().signal, LONGEST_MS);
  const reader = body.getReader();
  limit.signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined), { once: true });
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    bytes += part.value.byteLength;
    if (bytes <= LARGEST_ANSWER) continue;
    await reader.cancel();
    return `the answer is larger than ${LARGEST_ANSWER / 1024 / 1024} MiB: ask for less of it`;
  }
  return limit.signal.aborted ? `the answer took longer than ${LONGEST_MS / 1000} s` : Buffer.concat(parts);
}

function failure(id: string, status: number, errorCode: string, message: string): CommandAnswer {
  const body = JSON.stringify({ success: false, message, error_code: errorCode });
  const headers = { 'content-type': 'application/json' };
  return { id, status, headers, body: Buffer.from(body).toString('base64') };
}
