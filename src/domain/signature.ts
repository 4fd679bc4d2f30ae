import { createHmac, timingSafeEqual } from 'node:crypto';

/** Longer than any text we sign: nothing longer is even looked at. */
const LONGEST = 8192;

/**
 * Signs short lists into text that is safe in a path, and opens what it has signed. What was signed for one purpose
 * opens for no other. Holds no time: whoever signs something that expires puts the time in the list.
 */
export class Signer {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  sign(purpose: string, fields: readonly (string | number)[]): string {
    const payload = Buffer.from(JSON.stringify(fields)).toString('base64url');
    return `${payload}.${this.#mac(purpose, payload)}`;
  }

  /** Undefined for anything that this key didn't sign for this purpose; words and a dot before it are left out. */
  open(purpose: string, signed: string): unknown[] | undefined {
    if (signed.length > LONGEST) return undefined;
    const [payload = '', mac = ''] = signed.split('.').slice(-2);
    // As text: some changes of the last letter leave the bytes as they are.
    const given = Buffer.from(mac);
    const right = Buffer.from(this.#mac(purpose, payload));
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    const fields: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return Array.isArray(fields) ? fields : undefined;
  }

  #mac(purpose: string, payload: string): string {
    return createHmac('sha256', this.#key).update(`${purpose}\n${payload}`).digest('base64url');
  }
}
