import { randomBytes } from 'node:crypto';
import { ANSWER_HEADERS, type BoxReport, type Command, type CommandAnswer, LinkSeal } from '#domain';
import type { Clock } from '#runtime';
import type { Errand } from '#store';

/** What a link needs of a socket that is open. */
export interface LinkSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** Who opened it. */
export interface LinkKey {
  /** The hash of the box's token. */
  hash: string;
  /** Checks what the box says of itself, and keeps it. Throws when it isn't the box that the key belongs to. */
  hello(report: unknown): { id: string };
}

export interface LinkDeps {
  key: LinkKey;
  socket: LinkSocket;
  onReady(link: Link): void;
  onAnswer(answer: CommandAnswer): void;
  clock: Clock;
}

/** One connection of a box: first both ends show that they know the token, then commands go there and answers come back. */
export class Link {
  readonly #deps: LinkDeps;
  #seal: LinkSeal | undefined;
  #boxId = '';
  /** The box's own clock, and ours when it was heard. */
  #uptime = { boxMs: 0, ownMs: 0 };

  constructor(deps: LinkDeps) {
    this.#deps = deps;
  }

  get boxId(): string {
    return this.#boxId;
  }

  /** Takes what the box sent. What isn't its next message, or isn't what it may say, ends the connection. */
  message(text: string): void {
    try {
      if (this.#seal) this.#take(text, this.#seal);
      else this.#meet(text);
    } catch (error) {
      this.#deps.socket.close(1008, error instanceof Error ? error.message.slice(0, 100) : '');
    }
  }

  /** `forMs`: so long it may be begun. What the way there takes counts. */
  send({ keyId: _own, ...errand }: Errand, forMs: number): void {
    if (!this.#seal) return;
    const { boxMs, ownMs } = this.#uptime;
    const untilMs = boxMs + (this.#deps.clock.monotonicMs() - ownMs) + forMs;
    const command: Command = { ...errand, untilMs };
    this.#deps.socket.send(this.#seal.seal({ type: 'command', command }));
  }

  close(reason: string): void {
    this.#deps.socket.close(1000, reason);
  }

  #meet(text: string): void {
    const { key, socket } = this.#deps;
    const greeting: { nonce?: unknown; report?: unknown; uptimeMs?: unknown } = JSON.parse(text);
    if (typeof greeting.nonce !== 'string') throw new Error('nonce: is missing');
    this.#boxId = key.hello(greeting.report).id;
    this.#hear(greeting.uptimeMs);
    const hubNonce = randomBytes(16).toString('base64url');
    this.#seal = new LinkSeal('hub', { tokenHash: key.hash, boxId: this.#boxId, boxNonce: greeting.nonce, hubNonce });
    socket.send(JSON.stringify({ nonce: hubNonce }));
    socket.send(this.#seal.seal({ type: 'ready' }));
    this.#deps.onReady(this);
  }

  #take(text: string, seal: LinkSeal): void {
    const message = seal.open(text);
    if (message?.type === 'answer') this.#deps.onAnswer(passedOn(message.answer));
    else if (message?.type === 'report') this.#report(message);
    else throw new Error('this is no message of the box');
  }

  #report({ report, uptimeMs }: { report: BoxReport; uptimeMs: number }): void {
    this.#deps.key.hello(report);
    this.#hear(uptimeMs);
  }

  #hear(uptimeMs: unknown): void {
    if (typeof uptimeMs !== 'number' || !Number.isFinite(uptimeMs)) throw new Error('uptimeMs: is missing');
    this.#uptime = { boxMs: uptimeMs, ownMs: this.#deps.clock.monotonicMs() };
  }
}

/** Without what the box is not to say in this hub's name. Throws when it is no answer. */
function passedOn({ id, status, headers, body }: CommandAnswer): CommandAnswer {
  const isWhole = typeof id === 'string' && typeof body === 'string' && typeof headers === 'object' && headers !== null;
  if (!isWhole || !Number.isInteger(status) || status < 200 || status > 599) throw new Error('answer: is not whole');
  const kept = ANSWER_HEADERS.flatMap((name) => {
    const value: unknown = headers[name];
    return typeof value === 'string' && /^[\x20-\x7e]*$/.test(value) ? [[name, value] as const] : [];
  });
  return { id, status, headers: Object.fromEntries(kept), body };
}
