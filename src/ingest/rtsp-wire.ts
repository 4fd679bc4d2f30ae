const DOLLAR = 0x24;
const LONGEST_HEAD = 16 * 1024;
const LONGEST_BODY = 64 * 1024;
const END_OF_HEAD = '\r\n\r\n';

export interface RtspRequest {
  method: string;
  /** As in the request line. */
  url: string;
  /** By their names in small letters. */
  headers: ReadonlyMap<string, string>;
  body: string;
}

/** One RTP or RTCP packet among the messages, with its four bytes of channel and length before it. */
export interface RtspFrame {
  channel: number;
  bytes: Buffer;
}

/** RTSP over one connection (RFC 2326, 10.12): requests, and between them packets. Bounded: throws for what is too long. */
export class RtspWire {
  #waiting: Buffer = Buffer.alloc(0);

  /** All that is complete by now. */
  *take(data: Buffer): Generator<RtspRequest | RtspFrame> {
    this.#waiting = this.#waiting.length === 0 ? data : Buffer.concat([this.#waiting, data]);
    for (;;) {
      const found = this.#waiting[0] === DOLLAR ? frameOf(this.#waiting) : requestOf(this.#waiting);
      if (!found) return;
      this.#waiting = this.#waiting.subarray(found.length);
      if (found.message) yield found.message;
    }
  }
}

interface Found {
  length: number;
  /** Absent: nothing that matters. */
  message?: RtspRequest | RtspFrame;
}

function frameOf(data: Buffer): Found | undefined {
  if (data.length < 4) return undefined;
  const length = 4 + data.readUInt16BE(2);
  if (data.length < length) return undefined;
  return { length, message: { channel: data.readUInt8(1), bytes: data.subarray(0, length) } };
}

function requestOf(data: Buffer): Found | undefined {
  // Some clients end a body with a line end that it doesn't count.
  if (data[0] === 0x0d || data[0] === 0x0a) return { length: 1 };
  const headLength = data.subarray(0, LONGEST_HEAD).indexOf(END_OF_HEAD);
  if (headLength < 0) {
    if (data.length >= LONGEST_HEAD) throw new Error('the head of a request is too long');
    return undefined;
  }
  const [first = '', ...lines] = data.toString('latin1', 0, headLength).split('\r\n');
  const headers = new Map(lines.map(headerOf));
  const bodyLength = Number(headers.get('content-length') ?? 0);
  if (!(bodyLength >= 0 && bodyLength <= LONGEST_BODY)) throw new Error('the body of a request is too long');
  const start = headLength + END_OF_HEAD.length;
  if (data.length < start + bodyLength) return undefined;
  const length = start + bodyLength;
  const [method = '', url = '', version = ''] = first.split(' ');
  if (method.startsWith('RTSP/')) return { length }; // An answer, though nothing was asked.
  if (!version.startsWith('RTSP/1')) throw new Error('it is no RTSP');
  return { length, message: { method, url, headers, body: data.toString('utf8', start, length) } };
}

function headerOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
}
