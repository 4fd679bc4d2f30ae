import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE = 12;
const TAG = 16;
/** Stands before what is sealed in a column of text; no address begins so. */
const MARK = 'sealed:';

/** Encrypts what nobody is to read in a copy of the database, with a key derived from the box's own for one purpose. */
export class Seal {
  readonly #key: Buffer;

  constructor(signingKey: Buffer, purpose: string) {
    this.#key = createHmac('sha256', signingKey).update(purpose).digest();
  }

  seal(text: string): Buffer {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv(CIPHER, this.#key, nonce);
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]);
  }

  /** Undefined when it was sealed with another key: the database came from another box, or the key is a new one. */
  open(sealed: Buffer): string | undefined {
    try {
      const decipher = createDecipheriv(CIPHER, this.#key, sealed.subarray(0, NONCE));
      decipher.setAuthTag(sealed.subarray(NONCE, NONCE + TAG));
      return decipher.update(sealed.subarray(NONCE + TAG), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      return undefined;
    }
  }

  sealText(text: string): string {
    return MARK + this.seal(text).toString('base64url');
  }

  /** What isn't sealed, as older versions wrote it, is returned as it is. */
  openText(stored: string): string | undefined {
    return isSealed(stored) ? this.open(Buffer.from(stored.slice(MARK.length), 'base64url')) : stored;
  }
}

export function isSealed(stored: string): boolean {
  return stored.startsWith(MARK);
}
