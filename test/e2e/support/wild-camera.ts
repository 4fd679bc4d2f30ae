import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { portOf } from './ports.ts';
import type { Picture, Reel } from './reel.ts';

/** What a camera does that an ordinary one doesn't. */
export interface Habits {
  reel: Reel;
  /** Sends pictures to one client until it aborts; without it the reel goes round at its own pace. */
  play?: (send: (picture: Picture, atS: number) => Promise<void>, client: Client) => Promise<void>;
  user?: { name: string; password: string };
  tls?: { cert: string; key: string };
  /** The transport that it refuses with 461. */
  refuses?: 'tcp' | 'udp';
  /** Of so many datagrams one is lost. */
  losesOneOf?: number;
  sdp?: (usual: string) => string;
  port?: number;
}

export interface Client {
  /** From 1. */
  nth: number;
  signal: AbortSignal;
  /** Cuts the connection without a word. */
  hangUp: () => void;
}

const CLOCK_HZ = 90_000;
const MOST_BYTES = 1400;
const FU_A = 28;

/**
 * A camera that speaks RTSP (H.264 over TCP or UDP, digest authentication, TLS) and misbehaves as it is told. Real enough
 * for ffmpeg, and nothing more: one track, one client's requests in order.
 */
export class WildCamera implements AsyncDisposable {
  readonly #habits: Habits;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #clients = 0;

  private constructor(habits: Habits) {
    this.#habits = habits;
    const serve = (socket: Socket) => this.#serve(socket);
    this.#server = habits.tls ? createTlsServer(habits.tls, serve) : createServer(serve);
  }

  static async start(habits: Habits): Promise<WildCamera> {
    const camera = new WildCamera(habits);
    camera.#server.listen(habits.port ?? 0, '127.0.0.1');
    await once(camera.#server, 'listening');
    return camera;
  }

  get url(): string {
    const { user, tls } = this.#habits;
    const who = user ? `${user.name}:${user.password}@` : '';
    return `${tls ? 'rtsps' : 'rtsp'}://${who}127.0.0.1:${portOf(this.#server.address())}/wild`;
  }

  /** How many have begun to play. */
  get clients(): number {
    return this.#clients;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const gone = new AbortController();
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      gone.abort();
    });
    const talk = new Conversation(socket, this.#habits, async (send) => {
      this.#clients += 1;
      const client = { nth: this.#clients, signal: gone.signal, hangUp: () => socket.destroy() };
      await (this.#habits.play ?? roundAndRound(this.#habits.reel))(send, client);
    });
    socket.on('data', (chunk: Buffer) => talk.heard(chunk));
  }
}

/** At its own pace, for ever. */
export function roundAndRound(reel: Reel): NonNullable<Habits['play']> {
  return async (send, { signal }) => {
    for (let n = 0; !signal.aborted; n += 1) {
      const picture = reel.pictures[n % reel.pictures.length];
      if (picture) await send(picture, n / reel.fps);
      await pause(1000 / reel.fps, signal);
    }
  };
}

/** Also when the client goes. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    if (signal.aborted) done();
    signal.addEventListener('abort', done, { once: true });
  });
}

type Play = (send: (picture: Picture, atS: number) => Promise<void>) => Promise<void>;

/** One client's requests, and the packets for it. */
class Conversation {
  readonly #socket: Socket;
  readonly #habits: Habits;
  readonly #play: Play;
  readonly #nonce = randomBytes(8).toString('hex');
  #unread = Buffer.alloc(0);
  #sequence = 0;
  #packets = 0;
  #deliver: (packet: Buffer) => void = () => undefined;

  constructor(socket: Socket, habits: Habits, play: Play) {
    this.#socket = socket;
    this.#habits = habits;
    this.#play = play;
  }

