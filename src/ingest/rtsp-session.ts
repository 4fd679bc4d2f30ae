import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { Outlet } from './outlet.ts';
import type { Publication, Publisher } from './publication.ts';
import { type Place, placeOf, Refusal } from './relay.ts';
import { type Channels, RtspMedia, type RtspReader } from './rtsp-media.ts';
import { type RtspFrame, type RtspRequest, RtspWire } from './rtsp-wire.ts';
import type { Session, SessionOptions } from './session.ts';

const METHODS = 'OPTIONS, ANNOUNCE, DESCRIBE, SETUP, RECORD, PLAY, GET_PARAMETER, SET_PARAMETER, TEARDOWN';
/** A client that says nothing for longer is asked to say something; nothing hangs on it here. */
const TIMEOUT_S = 60;

/** Who publishes by RTSP. */
export class RtspPublisher implements Publisher {
  readonly media: RtspMedia;
  readonly #socket: Socket;

  constructor(socket: Socket, media: RtspMedia) {
    this.#socket = socket;
    this.media = media;
  }

  get address(): string {
    return this.#socket.remoteAddress ?? '';
  }

  letReadersGo(): void {
    this.media.letReadersGo();
  }

  end(): void {
    this.#socket.destroy();
  }
}

interface Answer {
  status?: `${number} ${string}`;
  headers?: Record<string, string>;
  body?: string;
}

const OK: Answer = {};
const NOT_NOW: Answer = { status: '455 Method Not Valid in This State' };
const NO_TRACK: Answer = { status: '404 Not Found' };
const ONLY_TCP: Answer = { status: '461 Unsupported Transport' };
const REFUSED: Answer = { status: '403 Forbidden' };

/** One RTSP connection: of a publisher (ANNOUNCE, SETUP, RECORD) or of a reader (DESCRIBE, SETUP, PLAY). */
export class RtspSession implements Session {
  readonly #socket: Socket;
  readonly #options: SessionOptions<RtspPublisher>;
  readonly #wire = new RtspWire();
  readonly #id = randomUUID();
  #published: { place: Place; publication: Publication<RtspPublisher> } | undefined;
  #recording = false;
  #media: RtspMedia | undefined;
  readonly #reader: RtspReader & { channels: Map<number, Channels> };

  constructor(socket: Socket, options: SessionOptions<RtspPublisher>) {
    this.#socket = socket;
    this.#options = options;
    this.#reader = { outlet: new Outlet(socket), channels: new Map() };
  }

  get letIn(): boolean {
    return this.#media !== undefined;
  }

  take(data: Buffer): void {
    for (const message of this.#wire.take(data)) {
      if ('method' in message) this.#answer(message);
      else this.#packet(message);
    }
  }

  closed(): void {
    if (this.#published) this.#options.relay.leave(this.#published.place, this.#published.publication);
    this.#media?.leave(this.#reader);
  }

  #packet(frame: RtspFrame): void {
    if (!this.#recording || !this.#published) return; // Reports of those who read.
    const { publication } = this.#published;
    if (publication.publisher.media.take(frame)) publication.came();
  }

  #answer(request: RtspRequest): void {
    try {
      this.#reply(request, this.#do(request));
    } catch (error) {
      this.#reply(request, error instanceof Refusal ? REFUSED : { status: '400 Bad Request' });
      throw error;
    }
    if (request.method === 'PLAY') this.#media?.begin(this.#reader);
    if (request.method === 'TEARDOWN') this.#socket.end();
  }

  #do(request: RtspRequest): Answer {
    switch (request.method) {
      case 'OPTIONS':
        return { headers: { Public: METHODS } };
      case 'ANNOUNCE':
        return this.#announce(request);
      case 'DESCRIBE':
        return this.#describe(request);
      case 'SETUP':
        return this.#setUp(request);
      case 'RECORD':
        return this.#record();
      case 'PLAY':
        return this.#reader.channels.size > 0 ? { headers: { Range: 'npt=now-' } } : NOT_NOW;
      case 'GET_PARAMETER':
      case 'SET_PARAMETER':
      case 'TEARDOWN':
        return OK;
      default:
        return { status: '501 Not Implemented' };
    }
  }

  #announce({ url, body }: RtspRequest): Answer {
    const { relay, readKey } = this.#options;
    if (readKey !== undefined) throw new Refusal('nothing can be published here');
    if (this.#media) return NOT_NOW;
    const place = placeOf(pathOf(url));
    const media = new RtspMedia(body);
    this.#published = { place, publication: relay.publish(place, new RtspPublisher(this.#socket, media)) };
    this.#media = media;
    return OK;
  }

  #describe({ url }: RtspRequest): Answer {
    const { relay, readKey } = this.#options;
    if (this.#published) return NOT_NOW;
    this.#media = relay.readable(placeOf(pathOf(url)), readKey).publisher.media;
    const headers = { 'Content-Base': `${url}/`, 'Content-Type': 'application/sdp' };
    return { headers, body: this.#media.description };
  }

  #setUp({ url, headers }: RtspRequest): Answer {
    const media = this.#media;
    if (!media) throw new Refusal('it has shown no key');
    const transport = headers.get('transport') ?? '';
    const [, rtp, rtcp] = /^RTP\/AVP\/TCP\b.*\binterleaved=(\d{1,3})-(\d{1,3})/i.exec(transport) ?? [];
    if (rtp === undefined || Number(rtp) > 255 || Number(rtcp) > 255) return ONLY_TCP;
    const channels = { rtp: Number(rtp), rtcp: Number(rtcp) };
    const track = this.#published ? media.trackAt(url) : media.trackNamed(url);
    if (track === undefined) return NO_TRACK;
    if (this.#published) media.sendsOn(track, channels);
    else this.#reader.channels.set(track, channels);
    return { headers: { Transport: `RTP/AVP/TCP;unicast;interleaved=${rtp}-${rtcp}` } };
  }

  #record(): Answer {
    if (!this.#published || !this.#media?.isSetUp) return NOT_NOW;
    this.#recording = true;
    return OK;
  }

  #reply({ headers: asked }: RtspRequest, { status = '200 OK', headers = {}, body = '' }: Answer): void {
    const all = {
      CSeq: asked.get('cseq') ?? '0',
      ...(this.letIn ? { Session: `${this.#id};timeout=${TIMEOUT_S}` } : {}),
      ...headers,
      ...(body === '' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#socket.write(`RTSP/1.0 ${status}\r\n${lines.join('')}\r\n${body}`);
  }
}

/** Throws for an address that is none. */
function pathOf(url: string): string {
  return new URL(url).pathname;
}
