import { createHmac, timingSafeEqual } from 'node:crypto';
import type { BoxReport } from './box.ts';
import type { Scope } from './scope.ts';

/** A request that a hub's user makes of a box. */
export interface Command {
  /** The same each time it is sent: by it the box knows what it has done already. */
  id: string;
  /** Who asks, as the hub knows them. */
  by: string;
  /** What their key opens on the hub. */
  scopes: Scope[];
  method: string;
  /** With its query. */
  path: string;
  body?: string;
  /** Until then it may be begun, on the clock of the box's own that only runs and is never set (`uptimeMs`). */
  untilMs: number;
}

/** Of an answer's headers, those that are passed on. */
export const ANSWER_HEADERS = ['content-type', 'content-disposition', 'cache-control', 'retry-after'];

export interface CommandAnswer {
  id: string;
  status: number;
  headers: Record<string, string>;
  /** Base64. */
  body: string;
}

/** What goes over the link between a box and its hub once both have shown that they know the box's token. */
export type LinkMessage =
  | { type: 'ready' }
  | { type: 'report'; report: BoxReport; uptimeMs: number }
  | { type: 'command'; command: Command }
  | { type: 'answer'; answer: CommandAnswer };

type Side = 'box' | 'hub';

/** What both ends know when their connection begins. */
export interface LinkTerms {
  /** The hash of the box's token, as the hub keeps it (`hashKey`). */
  tokenHash: string;
  boxId: string;
  /** Random, one of each end: no message of one connection means anything in another. */
  boxNonce: string;
  hubNonce: string;
}

const FRAME = /^(\d{1,15})\.([\w-]{43})\.(\{.*\})$/s;

/**
 * One end of a connection between a box and its hub. Each message carries its number and an HMAC-SHA256 over direction,
 * number and content, made with a key of this connection alone: nothing that was altered, repeated, left out, sent back,
 * or made by anybody else is opened. No clock is asked.
 */
export class LinkSeal {
  readonly #key: Buffer;
  readonly #own: Side;
  readonly #other: Side;
  #sent = 0;
  #opened = 0;

  constructor(own: Side, { tokenHash, boxId, boxNonce, hubNonce }: LinkTerms) {
    this.#own = own;
    this.#other = own === 'box' ? 'hub' : 'box';
    const terms = JSON.stringify(['watchpost link 1', boxId, boxNonce, hubNonce]);
    this.#key = createHmac('sha256', tokenHash).update(terms).digest();
  }

  seal(message: LinkMessage): string {
    this.#sent += 1;
    const content = JSON.stringify(message);
    return `${this.#sent}.${this.#mac(this.#own, this.#sent, content)}.${content}`;
  }

  /** Undefined for anything but the next message of the other end. */
  open(frame: string): LinkMessage | undefined {
    const [, number = '', mac = '', content = ''] = FRAME.exec(frame) ?? [];
    const next = this.#opened + 1;
    const given = Buffer.from(mac);
    const right = Buffer.from(this.#mac(this.#other, next, content));
    if (Number(number) !== next || given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    this.#opened = next;
    return JSON.parse(content) as LinkMessage; // The other end made it, by this type.
  }

  #mac(side: Side, number: number, content: string): string {
    return createHmac('sha256', this.#key).update(`${side}\n${number}\n${content}`).digest('base64url');
  }
}
