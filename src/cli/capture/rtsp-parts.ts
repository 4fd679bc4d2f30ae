import { Fault } from '#runtime';

/** One request or answer with its body, or one packet between them. */
export type RtspPart = { head: string; body: Buffer } | { packet: Buffer };

const DOLLAR = 0x24;
const PACKET_HEAD = 4;
const LARGEST_HEAD = 16 * 1024;
const LARGEST_BODY = 256 * 1024;

/** Cuts what comes over an RTSP connection (RFC 2326, with packets in between) into its parts. */
export class RtspParts {
  #rest: Buffer = Buffer.alloc(0);

  /** Those that are complete. Throws `invalid` on what is no RTSP. */
  push(chunk: Buffer): RtspPart[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const parts: RtspPart[] = [];
    for (let part = this.#next(); part; part = this.#next()) parts.push(part);
    return parts;
  }

  #next(): RtspPart | undefined {
    return this.#rest[0] === DOLLAR ? this.#packet() : this.#message();
  }

  #packet(): RtspPart | undefined {
    if (this.#rest.length < PACKET_HEAD) return undefined;
    const packet = this.#take(PACKET_HEAD + this.#rest.readUInt16BE(2));
    return packet && { packet };
  }

  #message(): RtspPart | undefined {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.#rest.length > LARGEST_HEAD) throw new Fault('invalid', 'what came is no RTSP');
      return undefined;
    }
    const head = this.#rest.toString('latin1', 0, end);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    if (length > LARGEST_BODY) throw new Fault('invalid', 'what came is too large for RTSP');
    const message = this.#take(end + 4 + length);
    return message && { head, body: message.subarray(end + 4) };
  }

  #take(length: number): Buffer | undefined {
    if (this.#rest.length < length) return undefined;
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}