  heard(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    for (;;) {
      // The client's reports come between its requests.
      if (this.#unread[0] === 0x24) {
        if (this.#unread.length < 4 || this.#unread.length < 4 + this.#unread.readUInt16BE(2)) return;
        this.#unread = this.#unread.subarray(4 + this.#unread.readUInt16BE(2));
        continue;
      }
      const end = this.#unread.indexOf('\r\n\r\n');
      if (end < 0) return;
      const request = this.#unread.toString('latin1', 0, end);
      this.#unread = this.#unread.subarray(end + 4);
      this.#answer(request);
    }
  }

  #answer(request: string): void {
    const [, method = '', url = ''] = /^(\S+) (\S+)/.exec(request) ?? [];
    const sequence = /^CSeq: *(\d+)/im.exec(request)?.[1] ?? '0';
    const reply = (status: string, headers: string[] = [], body = '') => {
      const lines = [`RTSP/1.0 ${status}`, `CSeq: ${sequence}`, ...headers];
      this.#socket.write(`${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    };
    if (method !== 'OPTIONS' && !this.#mayCome(request, method, url)) {
      reply('401 Unauthorized', [`WWW-Authenticate: Digest realm="wild", nonce="${this.#nonce}"`]);
    } else if (method === 'OPTIONS') reply('200 OK', ['Public: DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN']);
    else if (method === 'DESCRIBE') reply('200 OK', ['Content-Type: application/sdp'], this.#sdp());
    else if (method === 'SETUP') this.#setUp(request, reply);
    else if (method === 'PLAY') {
      reply('200 OK', ['Session: wild']);
      void this.#play((picture, atS) => this.#send(picture, atS)).catch(() => this.#socket.destroy());
    } else reply('200 OK', ['Session: wild']);
  }

  #mayCome(request: string, method: string, url: string): boolean {
    const { user } = this.#habits;
    if (!user) return true;
    const md5 = (text: string) => createHash('md5').update(text).digest('hex');
    const whole = md5(`${md5(`${user.name}:wild:${user.password}`)}:${this.#nonce}:${md5(`${method}:${url}`)}`);
    return request.includes(`response="${whole}"`);
  }

  #setUp(request: string, reply: (status: string, headers?: string[]) => void): void {
    const { refuses, losesOneOf } = this.#habits;
    const ports = /client_port=(\d+)-\d+/.exec(request)?.[1];
    if (refuses === (ports === undefined ? 'tcp' : 'udp')) reply('461 Unsupported Transport');
    else if (ports === undefined) {
      this.#deliver = (packet) => {
        const head = Buffer.from([0x24, 0, packet.length >> 8, packet.length & 0xff]);
        if (!this.#socket.destroyed) this.#socket.write(Buffer.concat([head, packet]));
      };
      reply('200 OK', ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1', 'Session: wild']);
    } else this.#setUpDatagrams(Number(ports), losesOneOf, reply);
  }

  #setUpDatagrams(
    port: number,
    losesOneOf: number | undefined,
    reply: (status: string, headers: string[]) => void,
  ): void {
    const datagrams = createSocket('udp4');
    this.#socket.once('close', () => datagrams.close());
    this.#deliver = (packet) => {
      this.#packets += 1;
      if (!losesOneOf || this.#packets % losesOneOf !== 0) datagrams.send(packet, port, '127.0.0.1');
    };
    datagrams.bind(0, '127.0.0.1', () => {
      const own = datagrams.address().port;
      const transport = `Transport: RTP/AVP;unicast;client_port=${port}-${port + 1};server_port=${own}-${own + 1}`;
      reply('200 OK', [transport, 'Session: wild']);
    });
  }

  #sdp(): string {
    const { reel, sdp = (usual: string) => usual } = this.#habits;
    const sprop = reel.parameters.map((nal) => nal.toString('base64')).join(',');
    const lines = ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=wild', 'c=IN IP4 0.0.0.0', 't=0 0', 'a=control:*'];
    const track = ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', 'a=control:track1'];
    const format = `a=fmtp:96 packetization-mode=1;sprop-parameter-sets=${sprop}`;
    return `${sdp([...lines, ...track, format].join('\r\n'))}\r\n`;
  }

  /** As RFC 6184 cuts pictures into packets; waits while the client doesn't take them. */
  async #send({ nals }: Picture, atS: number): Promise<void> {
    for (const [i, nal] of nals.entries()) {
      const isLast = i === nals.length - 1;
      if (nal.length <= MOST_BYTES) this.#packet(nal, atS, isLast);
      else this.#fragments(nal, atS, isLast);
    }
    if (this.#socket.writableNeedDrain && !this.#socket.destroyed) {
      await Promise.race([once(this.#socket, 'drain'), once(this.#socket, 'close')]);
    }
  }

  #fragments(nal: Buffer, atS: number, isLast: boolean): void {
    const first = nal[0] ?? 0;
    for (let at = 1; at < nal.length; at += MOST_BYTES) {
      const piece = nal.subarray(at, at + MOST_BYTES);
      const ends = at + MOST_BYTES >= nal.length;
      const marks = (at === 1 ? 0x80 : 0) | (ends ? 0x40 : 0);
      const head = Buffer.from([(first & 0xe0) | FU_A, marks | (first & 0x1f)]);
      this.#packet(Buffer.concat([head, piece]), atS, isLast && ends);
    }
  }

  #packet(payload: Buffer, atS: number, isLast: boolean): void {
    const head = Buffer.alloc(12);
    head.writeUInt8(0x80, 0);
    head.writeUInt8((isLast ? 0x80 : 0) | 96, 1);
    head.writeUInt16BE(this.#sequence & 0xffff, 2);
    head.writeUInt32BE(Math.round(atS * CLOCK_HZ) % 2 ** 32, 4);
    head.writeUInt32BE(0x57494c44, 8);
    this.#sequence += 1;
    this.#deliver(Buffer.concat([head, payload]));
  }
}
